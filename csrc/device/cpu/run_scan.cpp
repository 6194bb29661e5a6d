/// Scans: the space is walked as (outer cells, scanned rows, inner cells).
///
/// One inner cell: long rows are cut at multiples of a block and scanned twice when that lets several
/// workers share one: totals first, then the outputs with the carries known. Several inner cells: each
/// worker takes a panel of them and adds row by row. Neither changes a bit of the result.
#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "device/cpu/block_runner.h"
#include "device/cpu/reduce_loops.h"
#include "device/cpu/result_view.h"
#include "device/cpu/scan_loops.h"
#include "device/cpu/thread_pool.h"

namespace grumpy {
namespace {

int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct ScanScratch {
  Scratch elements, results, carries;
  static ScanScratch& of_this_thread() {
    thread_local ScanScratch scratch;
    return scratch;
  }
};

class Scanner {
 public:
  explicit Scanner(Launch& l) : l_(l), s_(l.space), red_(l.spec->reductions.at(0)) {}

  void run() {
    loops_ = scan_loops(red_.op, red_.in);
    GRUMPY_ASSERT(loops_) << info(red_.op).name << ".accumulate of " << info(red_.in).name;
    order_axes();
    const int64_t points = outer_ * rows_ * inner_;
    if (points == 0) return;
    l_.by_rows = has_long_rows(s_);
    choose_fetches(l_, std::min(kBlockElements, points));
    workers_ = workers_for(l_, points);
    result_.emplace(s_, l_.nmoving());
    if (inner_ > 1) return scan_panels();
    const bool is_long = loops_->totals && rows_ >= 2 * min_task_elements(l_);
    if (is_long && workers_ > 1 && outer_ < workers_ * 2) scan_in_parts();
    else scan_rows();
  }

 private:
  void order_axes() {
    sort_axes(s_, s_.noperands, false);
    const int scanned = int(std::find(s_.roles.begin(), s_.roles.end(), Role::Scanned) - s_.roles.begin());
    GRUMPY_ASSERT(scanned < s_.ndim) << "a scan without a scanned axis";
    rows_ = s_.extents[size_t(scanned)];
    outer_ = s_.size(0, scanned);
    inner_ = s_.size(scanned + 1, s_.ndim);
    merge_axes(s_);
  }

  /// The next n elements of the runner, as the loops want them.
  const char* next_elements(BlockRunner& runner, int64_t n) const {
    runner.run(n);
    const char* v = runner.kept(0);
    const bool is_logical = red_.op == ReduceOp::logical_and || red_.op == ReduceOp::logical_or;
    if (is_logical && red_.in != DType::bool_) {
      char* to = ScanScratch::of_this_thread().elements.get(size_t(kBlockElements));
      to_truth(to, v, n, red_.in);
      return to;
    }
    if (!is_logical && red_.in == DType::float16) {
      char* to = ScanScratch::of_this_thread().elements.get(size_t(kBlockElements) * 4);
      widen_half(reinterpret_cast<float*>(to), v, n);
      return to;
    }
    return v;
  }

  /// Calls f(where n results from `position` on go), then sees to it that they get there.
  template <class F> void with_results(int64_t position, int64_t n, F f) const {
    if (red_.watch && (cpu_fpe() & red_.watch)) clear_cpu_fpe();
    if (char* to = result_->run_at(position, n)) {
      f(to);
    } else {
      char* block = ScanScratch::of_this_thread().results.get(size_t(n * result_->item()));
      f(block);
      result_->write(position, block, n);
    }
    if (red_.watch && (cpu_fpe() & red_.watch)) l_.fpe->report_reduction(0, uint8_t(cpu_fpe()));
  }

  void scan_span(BlockRunner& runner, int64_t begin, int64_t end, char* carry, bool has_carry) const {
    runner.seek(begin);
    for (int64_t at = begin; at < end; at += kBlockElements, has_carry = true) {
      const int64_t n = std::min(kBlockElements, end - at);
      const char* v = next_elements(runner, n);
      with_results(at, n, [&](char* to) { loops_->scan(to, red_.out, v, n, carry, has_carry); });
    }
  }

  /// Whole rows, several to a block when they are short.
  void scan_rows() const {
    const int64_t per_block = std::max<int64_t>(1, kBlockElements / rows_);
    const int64_t blocks = div_up(outer_, per_block);
    const int64_t per_task = std::max<int64_t>(
        {1, div_up(min_task_elements(l_), per_block * rows_), div_up(blocks, workers_ * kTasksPerWorker)});
    parallel_for(div_up(blocks, per_task), workers_, [&](int64_t task, int) {
      BlockRunner& runner = BlockRunner::of_this_thread(l_);
      alignas(16) char carry[kCarryBytes * 2];
      for (int64_t b = task * per_task; b < std::min(blocks, (task + 1) * per_task); ++b) {
        const int64_t first = b * per_block, count = std::min(per_block, outer_ - first);
        if (count == 1) {
          scan_span(runner, first * rows_, (first + 1) * rows_, carry, false);
          continue;
        }
        const int64_t n = count * rows_, in_item = element_bytes();
        runner.seek(first * rows_);
        const char* v = next_elements(runner, n);
        with_results(first * rows_, n, [&](char* to) {
          for (int64_t row = 0; row < count; ++row)
            loops_->scan(to + row * rows_ * result_->item(), red_.out, v + row * rows_ * in_item, rows_, carry, false);
        });
      }
    });
  }

  int64_t element_bytes() const {
    if (red_.op == ReduceOp::logical_and || red_.op == ReduceOp::logical_or) return 1;
    return red_.in == DType::float16 ? 4 : item_bytes(red_.in);
  }

  /// Few long rows, many workers.
  void scan_in_parts() {
    const int64_t per_part =
        div_up(std::max(min_task_elements(l_), div_up(rows_, workers_ * kTasksPerWorker)), kBlockElements) * kBlockElements;
    const int64_t parts = div_up(rows_, per_part), runs = div_up(rows_, kScanRun), runs_per_part = per_part / kScanRun;
    Scratch totals_memory, carries_memory;
    char* const totals = totals_memory.get(size_t(runs * loops_->carry_bytes));
    char* const carries = carries_memory.get(size_t(parts * kCarryBytes));
    for (int64_t row = 0; row < outer_; ++row) {
      const int64_t base = row * rows_;
      l_.with_stores = false;
      l_.serial = next_serial();
      parallel_for(parts - 1, workers_, [&](int64_t part, int) {
        BlockRunner& runner = BlockRunner::of_this_thread(l_);
        const int64_t begin = part * per_part, end = begin + per_part;
        runner.seek(base + begin);
        for (int64_t at = begin; at < end; at += kBlockElements) {
          const char* v = next_elements(runner, kBlockElements);
          loops_->totals(totals + at / kScanRun * loops_->carry_bytes, v, kBlockElements);
        }
      });
      for (int64_t part = 1; part < parts; ++part) {
        char* carry = carries + part * kCarryBytes;
        if (part > 1) std::memcpy(carry, carry - kCarryBytes, kCarryBytes);
        loops_->advance(carry, part > 1, totals + (part - 1) * runs_per_part * loops_->carry_bytes, runs_per_part);
      }
      l_.with_stores = true;
      l_.serial = next_serial();
      parallel_for(parts, workers_, [&](int64_t part, int) {
        BlockRunner& runner = BlockRunner::of_this_thread(l_);
        alignas(16) char carry[kCarryBytes];
        std::memcpy(carry, carries + part * kCarryBytes, kCarryBytes);
        scan_span(runner, base + part * per_part, base + std::min(rows_, (part + 1) * per_part), carry, part > 0);
      });
    }
  }

  void scan_panels() const {
    const int64_t wanted = div_up(inner_ * outer_, workers_ * kTasksPerWorker);
    const int64_t panel = std::min(inner_, workers_ == 1 ? kPanelCells : std::clamp<int64_t>(wanted & -kLanes, 256, kPanelCells));
    const int64_t panels = div_up(inner_, panel), units = outer_ * panels;
    const int64_t per_task = std::max<int64_t>(
        {1, div_up(min_task_elements(l_), rows_ * panel), div_up(units, workers_ * kTasksPerWorker)});
    const int64_t rows_per_block = panel == inner_ ? std::max<int64_t>(1, kBlockElements / inner_) : 1;
    parallel_for(div_up(units, per_task), workers_, [&](int64_t task, int) {
      BlockRunner& runner = BlockRunner::of_this_thread(l_);
      char* const carry = ScanScratch::of_this_thread().carries.get(size_t(panel) * 2 * kCarryBytes);
      for (int64_t u = task * per_task; u < std::min(units, (task + 1) * per_task); ++u) {
        const int64_t first_cell = u % panels * panel, cells = std::min(panel, inner_ - first_cell);
        const int64_t base = u / panels * rows_ * inner_ + first_cell;
        for (int64_t row = 0; row < rows_; row += rows_per_block) {
          const int64_t count = std::min(rows_per_block, rows_ - row), n = count * cells;
          runner.seek(base + row * inner_);
          const char* v = next_elements(runner, n);
          with_results(base + row * inner_, n,
                       [&](char* to) { loops_->scan_rows(to, red_.out, v, count, cells, carry, row > 0); });
        }
      }
    });
  }

  Launch& l_;
  Space& s_;
  const Reduction& red_;
  const ScanLoops* loops_ = nullptr;
  std::optional<ResultView> result_;
  int64_t outer_ = 1, rows_ = 1, inner_ = 1;
  int workers_ = 1;
};

}  // namespace

void run_scan(Launch& launch) { Scanner(launch).run(); }

}  // namespace grumpy

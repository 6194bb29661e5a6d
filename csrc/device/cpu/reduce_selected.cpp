#include <algorithm>
#include <cstring>

#include "device/cpu/mask_words.h"
#include "device/cpu/reducer.h"

namespace grumpy {
namespace {

/// From one true row in so many on, zeros are written for the others and all are added.
constexpr int64_t kDense = 2;

bool is_zero(const char* scalar, int item) {
  return std::all_of(scalar, scalar + item, [](char c) { return c == 0; });
}

}  // namespace

/// Nothing but sums of rows that lie in memory where a mask is true, and of zeros elsewhere: `where(mask, x, 0)` with
/// one mask element for a row of cells. Zeros need not be added, so that a row costs no more than its own masks.
bool Reducer::adds_selected() {
  const KernelSpec& spec = *l_->spec;
  const Program& p = spec.program;
  const Space& s = l_->space;
  selected_.clear();
  if (!is_narrow_ || inner_ == 1 || !spec.stores.empty() || p.instrs.size() != spec.reductions.size()) return false;
  if (s.ndim != 2 || s.roles[0] != Role::Reduced) return false;
  for (size_t r = 0; r < spec.reductions.size(); ++r) {
    const Reduction& red = spec.reductions[r];
    const auto of = [&](const Instr& i) { return i.out == red.value; };
    const auto made = std::find_if(p.instrs.begin(), p.instrs.end(), of);
    if (made == p.instrs.end() || made->is_foreign || made->loop || made->op != Op::where || !loops_[r]->fold_rows ||
        !takes_as_they_are(red))
      return false;
    const int mask = made->in[0], rows = made->in[1], other = made->in[2];
    if (mask >= p.nloads || rows >= p.nloads || other < p.nloads || other >= p.nloads + p.nscalars) return false;
    for (const int operand : {mask, rows})
      if (l_->fetch[size_t(operand)] == Fetch::Packed) return false;
    const int item = int(item_bytes(red.in));
    if (p.dtypes[size_t(rows)] != red.in || p.dtypes[size_t(other)] != red.in) return false;
    if (p.dtypes[size_t(mask)] != DType::bool_ || !is_zero(l_->scalar(other - p.nloads), item)) return false;
    const int64_t *of_mask = s.steps_of(mask), *of_rows = s.steps_of(rows);
    if (of_mask[0] != 1 || of_mask[1] != 0 || of_rows[1] != item) return false;
    selected_.push_back({s.origins[size_t(mask)], s.origins[size_t(rows)], of_rows[0]});
  }
  return true;
}

/// Touches a part of the next leaf's rows, as many parts as there are reductions: each picks its rows here and there,
/// an order that hardware prefetchers do not follow. Reading them brought twice what asking for them did.
void Reducer::touch_selected(size_t r, int64_t next) const {
  const Selected& from = selected_[r];
  const int64_t rows = std::min(leaf_rows_, rows_ - next), parts = int64_t(selected_.size());
  if (rows <= 0 || from.row_bytes <= 0 || from.row_bytes > 2 * inner_ * loops_[r]->value_bytes) return;
  for (int64_t at = 0; at < rows; at += 64) __builtin_prefetch(from.mask + next + at);
  const char* const leaf = from.rows + next * from.row_bytes;
  const int64_t end = (rows - 1) * from.row_bytes + inner_ * loops_[r]->value_bytes, part = (end / parts + 64) & ~int64_t(63);
  int touched = 0;
  for (int64_t at = int64_t(r) * part; at < std::min(end, int64_t(r + 1) * part); at += 64) touched += leaf[at];
  asm volatile("" : : "r"(touched));
}

/// One leaf of it.
void Reducer::fold_selected(Combiner& c, size_t r, int64_t first, int64_t rows) const {
  const Selected& from = selected_[r];
  const ReduceLoops& loops = *loops_[r];
  const States& to = c.trees[r].incoming();
  touch_selected(r, first + rows);
  int32_t places[kBlockElements];
  const int64_t count = list_true(from.mask + first, rows, places);
  const char* const at = from.rows + first * from.row_bytes;
  if (count * kDense <= rows && rows >= kShortRows)
    return loops.fold_rows(to, at, from.row_bytes, places, count, rows, inner_);
  const int64_t width = inner_ * loops.value_bytes;
  char* const block = c.elements.get(size_t(rows * width));
  int64_t next = 0;
  for (int64_t k = 0; k < rows; ++k) {
    if (next < count && places[next] == k) {
      std::memcpy(block + k * width, at + k * from.row_bytes, size_t(width));
      ++next;
    } else {
      std::memset(block + k * width, 0, size_t(width));
    }
  }
  loops.fold(to, block, 1, rows, inner_, first);
}

}  // namespace grumpy

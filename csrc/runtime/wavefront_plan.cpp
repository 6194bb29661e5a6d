/// Which kernels of a plan become a wavefront.
#include <array>
#include <map>
#include <optional>

#include "base/config.h"
#include "device/cpu/host_limits.h"
#include "device/cpu/thread_pool.h"
#include "runtime/plan.h"

namespace grumpy {
namespace {

/// A wavefront's kernels: more hardly gain by one another.
constexpr size_t kMaxWaveSteps = 48;
/// How far, as a part of a worker's share of the array, a kernel may stay behind: chunks lose as much at their ends.
constexpr double kMaxLag = 1.0 / 16;
/// Rows that it may where rows are few (planes of a volume).
constexpr int64_t kMinLagRows = 4;
constexpr int64_t kMinFronts = 8;
/// Bytes that would pass between memory and caches, kernel by kernel, over those that a wavefront leaves.
constexpr double kMinGain = 1.25;
/// Slices are cut at multiples of so many bytes, which are whole groups of lanes where a row is one element.
constexpr int64_t kMaxGrainBytes = 2048;

/// Data that stays near a core in any case gains nothing.
int64_t min_wave_bytes() {
  const int64_t asked = Config::wavefront_bytes();
  return asked == kAuto ? 8 * int64_t(second_level_cache_bytes()) : asked;
}
/// What one kernel touches between two cuts, and its successor again: the second-level cache holds it. Smaller slices
/// cost more than they bring.
int64_t front_bytes() {
  return std::min(int64_t(second_level_cache_bytes()), std::max<int64_t>(min_wave_bytes() / 16, 1));
}
/// Two at least: who has one may have another some day.
int64_t workers() { return std::max(2, num_threads()); }
/// What all kernels together may be at: a quarter of a worker's share of the last level.
int64_t max_window_bytes() {
  return std::max(int64_t(second_level_cache_bytes()), int64_t(last_level_cache_bytes()) / (4 * workers()));
}

/// One kernel, cut.
struct Candidate {
  WaveStep step;
  std::vector<WaveAccess> accesses;
};

bool is_write(const PlanStep& s, size_t arg) { return arg >= size_t(s.spec.program.nloads + s.spec.program.nscalars); }
bool is_scalar(const PlanStep& s, size_t arg) { return arg >= s.spec.program.nloads && !is_write(s, arg); }

/// The axis along which the argument lies in the longest steps; -1: none has more than one index.
int longest_axis(const PlanStep& s, size_t arg) {
  int axis = -1;
  for (size_t k = 0; k < s.extents.size(); ++k)
    if (s.extents[k] > 1 && (axis < 0 || std::abs(s.args[arg].strides[k]) > std::abs(s.args[arg].strides[size_t(axis)])))
      axis = int(k);
  return axis;
}

/// The argument that tells where in its array a row lies: the largest store, or what is reduced.
size_t find_place(const PlanStep& s) {
  const bool is_map = s.spec.kind == KernelKind::Map;
  size_t best = 0;
  double most = -1;
  for (size_t a = 0; a < s.args.size(); ++a) {
    if (s.args[a].constant_tag >= 0 || is_scalar(s, a) || is_write(s, a) != is_map) continue;
    double n = 1;
    for (size_t k = 0; k < s.extents.size(); ++k)
      if (s.args[a].strides[k] != 0) n *= double(s.extents[k]);
    if (n > most) {
      most = n;
      best = a;
    }
  }
  return most < 0 ? s.args.size() : best;
}

/// Whether the axis is walked outside all others, whatever the loads vote.
bool is_outermost(const PlanStep& s, int axis) {
  for (size_t a = 0; a < s.args.size(); ++a) {
    if (s.args[a].constant_tag >= 0 || is_scalar(s, a) || (is_write(s, a) && s.spec.kind != KernelKind::Map)) continue;
    const auto& strides = s.args[a].strides;
    for (size_t k = 0; k < s.extents.size(); ++k)
      if (int(k) != axis && std::abs(strides[k]) >= std::abs(strides[size_t(axis)]) && strides[k] != 0) return false;
  }
  return true;
}

std::optional<Candidate> cut(const Plan& plan, const PlanStep& s) {
  if (s.kind != StepKind::Kernel || s.is_packed || s.points == 0) return {};
  for (size_t a = 0; a < s.args.size(); ++a)
    for (size_t b = 0; is_scalar(s, a) && s.args[a].constant_tag < 0 && b < s.args.size(); ++b)
      if (is_write(s, b) && s.args[b].slot == s.args[a].slot) return {};
  const size_t place = find_place(s);
  if (place == s.args.size()) return {};
  Candidate c;
  WaveStep& step = c.step;
  step.axis = longest_axis(s, place);
  if (step.axis >= 0) {
    step.rows = s.extents[size_t(step.axis)];
    if (s.args[place].strides[size_t(step.axis)] <= 0) return {};
    if (s.spec.kind != KernelKind::Map && (s.spec.reduced >> step.axis & 1 || !is_outermost(s, step.axis))) return {};
  } else if (s.spec.kind != KernelKind::Map) {
    return {};
  }
  c.accesses = find_accesses(s, step.axis);
  const PlanArg& arg = s.args[place];
  const int64_t item = item_bytes(s.spec.arg_dtype(int(place)));
  step.place.step = step.axis < 0 ? 0 : arg.strides[size_t(step.axis)] * item;
  step.place.low = arg.offset_bytes;
  step.place.high = arg.offset_bytes + item;
  step.place_bytes = plan.slots[arg.slot].nbytes;
  const int64_t grain = std::min(kMaxGrainBytes, front_bytes());
  if (step.place.step > 0 && step.place.step < grain) step.grain = (grain + step.place.step - 1) / step.place.step;
  return c;
}

bool is_same(const RowBytes& a, const RowBytes& b) { return a.low == b.low && a.high == b.high && a.step == b.step; }

/// Grows a wavefront kernel by kernel.
class Builder {
 public:
  explicit Builder(uint32_t first) { wave_.first = first; }

  size_t size() const { return steps_.size(); }

  /// False: it would stay too far behind, or all would be at more than the caches hold.
  bool add(Candidate c) {
    const size_t before = wave_.dependencies.size();
    c.step.first_dependency = uint32_t(before);
    for (size_t s = 0; s < steps_.size(); ++s) find_dependencies(s, c);
    c.step.end_dependency = uint32_t(wave_.dependencies.size());
    std::array<int64_t, kLooks> done;
    bool fits = true;
    for (int look = 0; look < kLooks; ++look) {
      const int64_t grain = c.step.grain;
      const auto whole = [&](int64_t row) { return row >= c.step.rows ? row : row / grain * grain; };
      const int64_t free = whole(c.step.rows_until(look + 1, kLooks + 1));
      int64_t end = free;
      for (size_t d = before; d < wave_.dependencies.size(); ++d)
        end = std::min(end, wave_.dependencies[d].rows_before(done_[wave_.dependencies[d].on][size_t(look)]));
      done[size_t(look)] = end = whole(end);
      const double lag = double(free - end) * double(c.step.place.step) / double(c.step.place_bytes);
      fits = fits && (lag <= max_lag_ || (free - end <= kMinLagRows && lag <= 1.0 / kMinFronts));
      fits = fits && (free == end || c.step.rows > 1);
    }
    steps_.push_back(std::move(c));
    done_.push_back(done);
    if (fits && window() <= max_window_bytes()) return true;
    steps_.pop_back();
    done_.pop_back();
    wave_.dependencies.resize(before);
    return false;
  }

  std::optional<Wavefront> finish() {
    if (steps_.size() < 2 || !is_worth_it()) return {};
    double touched = 0, rows = 1;
    for (const Candidate& c : steps_) {
      if (c.step.place.step == 0) continue;
      double per_byte = 0;  // of the array that is written
      for (const WaveAccess& a : c.accesses) per_byte += double(a.bytes.step) / double(c.step.place.step);
      touched = std::max(touched, per_byte * double(c.step.place_bytes));
      rows = std::max(rows, double(c.step.place_bytes) / double(c.step.place.step * c.step.grain));
    }
    wave_.fronts = int64_t(std::min(touched / double(front_bytes()), rows));
    if (wave_.fronts < kMinFronts) return {};
    std::map<uint32_t, int> users;
    for (const Candidate& c : steps_)
      for (const WaveAccess& a : c.accesses) ++users[a.slot];
    for (const auto& [slot, count] : users) wave_.slots.push_back(slot);
    for (Candidate& c : steps_) {
      c.step.may_stream = true;
      for (const WaveAccess& a : c.accesses)
        if (a.is_write && users[a.slot] > 1) c.step.may_stream = false;
      wave_.steps.push_back(c.step);
    }
    return std::move(wave_);
  }

 private:
  static constexpr int kLooks = 3;  // places of the front at which is looked how far each kernel is

  void find_dependencies(size_t s, const Candidate& c) {
    const Candidate& from = steps_[s];
    for (const WaveAccess& a : from.accesses)
      for (const WaveAccess& b : c.accesses)
        if (is_conflict(a, from.step.rows, b, c.step.rows) && !is_implied(s, a))
          wave_.dependencies.push_back({uint16_t(s), from.step.rows, a.bytes, b.bytes});
  }

  /// A kernel in between does the same to the same rows, and each of its rows comes after that of `s`.
  bool is_implied(size_t s, const WaveAccess& a) const {
    const auto has = [](const Candidate& c, const WaveAccess& x) {
      return std::any_of(c.accesses.begin(), c.accesses.end(), [&](const WaveAccess& y) {
        return y.slot == x.slot && y.is_write >= x.is_write && is_same(y.bytes, x.bytes);
      });
    };
    for (size_t u = s + 1; u < steps_.size(); ++u) {
      if (steps_[u].step.rows != steps_[s].step.rows || !has(steps_[u], a)) continue;
      for (const WaveAccess& x : steps_[s].accesses)
        if (x.is_write && has(steps_[u], x)) return true;
    }
    return false;
  }

  /// Bytes between the last and the first rows that kernels are at, half way.
  int64_t window() const {
    std::map<uint32_t, std::pair<int64_t, int64_t>> at;
    for (size_t t = 0; t < steps_.size(); ++t) {
      const int64_t row = done_[t][kLooks / 2];
      if (row == 0 || row == steps_[t].step.rows) continue;  // a border, done or not begun
      for (const WaveAccess& a : steps_[t].accesses) {
          const auto [it, is_new] = at.try_emplace(a.slot, INT64_MAX, INT64_MIN);
        it->second.first = std::min(it->second.first, a.bytes.low + row * a.bytes.step);
        it->second.second = std::max(it->second.second, a.bytes.high + row * a.bytes.step);
      }
    }
    int64_t sum = 0;
    for (const auto& [slot, range] : at) sum += range.second - range.first;
    return sum;
  }

  bool is_worth_it() const {
    struct Traffic { double first = 0; bool is_written = false, is_made = false; };
    std::map<uint32_t, Traffic> slots;
    const double cache = double(last_level_cache_bytes());
    double alone = 0;
    for (const Candidate& c : steps_) {
      std::map<uint32_t, Traffic> own;
      for (const WaveAccess& a : c.accesses) {
        const double bytes = double(std::min(c.step.rows * (a.bytes.high - a.bytes.low), a.end(c.step.rows) - a.bytes.low));
        Traffic& t = own[a.slot];
        t.is_made = (t.first == 0 || t.is_made) && a.is_write;
        t.first = std::max(t.first, bytes);
        t.is_written |= a.is_write;
      }
      for (const auto& [slot, t] : own) {
        // Written memory is read first, unless stores go past the caches.
        alone += t.first * (t.is_written ? t.is_made && t.first > cache ? 1 : 2 : 1);
        const auto [it, is_new] = slots.try_emplace(slot, t);
        it->second.is_written |= t.is_written;
        it->second.first = std::max(it->second.first, t.first);
      }
    }
    double together = 0, data = 0;
    for (const auto& [slot, t] : slots) {
      together += t.first * (t.is_written ? 2 : 1);
      data += t.first;
    }
    return data >= double(min_wave_bytes()) && alone >= kMinGain * together;
  }

  const double max_lag_ = kMaxLag / double(workers());
  Wavefront wave_;
  std::vector<Candidate> steps_;
  std::vector<std::array<int64_t, kLooks>> done_;
};

}  // namespace

std::vector<WaveAccess> find_accesses(const PlanStep& s, int axis) {
  std::vector<WaveAccess> r;
  for (size_t a = 0; a < s.args.size(); ++a) {
    const PlanArg& arg = s.args[a];
    if (arg.constant_tag >= 0) continue;
    const int64_t item = item_bytes(s.spec.arg_dtype(int(a)));
    WaveAccess x{arg.slot, {arg.offset_bytes, arg.offset_bytes + item, 0}, is_write(s, a)};
    for (size_t k = 0; k < s.extents.size() && !is_scalar(s, a); ++k) {
      const int64_t step = arg.strides[k] * item;
      if (int(k) == axis && step >= 0) x.bytes.step = step;
      else (step < 0 ? x.bytes.low : x.bytes.high) += step * (s.extents[k] - 1);
    }
    // Views of one array that lie a few rows apart are one.
    const auto near = std::find_if(r.begin(), r.end(), [&](const WaveAccess& y) {
      const int64_t room = 2 * x.bytes.step;
      return y.slot == x.slot && y.is_write == x.is_write && y.bytes.step == x.bytes.step &&
             y.bytes.low <= x.bytes.high + room && x.bytes.low <= y.bytes.high + room;
    });
    if (near == r.end()) {
      r.push_back(x);
    } else {
      near->bytes.low = std::min(near->bytes.low, x.bytes.low);
      near->bytes.high = std::max(near->bytes.high, x.bytes.high);
    }
  }
  return r;
}

bool is_conflict(const WaveAccess& a, int64_t rows_a, const WaveAccess& b, int64_t rows_b) {
  return a.slot == b.slot && (a.is_write || b.is_write) && a.bytes.low < b.end(rows_b) && b.bytes.low < a.end(rows_a);
}

std::vector<Wavefront> find_wavefronts(const Plan& plan) {
  std::vector<Wavefront> r;
  double bytes = 0;
  for (const PlanStep& s : plan.steps) bytes += s.bytes;
  if (bytes < double(min_wave_bytes())) return r;
  for (size_t first = 0; first + 1 < plan.steps.size();) {
    Builder builder{uint32_t(first)};
    for (size_t i = first; i < plan.steps.size() && builder.size() < kMaxWaveSteps; ++i) {
      std::optional<Candidate> c = cut(plan, plan.steps[i]);
      if (!c || !builder.add(std::move(*c))) break;
    }
    std::optional<Wavefront> w = builder.finish();
    first += w ? w->steps.size() : std::max<size_t>(1, builder.size() / 2);
    if (w) r.push_back(std::move(*w));
  }
  return r;
}

}  // namespace grumpy

/// Maps of a few elements: one block, one thread, nothing of what a large launch has to decide.
///
/// What such a kernel costs is what stands around its steps, so operands are placed at once, either
/// where they lie (whole groups of lanes, or padding behind the last element) or in padded copies.
#include <algorithm>
#include <cstring>

#include "device/cpu/foreign_loop.h"
#include "device/cpu/fpe.h"
#include "device/cpu/launch.h"
#include "device/cpu/scratch.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {
namespace {

constexpr size_t kMaxSmallValues = 256;
constexpr size_t kMaxSmallPointers = 1024;
constexpr size_t kMaxDirectPointers = 32;

int64_t whole_groups(int64_t n) { return (n + kLanes - 1) & -kLanes; }

void pad(char* block, int64_t n, int item) {
  if (n & (kLanes - 1)) fill_elements(block + n * item, block + (n - 1) * item, whole_groups(n) - n, item);
}

/// A store that writes over a load which somebody reads afterwards: another step, a plain copy, or the
/// second look at an error.
bool is_overwritten_early(const BlockPlan& p, const ArgView* args, int j) {
  const ArgView& store = args[p.nloads + p.nscalars + j];
  for (int k = 0; k < p.nloads; ++k) {
    if (args[k].data != store.data) continue;
    if (p.has_second_look || !p.plain_loads.empty() || p.stores[size_t(j)].read_after >> (k < 63 ? k : 63) & 1) return true;
  }
  return false;
}

/// A load that is stored as it is, while another store takes its memory: the copy comes last.
bool is_copied_late(const BlockPlan& p, const ArgView* args, int k) {
  if (p.plain_loads.empty()) return false;
  if (std::find(p.plain_loads.begin(), p.plain_loads.end(), k) == p.plain_loads.end()) return false;
  for (int j = 0; j < p.nstores; ++j)
    if (args[p.nloads + p.nscalars + j].data == args[k].data) return true;
  return false;
}

/// One call of compiled code on the operands where they lie. False, and nothing done: one of them has to be moved.
/// What stands behind the last element of each load is copies of it, and so is what is stored there.
bool run_in_place(const BlockPlan& p, const ArgView* args, int ndim, int64_t n, uint32_t& raised) {
  const int64_t lanes = whole_groups(n);
  const int first_store = p.nloads + p.nscalars, nargs = first_store + p.nstores;
  const auto is_dense = [&](const ArgView& a) {
    return (n == lanes || a.has_slack) && (ndim == 0 || n == 1 || a.strides[0] == 1);
  };
  for (int k = 0; k < p.nloads; ++k)
    if (!is_dense(args[k])) return false;
  for (int j = first_store; j < nargs; ++j) {
    if (!is_dense(args[j])) return false;
    for (int k = 0; p.has_second_look && k < p.nloads; ++k)
      if (args[k].data == args[j].data) return false;
  }
  char* ptrs[kMaxDirectPointers];
  const size_t count = p.ptr_arg.size();
  if (count > kMaxDirectPointers) return false;
  for (size_t u = 0; u < count; ++u) ptrs[u] = args[p.ptr_arg[u]].data;
  if (p.watch) clear_cpu_fpe();
  p.steps[0].fn(ptrs, lanes, &raised);
  return true;
}

/// Block buffers: on the stack as long as there is room.
class SmallScratch {
 public:
  char* get(size_t nbytes) {
    if (nbytes <= sizeof room_) [[likely]] return room_;
    thread_local Scratch large;
    return large.get(nbytes);
  }

 private:
  alignas(kBufferAlign) char room_[8 << 10];
};

}  // namespace

bool run_small_map(const BlockPlan& p, const ArgView* args, int ndim, int64_t n, uint8_t& seen) {
  const bool is_tiny = n <= kTinyMapElements || double(n) * p.weight <= kParallelWork;
  if (uint32_t raised = 0; !p.ptr_arg.empty() && is_tiny && run_in_place(p, args, ndim, n, raised)) {
    if (!p.watch || !((raised |= cpu_fpe()) & p.watch)) return true;
    seen = uint8_t(raised);
    return !p.has_second_look;  // else who is guilty is found by the walk for all cases
  }
  if (p.value_buffer.size() > kMaxSmallValues || p.ptr_value.size() > kMaxSmallPointers) return false;
  const int64_t lanes = whole_groups(n);
  if (n > kTinyMapElements && (int64_t(p.buffer_begin.back()) * lanes > kMapScratchBytes ||
                               double(n) * p.weight > kParallelWork))
    return false;
  SmallScratch scratch;
  const uint32_t* const begin = p.buffer_begin.data();
  char* const base = scratch.get(size_t(p.buffer_begin.back()) * size_t(lanes) + size_t(p.nbuffers() + 1) * kBufferAlign);
  const auto buffer = [&](int b) { return base + int64_t(begin[b]) * lanes + b * int64_t(kBufferAlign); };
  const auto stride = [&](int arg) { return ndim ? args[arg].strides[0] : 1; };
  const auto is_dense = [&](int arg) {
    return (stride(arg) == 1 || n == 1) && (n == lanes || (args[arg].has_slack && !p.has_loops));
  };

  char* value[kMaxSmallValues];
  for (int v = p.nloads + p.nscalars; v < p.nvalues; ++v) {
    const int b = p.value_buffer[size_t(v)];
    value[v] = b >= 0 ? buffer(b) : nullptr;
  }
  for (int k = 0; k < p.nloads; ++k) {
    if (is_dense(k) && !is_copied_late(p, args, k)) {
      value[k] = args[k].data;
      continue;
    }
    const int item = p.item[size_t(k)];
    value[k] = buffer(p.value_buffer[size_t(k)]);
    copy_strided(value[k], item, args[k].data, stride(k) * item, n, item);
    pad(value[k], n, item);
  }
  for (int k = p.nloads; k < p.nloads + p.nscalars; ++k) {
    value[k] = args[k].data;
    if (p.value_buffer[size_t(k)] < 0) continue;
    value[k] = buffer(p.value_buffer[size_t(k)]);
    fill_elements(value[k], args[k].data, lanes, p.item[size_t(k)]);
  }
  const int first_store = p.nloads + p.nscalars;
  for (int j = 0; j < p.nstores; ++j) {
    const StorePlan& store = p.stores[size_t(j)];
    if (store.is_home && is_dense(first_store + j) && !is_overwritten_early(p, args, j))
      value[store.value] = args[first_store + j].data;
  }

  char* ptrs[kMaxSmallPointers];
  for (size_t u = 0; u < p.ptr_value.size(); ++u) ptrs[u] = value[p.ptr_value[u]];
  uint32_t raised = 0;
  if (p.watch) clear_cpu_fpe();
  for (const StepCall& step : p.steps) {
    if (step.fn) {
      step.fn(ptrs + step.first, lanes, &raised);
    } else {
      if (p.watch) raised |= cpu_fpe();  // some loops of NumPy clear the flags
      call_foreign_loop(*step.loop, ptrs + step.first, p.ptr_item.data() + step.first, n, lanes);
    }
  }
  // Who is guilty among several is found by the walk for all cases: no input has been overwritten.
  if (p.watch && ((raised | cpu_fpe()) & p.watch)) {
    if (p.has_second_look) return false;
    seen = uint8_t(raised | cpu_fpe());
  }

  for (int j = 0; j < p.nstores; ++j) {
    const int v = p.stores[size_t(j)].value, item = p.item[size_t(v)];
    const bool is_scalar = v >= p.nloads && v < first_store;
    char* const to = args[first_store + j].data;
    if (to != value[v]) copy_strided(to, stride(first_store + j) * item, value[v], is_scalar ? 0 : item, n, item);
    if (args[first_store + j].has_slack && stride(first_store + j) == 1) pad(to, n, item);
  }
  return true;
}

}  // namespace grumpy

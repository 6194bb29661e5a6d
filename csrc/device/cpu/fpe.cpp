#include "device/cpu/fpe.h"

#include <cstring>
#include <memory>

#include "base/buffer.h"
#include "device/cpu/block_plan.h"
#include "device/cpu/foreign_loop.h"
#include "device/cpu/strided_copy.h"

namespace grumpy {

void FpeWatch::start(const KernelSpec& spec, uint8_t watch, const FpeReport& report) {
  spec_ = &spec;
  report_ = &report;
  left_.clear();
  reductions_.clear();
  open_.store(watch, std::memory_order_relaxed);
}

void FpeWatch::report_only_instruction(uint8_t seen) {
  const Instr& i = spec_->program.instrs[0];
  const std::lock_guard lock(mutex_);
  const uint8_t guilty = seen & open() & watched(i);
  open_.store(open() & uint8_t(~guilty), std::memory_order_relaxed);
  if (guilty) (*report_)(i.tag, guilty);
  clear_cpu_fpe();
}

void FpeWatch::look_again(uint8_t seen, const char* const* loads, const char* const* scalars, int64_t n) {
  const Program& p = spec_->program;
  if (p.instrs.size() == 1) return report_only_instruction(seen);
  const int64_t lanes = (n + kLanes - 1) & -kLanes;
  const StepList list = make_interpreted_steps(p);
  // One block per value, padded with copies of the last element so that padding raises nothing new.
  std::vector<std::unique_ptr<char[]>> memory;
  std::vector<char*> value;
  for (int v = 0; v < p.nvalues(); ++v) {
    const int item = int(item_bytes(p.dtypes[size_t(v)]));
    memory.push_back(std::make_unique<char[]>(size_t(lanes * item) + kBufferAlign));
    const uintptr_t raw = reinterpret_cast<uintptr_t>(memory.back().get());
    char* block = memory.back().get() + ((-raw) & (kBufferAlign - 1));
    value.push_back(block);
    if (v < p.nloads) {
      std::memcpy(block, loads[v], size_t(n * item));
      fill_elements(block + n * item, block + (n - 1) * item, lanes - n, item);
    } else if (v < p.nloads + p.nscalars) {
      fill_elements(block, scalars[v - p.nloads], lanes, item);
    }
  }

  const std::lock_guard lock(mutex_);
  if (left_.empty())
    for (const Instr& i : p.instrs) left_.push_back(watched(i));
  for (size_t k = 0; k < p.instrs.size(); ++k) {
    const Instr& i = p.instrs[k];
    const BlockStep& step = list.steps[k];
    char* ptrs[12];
    uint16_t items[12];
    int count = 0;
    for (const auto* ids : {&step.in, &step.out}) {
      for (uint16_t v : *ids) {
        const bool is_scalar = v >= p.nloads && v < p.nloads + p.nscalars;
        items[count] = uint16_t(is_scalar ? 0 : item_bytes(p.dtypes[v]));
        ptrs[count++] = value[v];
      }
    }
    uint32_t raised = 0;
    clear_cpu_fpe();
    if (step.fn) step.fn(ptrs, lanes, &raised);
    else call_foreign_loop(*step.loop, ptrs, items, n, lanes);
    const uint8_t guilty = uint8_t((raised | cpu_fpe()) & left_[k]);
    if (!guilty) continue;
    left_[k] &= uint8_t(~guilty);
    (*report_)(i.tag, guilty);
  }
  uint8_t open = 0;
  for (uint8_t left : left_) open |= left;
  open_.store(open, std::memory_order_relaxed);
  clear_cpu_fpe();
}

void FpeWatch::report_reduction(size_t reduction, uint8_t fpe) {
  const std::lock_guard lock(mutex_);
  if (reductions_.empty())
    for (const Reduction& r : spec_->reductions) reductions_.push_back(r.watch);
  const uint8_t fresh = fpe & reductions_[reduction];
  if (!fresh) return;
  reductions_[reduction] &= uint8_t(~fresh);
  (*report_)(spec_->reductions[reduction].tag, fresh);
}

}  // namespace grumpy

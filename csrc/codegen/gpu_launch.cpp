#include "codegen/gpu_launch.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "codegen/reduce_blocks.h"

namespace grumpy {

namespace {

// order: rows a thread folds before its group's tree. Sixteen in four chains are two levels of a
// tree and three additions each: no more rounding than a binary tree has.
constexpr int64_t kRowsPerThread = 16;

// order: fewer points than this leave a device idle with sixteen rows a thread.
constexpr int64_t kFewPoints = 4096, kRowsPerThreadFew = 4;

GpuStage make_stage(bool is_finish, int64_t points, int64_t rows) {
  GpuStage s;
  s.is_finish = is_finish;
  s.rows = rows;
  const int64_t per_thread = points < kFewPoints && rows < kReduceThreads * kRowsPerThread
                                 ? kRowsPerThreadFew
                                 : kRowsPerThread;
  const int64_t wanted =
      std::clamp<int64_t>((rows + per_thread - 1) / per_thread, 1, kReduceThreads);
  const int64_t lanes = int64_t(std::bit_ceil(uint64_t(wanted)));
  s.lanes_log2 = std::countr_zero(uint64_t(lanes));
  s.chunk_rows = lanes * kRowsPerThread;
  s.chunks = std::max<int64_t>(1, (rows + s.chunk_rows - 1) / s.chunk_rows);
  return s;
}

}  // namespace

GpuPlan plan_gpu_launch(const KernelSpec& spec, const int64_t* extents) {
  GpuPlan plan;
  int64_t rows = 1;
  for (int k = 0; k < spec.ndim; ++k) (spec.reduced >> k & 1 ? rows : plan.points) *= extents[k];
  if (spec.kind == KernelKind::Map) {
    plan.stages.push_back({});
    return plan;
  }
  plan.stages.push_back(make_stage(false, plan.points, rows));
  while (plan.stages.back().chunks > 1)
    plan.stages.push_back(make_stage(true, plan.points, plan.stages.back().chunks));
  return plan;
}

std::vector<int> state_part_bytes(const KernelSpec& spec) {
  std::vector<int> bytes;
  for (const Reduction& r : spec.reductions)
    for (DType t : reduce_blocks(r.op, r.in, r.out).parts) bytes.push_back(int(item_bytes(t)));
  return bytes;
}

std::vector<uint64_t> gpu_arguments(const KernelSpec& spec, const LaunchArgs& launch,
                                    const GpuStage& stage, const std::vector<void*>& from,
                                    const std::vector<void*>& to, uint32_t* status) {
  std::vector<uint64_t> words;
  const auto pointer = [&](const void* p) { words.push_back(reinterpret_cast<uint64_t>(p)); };
  const auto view = [&](int arg) {
    pointer(launch.args[arg].data);
    for (int k = 0; k < spec.ndim; ++k) words.push_back(uint64_t(launch.args[arg].strides[k]));
  };
  for (int k = 0; k < spec.ndim; ++k) words.push_back(uint64_t(launch.extents[k]));
  const int nloads = spec.program.nloads, ninputs = nloads + spec.program.nscalars;
  const int nstores = ninputs + int(spec.stores.size());
  for (int a = stage.is_finish ? nstores : 0; a < spec.nargs(); ++a) {
    if (a < nloads || a >= ninputs) {
      view(a);
      continue;
    }
    const DType t = spec.arg_dtype(a);
    const size_t size = size_t(item_bytes(real_part(t)));
    for (size_t part = 0; part < (is_complex(t) ? 2u : 1u); ++part) {
      uint64_t bits = 0;
      std::memcpy(&bits, launch.args[a].data + part * size, size);
      words.push_back(bits);
    }
  }
  if (spec.kind != KernelKind::Map) {
    for (int64_t w : {stage.rows, int64_t(stage.lanes_log2), stage.chunk_rows, stage.chunks})
      words.push_back(uint64_t(w));
    if (stage.is_finish)
      for (const void* p : from) pointer(p);
    for (const void* p : to) pointer(p);
  }
  pointer(status);
  return words;
}

int64_t gpu_grid(const GpuPlan& plan, const GpuStage& stage, int threads,
                 int64_t resident_threads) {
  int64_t wanted = (plan.points + threads - 1) / threads;
  if (stage.chunks > 0) {
    const int64_t groups = threads >> stage.lanes_log2;
    wanted = (plan.points * stage.chunks + groups - 1) / groups;
  }
  return std::clamp<int64_t>(wanted, 1, std::max<int64_t>(1, resident_threads / threads));
}

}  // namespace grumpy

#include "runtime/lone_map.h"

#include <cstring>

#include "base/config.h"
#include "base/log.h"
#include "device/cpu/allocator.h"
#include "device/cpu/fpe.h"
#include "device/cpu/strided_copy.h"
#include "kernel/block_loops.h"
#include "kernel/lower.h"
#include "runtime/stats.h"

namespace grumpy {
namespace {

constexpr int64_t kMaxElements = 1024;  // from here on a plan costs little beside the elements

bool settings_allow() {
  return Config::jit() != JitMode::Sync && !Config::validate() && Config::device() != DeviceChoice::Null &&
         !is_logged(LogLevel::Kernels);
}

bool is_known(const Node& in, const Node& of) {
  return in.kind == NodeKind::Constant || (in.kind == NodeKind::Leaf && same_shape(*in.shape, *of.shape));
}

}  // namespace

BufferRef run_lone_map(const Node& n, uint8_t& raised) {
  const int64_t size = n.shape->size;
  if (n.kind != NodeKind::Map || size > kMaxElements || size == 0) return {};
  for (int k = 0; k < n.nin; ++k)
    if (!is_known(*n.in[k], n)) return {};
  const Op op = n.map_op();
  const DType compute = compute_dtype(op, n.in[n.nin - 1]->dtype);
  const BlockFn fn = op == Op::cast ? cast_loop(compute, n.dtype) : block_loop(op, compute);
  if (!fn || n.nin > 3 || !settings_allow()) return {};

  const int64_t lanes = (size + kLanes - 1) & -kLanes;
  const int item = item_bytes(n.dtype);
  BufferRef out = allocate_buffer(size_t(size * item));
  alignas(kBufferAlign) char rooms[3][kMaxElements * 16];
  char* at[4];
  int64_t bytes = size * item;
  for (int k = 0; k < n.nin; ++k) {
    Node& in = *n.in[k];
    const int width = item_bytes(in.dtype);
    if (in.kind == NodeKind::Constant) {
      at[k] = rooms[k];
      fill_elements(rooms[k], reinterpret_cast<const char*>(in.constant.bytes), lanes, width);
      continue;
    }
    bytes += size * width;
    at[k] = static_cast<char*>(in.data->data);
    if (lanes == size || (!in.data->is_borrowed && in.data->exports == 0)) continue;  // it is padded
    std::memcpy(rooms[k], at[k], size_t(size * width));
    fill_elements(rooms[k] + size * width, rooms[k] + (size - 1) * width, lanes - size, width);
    at[k] = rooms[k];
  }
  at[n.nin] = static_cast<char*>(out->data);

  const FpeScope scope;
  const uint8_t watch = n.site.watch & fpe_mask(op, compute);
  uint32_t flags = 0;
  if (watch) clear_cpu_fpe();
  fn(at, lanes, &flags);
  if (watch) raised = uint8_t((flags | cpu_fpe()) & watch);
  pad_tail(*out, size_t(item));
  count(stats().kernels);
  count(stats().evaluations);
  count(stats().bytes_moved, uint64_t(bytes));
  return out;
}

}  // namespace grumpy

#include "runtime/lone_operation.h"

#include <cstring>

#include "base/config.h"
#include "base/log.h"
#include "device/cpu/allocator.h"
#include "device/cpu/blas.h"
#include "device/cpu/fpe.h"
#include "device/cpu/launch.h"
#include "device/cpu/strided_copy.h"
#include "kernel/block_loops.h"
#include "kernel/lower.h"
#include "runtime/stats.h"

namespace grumpy {
namespace {

constexpr int64_t kBlock = 1024;          // elements at a time: what has to be copied or filled stays in L1
constexpr int64_t kMaxElements = 8 * kBlock;  // from here on a plan costs nothing beside the elements
constexpr int64_t kMaxDearElements = kBlock;  // of an elementary function: two threads may pay

bool settings_allow() {
  return Config::jit() != JitMode::Sync && !Config::validate() && Config::device() != DeviceChoice::Null &&
         !is_logged(LogLevel::Kernels);
}

bool is_known(const Node& in, const Node& of) {
  if (in.kind == NodeKind::Constant) return true;
  if (!same_shape(*in.shape, *of.shape)) return false;
  if (in.kind == NodeKind::Leaf) return true;
  return in.kind == NodeKind::View && in.in[0]->kind == NodeKind::Leaf && (in.view->is_contiguous || in.shape->size <= kBlock);
}

/// The elements of a view of a leaf, side by side.
void gather(const Node& in, char* to) {
  const ViewRep& v = *in.view;
  const int item = item_bytes(in.dtype);
  const char* const from = static_cast<const char*>(in.in[0]->data->data) + v.offset * item;
  static constexpr int64_t kFirst[kMaxDims] = {};
  int64_t steps[kMaxDims];
  for (int k = 0; k < v.ndim; ++k) steps[k] = v.strides[k] * item;
  if (v.ndim == 0) std::memcpy(to, from, size_t(item));
  else gather_range(to, from, {in.shape->dims, steps, kFirst, v.ndim}, in.shape->size, item);
}

int64_t whole_groups(int64_t n) { return (n + kLanes - 1) & -kLanes; }

/// The memory of an operand that nobody else will read, for the result to lie in.
BufferRef take_over(const Node& n, int item) {
  for (int k = 0; k < n.nin; ++k) {
    const Node& in = *n.in[k];
    if (in.kind != NodeKind::Leaf || in.refs != 1 || item_bytes(in.dtype) != item) continue;
    Buffer& b = *in.data;
    if (b.refs.load(std::memory_order_acquire) == 1 && b.exports == 0 && !b.is_borrowed) return BufferRef(&b);
  }
  return {};
}

void count_kernel(int64_t bytes) {
  count(stats().kernels);
  count(stats().evaluations);
  count(stats().bytes_moved, uint64_t(bytes));
}

/// One operand or the result: where it lies, or the room that a block of it is copied to.
struct Place {
  char* data = nullptr;
  int item = 0;            // bytes from one element to the next; 0: a constant, filled in once
  bool is_padded = true;   // a whole group of lanes may be read at its end
};

BufferRef run_map(const Node& n, uint8_t& raised) {
  const int64_t size = n.shape->size;
  if (size > kMaxElements || size == 0) return {};
  for (int k = 0; k < n.nin; ++k)
    if (!is_known(*n.in[k], n)) return {};
  const Op op = n.map_op();
  if (size > kMaxDearElements && info(op).lowering != Lowering::Direct) return {};
  const DType compute = compute_dtype(op, n.in[n.nin - 1]->dtype);
  BlockFn fn = nullptr;
  if (n.nin == 2 && n.in[1]->kind == NodeKind::Constant) fn = block_loop_by_number(op, compute);
  if (!fn) fn = op == Op::cast ? cast_loop(compute, n.dtype) : block_loop(op, compute);
  if (!fn || n.nin > 3 || !settings_allow()) return {};

  const int item = item_bytes(n.dtype);
  BufferRef out = take_over(n, item);
  if (!out) out = allocate_buffer(size_t(size * item));
  alignas(kBufferAlign) char rooms[3][kBlock * 16];
  Place places[4];
  int64_t bytes = size * item;
  for (int k = 0; k < n.nin; ++k) {
    Node& in = *n.in[k];
    const int width = item_bytes(in.dtype);
    if (in.kind == NodeKind::Constant) {
      places[k].data = rooms[k];
      fill_elements(rooms[k], reinterpret_cast<const char*>(in.constant.bytes), whole_groups(std::min(size, kBlock)), width);
      continue;
    }
    bytes += size * width;
    if (in.kind == NodeKind::Leaf) {
      places[k] = {static_cast<char*>(in.data->data), width, !in.data->is_borrowed && in.data->exports == 0};
    } else if (in.view->is_contiguous) {
      places[k] = {static_cast<char*>(in.in[0]->data->data) + in.view->offset * width, width, false};
    } else {
      gather(in, rooms[k]);
      fill_elements(rooms[k] + size * width, rooms[k] + (size - 1) * width, whole_groups(size) - size, width);
      places[k] = {rooms[k], width, true};
    }
  }
  places[n.nin] = {static_cast<char*>(out->data), item, true};

  const FpeScope scope;
  const uint8_t watch = n.site.watch & fpe_mask(op, compute);
  uint32_t flags = 0;
  if (watch) clear_cpu_fpe();
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    const int64_t some = std::min(kBlock, size - begin), lanes = whole_groups(some);
    char* at[4];
    for (int k = 0; k <= n.nin; ++k) {
      const Place& p = places[k];
      at[k] = p.data + begin * p.item;
      if (lanes == some || p.is_padded) continue;
      std::memcpy(rooms[k], at[k], size_t(some * p.item));
      fill_elements(rooms[k] + some * p.item, rooms[k] + (some - 1) * p.item, lanes - some, p.item);
      at[k] = rooms[k];
    }
    fn(at, lanes, &flags);
  }
  // What was read had copies of its last element behind it, so what has been written has too.
  if (watch) raised = uint8_t((flags | cpu_fpe()) & watch);
  count_kernel(bytes);
  return out;
}

/// The operand's axes as (cells apart, rows, cells side by side), where those that are reduced follow one another.
bool find_rows(const ShapeRep& shape, uint64_t reduced, int64_t& groups, int64_t& rows, int64_t& cells) {
  groups = rows = cells = 1;
  bool has_ended = false;
  for (int k = 0; k < shape.ndim; ++k) {
    if (shape.dims[k] == 1) continue;
    if (reduced >> k & 1) {
      if (has_ended) return false;
      rows *= shape.dims[k];
    } else {
      has_ended = rows > 1;
      (has_ended ? cells : groups) *= shape.dims[k];
    }
  }
  return true;
}

/// The elements of a leaf, or of a contiguous view of one; else null.
const char* elements_in_memory(const Node& n) {
  if (n.kind == NodeKind::Leaf) return static_cast<const char*>(n.data->data);
  if (n.kind != NodeKind::View || n.in[0]->kind != NodeKind::Leaf || !n.view->is_contiguous) return nullptr;
  return static_cast<const char*>(n.in[0]->data->data) + n.view->offset * item_bytes(n.dtype);
}

/// The sum of all products of two operands, which nobody else wants. An error is left to whoever can tell whose it is.
BufferRef run_sum_of_products(const Node& n) {
  const Node& in = *n.in[0];
  if (in.map_op() != Op::multiply || in.refs != 1 || n.reduce_op() != ReduceOp::add || n.shape->size != 1) return {};
  const char* elements[2];
  for (int k = 0; k < 2; ++k) {
    const Node& operand = *in.in[k];
    if (operand.dtype != in.dtype || !same_shape(*operand.shape, *in.shape)) return {};
    if (!(elements[k] = elements_in_memory(operand))) return {};
  }
  if (!settings_allow()) return {};
  BufferRef out = allocate_buffer(size_t(item_bytes(n.dtype)));
  const FpeScope scope;
  const uint8_t watch = uint8_t((n.site.watch & fpe_mask(ReduceOp::add, in.dtype)) |
                                (in.site.watch & fpe_mask(Op::multiply, in.dtype)));
  if (watch) clear_cpu_fpe();
  if (!sum_products_small(in.dtype, n.dtype, elements[0], elements[1], in.shape->size, static_cast<char*>(out->data)))
    return {};
  if (watch && (cpu_fpe() & watch)) return {};
  pad_tail(*out, size_t(item_bytes(n.dtype)));
  count_kernel(2 * in.shape->size * item_bytes(in.dtype) + item_bytes(n.dtype));
  return out;
}

BufferRef run_reduction(const Node& n, uint8_t& raised) {
  const Node& in = *n.in[0];
  if (in.shape->size > kMaxElements || in.shape->size == 0) return {};
  if (in.kind == NodeKind::Map) return run_sum_of_products(n);
  const char* elements;
  alignas(kBufferAlign) char room[kBlock * 16];
  if (in.kind == NodeKind::Leaf) {
    elements = static_cast<const char*>(in.data->data);
  } else if (in.kind != NodeKind::View || in.in[0]->kind != NodeKind::Leaf) {
    return {};
  } else if (in.view->is_contiguous) {
    elements = static_cast<const char*>(in.in[0]->data->data) + in.view->offset * item_bytes(in.dtype);
  } else if (in.view->ndim == 1 && in.view->strides[0] > 0 && in.shape->size <= kBlock) {  // of others the order is the Reducer's
    gather(in, room);
    elements = room;
  } else {
    return {};
  }
  if (!settings_allow()) return {};
  int64_t groups, rows, cells;
  if (!find_rows(*in.shape, n.axes, groups, rows, cells)) return {};
  const ReduceOp op = n.reduce_op();
  const int64_t size = groups * cells;
  BufferRef out = allocate_buffer(size_t(size * item_bytes(n.dtype)));
  const FpeScope scope;
  const uint8_t watch = n.site.watch & fpe_mask(op, in.dtype);
  if (watch) clear_cpu_fpe();
  if (!reduce_small(op, in.dtype, n.dtype, elements, groups, rows, cells,
                    static_cast<char*>(out->data)))
    return {};
  if (watch) raised = uint8_t(cpu_fpe() & watch);
  pad_tail(*out, size_t(item_bytes(n.dtype)));
  count_kernel(in.shape->size * item_bytes(in.dtype) + size * item_bytes(n.dtype));
  return out;
}

/// A matrix that is known: all of a leaf, or a view of one.
bool find_matrix(const Node& in, MatrixView& matrix) {
  if (in.shape->ndim != 2) return false;
  matrix.rows = in.shape->dims[0];
  matrix.cols = in.shape->dims[1];
  if (in.kind == NodeKind::Leaf) {
    matrix = {in.data->data, matrix.rows, matrix.cols, matrix.cols, 1};
    return true;
  }
  if (in.kind != NodeKind::View || in.in[0]->kind != NodeKind::Leaf) return false;
  const ViewRep& v = *in.view;
  matrix.data = static_cast<const char*>(in.in[0]->data->data) + v.offset * item_bytes(in.dtype);
  matrix.row_stride = v.strides[0];
  matrix.col_stride = v.strides[1];
  return true;
}

BufferRef run_product(const Node& n, uint8_t& raised) {
  MatrixView a, b;
  if (!find_matrix(*n.in[0], a) || !find_matrix(*n.in[1], b) || !settings_allow()) return {};
  const int64_t inputs = a.rows * a.cols + b.rows * b.cols, size = a.rows * b.cols;
  if (inputs > kMaxElements || size == 0 || size > kMaxElements) return {};
  BufferRef out = allocate_buffer(size_t(size * item_bytes(n.dtype)));
  {
    const FpeScope scope;
    const uint8_t watch = n.site.watch;
    if (watch) clear_cpu_fpe();
    matmul(n.dtype, a, b, {out->data, b.cols});
    if (watch) raised = uint8_t(cpu_fpe() & watch);
  }
  pad_tail(*out, size_t(item_bytes(n.dtype)));
  count(stats().library_calls);
  count(stats().evaluations);
  count(stats().bytes_moved, uint64_t((inputs + size) * item_bytes(n.dtype)));
  return out;
}

}  // namespace

BufferRef run_lone_operation(const Node& n, uint8_t& raised) {
  switch (n.kind) {
    case NodeKind::Map: return run_map(n, raised);
    case NodeKind::Reduce: return run_reduction(n, raised);
    case NodeKind::Matmul: return run_product(n, raised);
    default: return {};
  }
}

}  // namespace grumpy

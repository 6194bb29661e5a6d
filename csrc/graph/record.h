/// The only constructor of pending nodes. Every error NumPy would raise for shapes and dtypes is
/// raised here, at the user's line.
///
/// Needs:   ops/infer for dtypes. Leaves: a node of known dtype and shape; nothing is computed.
/// Throws:  Error with NumPy's class and text.
/// Threads: under the GIL.
#pragma once
#include <span>

#include "graph/storage.h"

namespace grumpy {

/// An operand of a recorded operation: an array or a scalar value.
struct Operand {
  const Array* array = nullptr;
  Scalar scalar;            // when array is null
  DType dtype() const { return array ? array->dtype() : scalar.dtype; }
  bool is_weak() const { return !array && scalar.is_weak; }
};

/// Adopts a buffer whose elements are dense in C order.
NodeRef make_leaf(DType dtype, Shape shape, BufferRef data);
NodeRef make_constant(const Scalar& s);

/// The scalar as dtype `t`; one that the cast changes stays a cast, which reports its errors as NumPy's does.
NodeRef record_constant(const Scalar& s, DType t, const Site& site);

/// n as dtype `to`; n itself when it already is.
NodeRef record_cast(NodeRef n, DType to, const Site& site);
/// n broadcast to `shape`; n itself when it already has it. Throws ValueError as broadcast_to does.
NodeRef record_broadcast(NodeRef n, const Shape& shape);
/// n (any node) under a view of its dense elements.
NodeRef record_view(NodeRef n, View v);

/// A node of its own with n's values: what a copy of memory that others can write records.
NodeRef record_view_copy(NodeRef n);

/// op over operands that are already cast to what the op takes. `shape` null: broadcast them.
NodeRef record_map_nodes(Op op, DType result, std::span<const NodeRef> in, const Site& site);

/// op over operands, promoted by NumPy's rules. `compute` overrides the type resolution (dtype=).
NodeRef record_map(Op op, std::span<const Operand> in, const Site& site);
NodeRef record_map_as(Op op, DType compute, DType result, std::span<const Operand> in, const Site& site);

/// Outputs of a foreign inner loop; inputs are cast to loop->types.
void record_foreign(const InnerLoop* loop, std::span<const NodeRef> in, std::span<NodeRef> out,
                    const Site& site);

/// Reduction over the axes in the bit mask; in is cast to the accumulation dtype first.
/// `out` is the result's dtype (ReduceOp moments: the real floating type).
NodeRef record_reduce(ReduceOp op, NodeRef in, uint64_t axes, bool keepdims, DType out, const Site& site);
NodeRef record_scan(ReduceOp op, NodeRef in, int axis, DType out, const Site& site);

/// a @ b for ndim >= 2 each, one dtype; batch axes broadcast. Core dimension already checked.
NodeRef record_matmul(NodeRef a, NodeRef b, const Site& site);

/// in at int64 positions along axis (bounds checked, non-negative); result shape
/// in.shape[:axis] + index.shape + in.shape[axis+1:].
NodeRef record_take(NodeRef in, NodeRef index, int axis, const Site& site);

/// Rows of `in` where the mask, over its first axes, is true; `count` of them.
NodeRef record_compress(NodeRef in, NodeRef mask, int64_t count);

/// dst[...] = value, cast to dst's dtype. The value has been made of dst's old elements if need be;
/// the right side is as if read first.
/// Throws: ValueError "could not broadcast input array from shape ... into shape ...".
void record_write(const Array& dst, NodeRef value, const Site& site);

}  // namespace grumpy

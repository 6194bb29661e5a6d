/// The recorder as the binding calls it: finds the site, keeps NumPy's memory order, and settles at
/// once what may not wait (semantics.md S7: errors that are due at the call).
///
/// Throws:  what the recorder throws, PythonError. Threads: under the GIL.
#pragma once
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/config.h"
#include "core/layout.h"
#include "core/site.h"
#include "graph/late_index.h"
#include "ops/infer.h"

namespace grumpy::binding {

/// Hands out the floating-point errors met so far; -1: a Python exception is set.
inline int (*deliver_fp_events)() = nullptr;

/// Above 0: this thread is inside an operation with a destination, which NumPy writes before it raises.
inline thread_local int events_held = 0;

[[gnu::cold, gnu::noinline]] inline void deliver_events() {
  if (!events_held && deliver_fp_events() < 0) throw PythonError{};
}
inline void settle_events() {
  if (api::has_events()) [[unlikely]] deliver_events();
}

/// Keeps errors that are due at the call until the destination is written; true: let_events_go follows.
inline bool hold_events() {
  if (!current_errstate().at_call) return false;
  ++events_held;
  return true;
}
inline void let_events_go() {
  --events_held;
  settle_events();
}

[[gnu::cold, gnu::noinline]] inline void evaluate_at_call(const Array& out) {
  const Array* wanted = &out;
  api::evaluate({&wanted, 1});
}

/// After recording `out` by an operation that may report `fpe`.
[[gnu::always_inline]] inline void settle(const ErrState& state, uint8_t fpe, const Array& out) {
  if (fpe & state.at_call) [[unlikely]] evaluate_at_call(out);
  settle_events();
}

// The upper bits of Site::errstate say what NumPy would call the operation, where it is not the node's own
// name; the others which error state was in force.
enum SiteName : uint16_t {
  kScalarSite = 1 << 13,  // "scalar add"
  kDivmodSite = 2 << 13,
  kMatmulSite = 3 << 13,
  kMatvecSite = 4 << 13,
  kVecmatSite = 5 << 13,
  kVecdotSite = 6 << 13,
  kDotSite = 7 << 13,
  kStateMask = (1 << 13) - 1,
};

inline Array map_operands(int op, const Operand* in, int n, uint16_t named = 0) {
  Site site;
  const ErrState& state = here(site);
  site.errstate |= named;
  Array out = in_memory_order({in, size_t(n)}, [&](std::span<const Operand> operands) {
    return api::map(Op(op), operands, site);
  });
  settle(state, info(Op(op)).fpe, out);
  return out;
}

/// Two operations over the same operands that are one call to the user.
inline void map_pair(int first, int second, const Operand* in, int n, uint16_t named, Array* out) {
  Site site;
  const ErrState& state = here(site);
  site.errstate |= named;
  const int ops[] = {first, second};
  for (int k = 0; k < 2; ++k)
    out[k] = in_memory_order({in, size_t(n)}, [&](std::span<const Operand> operands) {
      return api::map(Op(ops[k]), operands, site);
    });
  if ((info(Op(first)).fpe | info(Op(second)).fpe) & state.at_call) {
    const Array* wanted[] = {&out[0], &out[1]};
    api::evaluate(wanted);
  }
  settle_events();
}

inline Array map1(int op, const Array& a) {
  Operand in[1];
  in[0].array = &a;
  return map_operands(op, in, 1);
}

inline Array map2(int op, const Array& a, const Array& b) {
  Operand in[2];
  in[0].array = &a;
  in[1].array = &b;
  return map_operands(op, in, 2);
}

/// op(a, s), or op(s, a) when swapped.
inline Array map2_scalar(int op, const Array& a, const Scalar& s, bool swapped) {
  Operand in[2];
  in[swapped].array = &a;
  in[!swapped].scalar = s;
  return map_operands(op, in, 2);
}

/// Records into `out`; false where the operands are not for this operation, and NumPy must say so in
/// its own words. No Python exception is set then.
template <class Record>
bool try_record(Array* out, Record record) {
  try {
    *out = record();
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The common lane of an operation over `x` and what `rest` says, into the empty `out`; see api::map_plain.
template <class... Rest>
[[gnu::always_inline]] inline bool map_plain(int op, Array* out, const Array& x, const Rest&... rest) {
  PlainSite site;
  const ErrState& state = here(site);
  Py_XINCREF(static_cast<PyObject*>(site.code));
  Storage* const s = api::map_plain(Op(op), x, rest..., site);
  if (!s) {
    Py_XDECREF(static_cast<PyObject*>(site.code));
    return false;
  }
  out->storage = StorageRef::adopt(s);
  settle(state, info(Op(op)).fpe, *out);
  return true;
}

inline bool try_map(int op, const Operand* in, int n, Array* out) {
  return try_record(out, [&] { return map_operands(op, in, n); });
}
// What is not plain stands in functions of its own.
[[gnu::noinline]] inline bool try_map1_slowly(int op, const Array& a, Array* out) {
  return try_record(out, [&] { return map1(op, a); });
}
[[gnu::noinline]] inline bool try_map2_slowly(int op, const Array& a, const Array& b, Array* out) {
  return try_record(out, [&] { return map2(op, a, b); });
}
inline bool try_map2_scalar(int op, const Array& a, const Scalar& s, bool swapped, Array* out) {
  return try_record(out, [&] { return map2_scalar(op, a, s, swapped); });
}
inline bool try_map1(int op, const Array& a, Array* out) {
  if (!may_need_order(a) && map_plain(op, out, a)) [[likely]] return true;
  return try_map1_slowly(op, a, out);
}
[[gnu::always_inline]] inline bool try_map2(int op, const Array& a, const Array& b, Array* out) {
  if (!may_need_order(a) && !may_need_order(b) && map_plain(op, out, a, b)) [[likely]] return true;
  return try_map2_slowly(op, a, b, out);
}

/// With dtypes that ufunc.resolve_dtypes decided.
inline Array map_as(int op, int compute, int result, const Operand* in, int n) {
  Site site;
  const ErrState& state = here(site);
  Array out = in_memory_order({in, size_t(n)}, [&](std::span<const Operand> operands) {
    return api::map_as(Op(op), DType(compute), DType(result), operands, site);
  });
  settle(state, info(Op(op)).fpe | info(Op::cast).fpe, out);
  return out;
}

inline Array cast(const Array& a, int to) {
  Site site;
  const ErrState& state = here(site);
  Array out = in_order_of_steps(a, [&](const Array& moved) { return api::cast(moved, DType(to), site); });
  settle(state, info(Op::cast).fpe, out);
  return out;
}

/// A copy in the memory order of `a`.
inline Array copy_keeping_order(const Array& a) {
  return in_order_of_steps(a, [](const Array& moved) { return api::copy(moved); });
}

inline void foreign(const InnerLoop* loop, const Operand* in, int nin, Array* out, int nout) {
  Site site;
  const ErrState& state = here(site);
  api::foreign(loop, {in, size_t(nin)}, {out, size_t(nout)}, site);
  for (int k = 0; k < nout; ++k) settle(state, 0xff, out[k]);
}

inline Array reduce(int op, const Array& a, uint64_t axes, bool keepdims, int accumulate, int out_dtype,
                    uint16_t named = 0) {
  Site site;
  const ErrState& state = here(site);
  site.errstate |= named;
  const auto record = [&](const Array& from, uint64_t over) {
    Operand in;
    in.array = &from;
    return api::reduce(ReduceOp(op), in, over, keepdims, DType(accumulate), DType(out_dtype), site);
  };
  const bool is_arg = op == int(ReduceOp::argmin) || op == int(ReduceOp::argmax);  // NumPy's are C-ordered
  Array out = is_arg ? record(a, axes)
                     : reduction_in_memory_order(a, axes, keepdims, op == int(ReduceOp::moments), record);
  settle(state, 0xff, out);
  return out;
}

inline Array scan(int op, const Array& a, int axis, int out_dtype) {
  Site site;
  const ErrState& state = here(site);
  // NumPy's result has the order in which its iterator walks the array.
  int64_t steps[1][kMaxDims];
  int order[kMaxDims];
  const int ndim = a.ndim();
  bool moves = false;
  if (may_need_order(a)) {
    steps_to_order(a, steps[0]);
    moves = memory_order(steps, 1, ndim, order);
  }
  const Array moved = moves ? permuted(a, order, ndim) : a;
  Operand in;
  in.array = &moved;
  const int place = moves ? int(std::find(order, order + ndim, axis) - order) : axis;
  Array out = api::scan(ReduceOp(op), in, place, DType(out_dtype), site);
  settle(state, 0xff, out);
  return moves ? unpermuted(out, order, ndim) : out;
}

inline Array matmul(const Array& a, const Array& b, int dtype, uint16_t named) {
  Site site;
  const ErrState& state = here(site);
  site.errstate |= named;
  Array out = api::matmul(a, b, DType(dtype), site);
  settle(state, 0xff, out);
  return out;
}

// ---- index arrays and masks

using api::count_true;
/// a[mask]; in NumPy's memory order, or (np.compress) in C order.
inline Array compress(const Array& a, const Array& mask, bool in_c_order) {
  Array out = in_c_order ? api::compress(a, mask) : rows_in_memory_order(a, mask.ndim(), [&](const Array& moved) {
    return api::compress(moved, mask);
  });
  settle_events();
  return out;
}

inline std::vector<Array> nonzero(const Array& mask) {
  std::vector<Array> out = api::nonzero(mask);
  settle_events();
  return out;
}

/// True when every index is within [-size, size).
inline bool in_bounds(const Array& index, int64_t size) {
  if (index.size() == 0) return true;
  const api::IndexBounds b = api::index_bounds(index);
  settle_events();
  return b.least >= -size && b.most < size;
}

/// Whether the bounds of this index are looked at when it is evaluated (index_check=late).
inline bool is_checked_late(const Array& of, const Array& index) {
  return Config::index_check() == IndexCheck::Late && index.storage->is_pending() && !of.storage->is_exported();
}

/// a[..., index, ...]; in NumPy's memory order, or (np.take) in C order.
inline Array gather(const Array& a, const std::vector<const Array*>& index, int axis, const std::vector<int>& late_names,
                    bool in_c_order) {
  Site site;
  here(site);
  const auto record = [&](const Array& from, const std::vector<const Array*>& at, int first) {
    return api::gather(from, at, first, late_names, site);
  };
  Array out = in_c_order ? record(a, index, axis) : selection_in_memory_order(a, index, axis, record);
  settle_events();
  return out;
}

inline void scatter(const Array& dst, const std::vector<const Array*>& index, int axis,
                    const std::vector<int>& late_names, const Operand& value) {
  Site site;
  const ErrState& state = here(site);
  api::scatter(dst, index, axis, late_names, value, site);
  if (value.dtype() != dst.dtype()) settle(state, info(Op::cast).fpe, dst);
  else settle_events();
}

inline bool scatter_reduce(int op, const Array& dst, const std::vector<const Array*>& index, int axis,
                           const std::vector<int>& late_names, const Operand& value) {
  Site site;
  const ErrState& state = here(site);
  const bool done = api::scatter_reduce(ReduceOp(op), dst, index, axis, late_names, value, site);
  settle(state, done ? 0xff : 0, dst);
  return done;
}

inline void put_masked(const Array& dst, const Array& mask, const Operand& value) {
  Site site;
  const ErrState& state = here(site);
  api::put_masked(dst, mask, value, site);
  if (value.dtype() != dst.dtype()) settle(state, info(Op::cast).fpe, dst);
  else settle_events();
}

using api::write_element;

inline void write(const Array& dst, const Operand& value) {
  Site site;
  const ErrState& state = here(site);
  api::write(dst, value, site);
  if (value.dtype() != dst.dtype()) settle(state, info(Op::cast).fpe, dst);
  else settle_events();
}

inline void write_array(const Array& dst, const Array& value) {
  Operand o;
  o.array = &value;
  write(dst, o);
}

/// The same of what operation `op` gave: errors of the cast are its own.
inline void write_result(const Array& dst, const Array& value, int op) {
  Site site;
  const ErrState& state = here(site);
  site.called = uint8_t(op + 1);
  Operand o;
  o.array = &value;
  api::write(dst, o, site);
  if (value.dtype() != dst.dtype()) settle(state, info(Op::cast).fpe, dst);
  else settle_events();
}

inline void write_where(const Array& dst, const Array& mask, const Operand& value) {
  Site site;
  const ErrState& state = here(site);
  api::write_where(dst, mask, value, site);
  if (value.dtype() != dst.dtype()) settle(state, info(Op::cast).fpe, dst);
  else settle_events();
}

inline void evaluate_one(const Array& a) {
  const Array* wanted = &a;
  api::evaluate({&wanted, 1});
  settle_events();
}

inline void evaluate_many(const std::vector<const Array*>& arrays) {
  api::evaluate(arrays);
  settle_events();
}

/// Everything that is pending and that somebody holds.
inline void evaluate_pending() {
  std::vector<Array> held;
  for (Storage* s = first_pending(); s; s = s->next) {
    if (is_doomed(*s->value)) continue;  // its error is for who reads it
    Array a;
    a.storage = StorageRef(s);
    held.push_back(std::move(a));
  }
  std::vector<const Array*> wanted;
  for (const Array& a : held) wanted.push_back(&a);
  if (!wanted.empty()) evaluate_many(wanted);
}

inline std::string show_arrays(const std::vector<const Array*>& arrays, const std::string& what) {
  return api::show(arrays, what);
}

/// The settings' facts with text of their own.
struct ConfigText { std::string name, variable, type, default_text, choices, doc; };
inline std::vector<ConfigText> config_texts() {
  std::vector<ConfigText> rows;
  for (const ConfigRow& r : config_rows())
    rows.push_back({std::string(r.name), std::string(r.variable), std::string(r.type),
                    std::string(r.default_text), std::string(r.choices), std::string(r.doc)});
  return rows;
}

/// Of elements of `dtype`.
inline void end_export(Buffer* b, int dtype) { api::end_export(b, DType(dtype)); }

/// Drops what `a` refers to.
inline void clear_array(Array& a) {
  const StorageRef storage = std::move(a.storage);
  const View view = std::move(a.view);
}

/// What is made of `a` now is up to date for as long as current_version says the same. While others can write
/// to the memory, it is so for no time at all.
inline uint32_t current_version(const Array& a) { return a.storage->version; }
inline uint32_t version_to_keep(const Array& a) { return a.storage->version - a.storage->is_exported(); }

/// True when values must be computed before `a` can be read.
inline bool is_waiting(const Array& a) { return a.storage->is_pending(); }

inline Array view(const Array& a, const int64_t* shape, const int64_t* strides, int ndim, int64_t offset) {
  return api::view(a, {shape, size_t(ndim)}, {strides, size_t(ndim)}, offset);
}

inline Array try_reshape(const Array& a, const int64_t* shape, int ndim) {
  return api::try_reshape(a, {shape, size_t(ndim)});
}

inline Array broadcast_to(const Array& a, const int64_t* shape, int ndim) {
  return api::broadcast_to(a, make_shape({shape, size_t(ndim)}));
}

/// Uninitialised memory.
inline Array empty(int dtype, const int64_t* shape, int ndim) {
  Shape s = make_shape({shape, size_t(ndim)});
  int64_t nbytes;
  GRUMPY_CHECK(!__builtin_mul_overflow(s->size, item_bytes(DType(dtype)), &nbytes), ValueError)
      << "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size.";
  return new_array(make_leaf(DType(dtype), s, api::allocate(size_t(nbytes))));
}

/// An array of ndim 0 with this value.
inline Array constant(const Scalar& s) { return new_array(make_constant(s)); }

/// Every element the same value, computed when needed where that costs more than a plan.
inline Array filled(const Scalar& s, const int64_t* shape, int ndim) {
  return api::filled(s, {shape, size_t(ndim)});
}

/// The number as another dtype.
inline Scalar as_dtype(const Scalar& s, int t) { return convert(s, DType(t)); }

inline Array copy_in(int dtype, const int64_t* shape, const int64_t* strides, int ndim, const void* data) {
  return api::copy_in(DType(dtype), {shape, size_t(ndim)}, data, {strides, size_t(ndim)});
}

inline Array adopt(int dtype, const int64_t* shape, int ndim, void* data, size_t nbytes, bool is_readonly,
                   bool is_shared, PyObject* owner) {
  Py_INCREF(owner);
  BufferRef bytes = api::borrow(data, nbytes, is_readonly, owner,
                                [](void* o) { Py_DECREF(static_cast<PyObject*>(o)); });
  return api::adopt(DType(dtype), {shape, size_t(ndim)}, std::move(bytes), is_shared);
}

/// The value of an array of ndim 0; evaluates it if need be.
inline Scalar read_scalar(const Array& a) {
  Scalar s = api::read_element(a, {});
  settle_events();
  return s;
}

/// One element as an array of ndim 0 that is a value of its own.
inline Array element(const Array& a, int64_t offset) {
  if (!a.storage->is_pending()) return constant(api::element_at(a, offset));
  return api::copy(api::view(a, {}, {}, offset));
}

/// Result dtype that map would give, or -1 where it would refuse.
inline int infer(int op, const Operand* in, int n) {
  OperandType types[4];
  for (int k = 0; k < n; ++k) types[k] = {in[k].dtype(), in[k].is_weak()};
  try {
    return int(infer_map(Op(op), {types, size_t(n)}).result);
  } catch (const Error&) {
    return -1;
  }
}

inline bool can_cast_same_kind(int from, int to) {
  const auto rank = [](DType t) {
    switch (kind(t)) {
      case Kind::Bool: return 0;
      case Kind::UInt: return 1;
      case Kind::Int: return 2;
      case Kind::Float: return 3;
      case Kind::Complex: return 4;
    }
    return 4;
  };
  return can_cast_safely(DType(from), DType(to)) || rank(DType(from)) <= rank(DType(to));
}

/// The arrays joined at once; false: they have to be recorded.
inline bool join_known(const Array** arrays, int n, int axis, const int64_t* shape, int ndim, Array& out) {
  return api::join_known({arrays, size_t(n)}, axis, {shape, size_t(ndim)}, out);
}

// ---- scalars

inline int dtype_of(const Array& a) { return int(a.storage->dtype); }
inline int dtype_of_scalar(const Scalar& s) { return int(s.dtype); }
inline int dtype_of_operand(const Operand& o) { return int(o.dtype()); }

/// The value as Python's own bool, int, float or complex; new reference.
inline PyObject* scalar_item(const Scalar& s) {
  switch (s.dtype) {
    case DType::bool_: return PyBool_FromLong(s.bytes[0]);
    case DType::int8: return PyLong_FromLong(s.as<int8_t>());
    case DType::uint8: return PyLong_FromLong(s.as<uint8_t>());
    case DType::int16: return PyLong_FromLong(s.as<int16_t>());
    case DType::uint16: return PyLong_FromLong(s.as<uint16_t>());
    case DType::int32: return PyLong_FromLong(s.as<int32_t>());
    case DType::uint32: return PyLong_FromUnsignedLong(s.as<uint32_t>());
    case DType::int64: return PyLong_FromLongLong(s.as<int64_t>());
    case DType::uint64: return PyLong_FromUnsignedLongLong(s.as<uint64_t>());
    case DType::float16: return PyFloat_FromDouble(convert(s, DType::float64).as<double>());
    case DType::float32: return PyFloat_FromDouble(double(s.as<float>()));
    case DType::float64: return PyFloat_FromDouble(s.as<double>());
    case DType::complex64: case DType::complex128: {
      double parts[2];
      const Scalar wide = convert(s, DType::complex128);
      std::memcpy(parts, wide.bytes, sizeof parts);
      return PyComplex_FromDoubles(parts[0], parts[1]);
    }
  }
  return nullptr;
}

/// A Python number as a weak scalar; false for other objects and for integers beyond 64 bits.
inline bool weak_scalar(PyObject* o, Scalar* out) {
  if (PyFloat_CheckExact(o)) {
    *out = Scalar::of(DType::float64, PyFloat_AS_DOUBLE(o));
  } else if (PyLong_CheckExact(o)) {
    int overflow = 0;
    const long long v = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow == 0) {
      *out = Scalar::of(DType::int64, int64_t(v));
    } else {
      if (overflow < 0) return false;
      const unsigned long long u = PyLong_AsUnsignedLongLong(o);
      if (PyErr_Occurred()) {
        PyErr_Clear();
        return false;
      }
      *out = Scalar::of(DType::uint64, uint64_t(u));
    }
  } else if (PyBool_Check(o)) {
    *out = Scalar::of(DType::bool_, o == Py_True);
  } else if (PyComplex_CheckExact(o)) {
    const Py_complex c = PyComplex_AsCComplex(o);
    const double parts[2] = {c.real, c.imag};
    out->dtype = DType::complex128;
    std::memcpy(out->bytes, parts, sizeof parts);
  } else {
    return false;
  }
  out->is_weak = true;
  return true;
}

/// True when a weak scalar takes on `t`'s kind without an error or a warning that NumPy would give.
inline bool fits(const Scalar& s, DType t) {
  switch (s.dtype) {
    case DType::int64:
    case DType::uint64: {
      if (!is_integer(t)) return t != DType::float16 || (s.dtype == DType::int64 && s.as<int64_t>() < 65000 && s.as<int64_t>() > -65000);
      const int bits = int(item_bytes(t)) * 8 - (kind(t) == Kind::Int);
      if (s.dtype == DType::uint64) return t == DType::uint64;
      const int64_t v = s.as<int64_t>();
      if (v < 0) return kind(t) == Kind::Int && (bits == 63 || v >= -(int64_t(1) << bits));
      return bits >= 63 || v < (int64_t(1) << bits);
    }
    case DType::float64: {
      const double v = std::abs(s.as<double>());
      if (!(v <= std::numeric_limits<double>::max())) return true;  // infinities and NaN pass
      if (t == DType::float16) return v <= 65504.0;
      if (t == DType::float32 || t == DType::complex64) return v <= double(std::numeric_limits<float>::max());
      return true;
    }
    case DType::complex128: {
      if (t != DType::complex64 && t != DType::float32 && t != DType::float16) return true;
      const double most = double(std::numeric_limits<float>::max());
      double parts[2];
      std::memcpy(parts, s.bytes, sizeof parts);
      for (double p : parts)
        if (std::abs(p) > most && std::abs(p) <= std::numeric_limits<double>::max()) return false;
      return true;
    }
    default: return true;
  }
}

/// True when `t` holds the number as it is.
inline bool is_exact_in(const Scalar& s, int t) {
  const Scalar there = convert(s, DType(t)), back = convert(there, s.dtype);
  return std::memcmp(back.bytes, s.bytes, size_t(item_bytes(s.dtype))) == 0;
}

inline bool fits_dtype(const Scalar& s, int t) { return fits(s, DType(t)); }

/// A real scalar's value, NaN for a complex one: what `power` looks at.
inline double weak_real(const Scalar& s) {
  switch (s.dtype) {
    case DType::bool_: return s.bytes[0];
    case DType::int64: return double(s.as<int64_t>());
    case DType::uint64: return double(s.as<uint64_t>());
    case DType::float64: return s.as<double>();
    default: return std::numeric_limits<double>::quiet_NaN();
  }
}

// ---- the common lanes of numbers beside arrays

/// Any weak scalar that fits the dtype and is at most eight bytes there.
[[gnu::noinline]] inline bool plain_number_of_any(PyObject* o, DType t, PlainNumber* out) {
  Scalar s;
  if (item_bytes(t) > 8 || !weak_scalar(o, &s) || is_complex(s.dtype) || !fits(s, t)) return false;
  out->type_code = weak_type_code(kind(s.dtype));
  out->bits = convert(s, t).as<uint64_t>();
  return true;
}

/// A Python number as one beside an array of dtype t. False: it is none, does not fit, or is too wide.
[[gnu::always_inline]] inline bool plain_number(PyObject* o, DType t, PlainNumber* out) {
  if (PyFloat_CheckExact(o)) {
    const double v = PyFloat_AS_DOUBLE(o);
    out->type_code = weak_type_code(Kind::Float);
    if (t == DType::float64) {
      out->bits = std::bit_cast<uint64_t>(v);
      return true;
    }
    if (t == DType::float32 && std::abs(v) <= double(std::numeric_limits<float>::max())) {
      out->bits = std::bit_cast<uint32_t>(float(v));
      return true;
    }
    return plain_number_of_any(o, t, out);
  }
  if (!PyLong_CheckExact(o)) return plain_number_of_any(o, t, out);
#if PY_VERSION_HEX >= 0x030C0000
  if (!PyUnstable_Long_IsCompact(reinterpret_cast<PyLongObject*>(o))) return plain_number_of_any(o, t, out);
  const int64_t v = PyUnstable_Long_CompactValue(reinterpret_cast<PyLongObject*>(o));
#else
  const Py_ssize_t digits = Py_SIZE(o);
  if (digits < -1 || digits > 1) return plain_number_of_any(o, t, out);
  const int64_t v = digits * int64_t(reinterpret_cast<PyLongObject*>(o)->ob_digit[0]);
#endif
  out->type_code = weak_type_code(Kind::Int);
  switch (t) {
    case DType::float64: out->bits = std::bit_cast<uint64_t>(double(v)); return true;
    case DType::float32: out->bits = std::bit_cast<uint32_t>(float(v)); return true;
    case DType::int64: out->bits = uint64_t(v); return true;
    default: return plain_number_of_any(o, t, out);
  }
}

/// a op o, or o op a when swapped, where o is such a number. False: nothing has been recorded.
inline bool try_map_number(int op, const Array& a, PyObject* o, bool swapped, Array* out) {
  PlainNumber s;
  s.is_left = swapped;
  return !may_need_order(a) && plain_number(o, a.dtype(), &s) && map_plain(op, out, a, s);
}

/// The common lane of x op= y. False: nothing has been recorded.
template <class Y>
[[gnu::always_inline]] inline bool write_plain_as(int op, const Array& x, const Y& y) {
  if (x.view) return false;
  PlainSite site;
  const ErrState& state = here(site);
  if (info(Op(op)).fpe & state.at_call) return false;
  Py_XINCREF(static_cast<PyObject*>(site.code));
  if (!api::write_plain(Op(op), x, y, site)) {
    Py_XDECREF(static_cast<PyObject*>(site.code));
    return false;
  }
  settle_events();
  return true;
}
inline bool write_plain(int op, const Array& x, const Array& y) { return write_plain_as(op, x, y); }
inline bool write_plain_number(int op, const Array& x, PyObject* o) {
  PlainNumber s;
  s.is_left = false;
  return plain_number(o, x.dtype(), &s) && write_plain_as(op, x, s);
}

}  // namespace grumpy::binding

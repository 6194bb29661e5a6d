/// The inner loops of other people's ufuncs (semantics.md S9).
///
/// A ufunc keeps one C loop per row of its types table, and user loops in a dict of capsules
/// (Numba's). Both have the legacy signature and run on any block of memory without the GIL.
/// Needs:   numpy/ufuncobject.h. Threads: under the GIL.
#pragma once
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/record.h"
#include "kernel/inner_loops.h"
#include "ops/scalar_block.h"

namespace grumpy::binding {

/// NumPy's type numbers of the native dtypes, in DType's order. long is 64 bits where we run.
inline constexpr int kTypeNumbers[] = {NPY_BOOL,  NPY_BYTE,  NPY_UBYTE, NPY_SHORT, NPY_USHORT,
                                       NPY_INT,   NPY_UINT,  NPY_LONG,  NPY_ULONG, NPY_HALF,
                                       NPY_FLOAT, NPY_DOUBLE, NPY_CFLOAT, NPY_CDOUBLE};
static_assert(std::size(kTypeNumbers) == size_t(kNumDTypes));
static_assert(sizeof(long) == 8, "the table above takes NPY_LONG for int64");

/// DType of a builtin type number, or -1. longlong is int64's twin but a dtype of its own.
inline int dtype_of_number(int number) {
  struct Table {
    signed char of[32];
    constexpr Table() : of{} {
      for (auto& t : of) t = -1;
      for (int k = 0; k < kNumDTypes; ++k) of[kTypeNumbers[k]] = (signed char)k;
    }
  };
  static constexpr Table table;
  return number >= 0 && number < 32 ? table.of[number] : -1;
}

inline bool is_ufunc(PyObject* o) { return PyObject_TypeCheck(o, &PyUFunc_Type); }
inline bool is_generalized(PyObject* u) { return reinterpret_cast<PyUFuncObject*>(u)->core_enabled; }

/// longlong's loops are int64's: NumPy keeps the mixed comparisons of 64-bit integers there.
inline int canonical_number(int number) {
  return number == NPY_LONGLONG ? NPY_LONG : number == NPY_ULONGLONG ? NPY_ULONG : number;
}

/// The loop for exactly these dtypes (inputs, then outputs) into `loop`; false when there is none.
inline bool find_legacy_loop(PyObject* ufunc, const int* dtypes, InnerLoop* loop) {
  auto* u = reinterpret_cast<PyUFuncObject*>(ufunc);
  if (u->core_enabled || u->nargs > 8) return false;
  loop->nin = uint8_t(u->nin);
  loop->nout = uint8_t(u->nout);
  for (int k = 0; k < u->nargs; ++k) loop->types[k] = DType(dtypes[k]);
  loop->name = u->name;
  for (int row = 0; row < u->ntypes; ++row) {
    bool same = u->functions && u->functions[row];
    for (int k = 0; same && k < u->nargs; ++k)
      same = canonical_number(u->types[row * u->nargs + k]) == kTypeNumbers[dtypes[k]];
    if (!same) continue;
    loop->fn = reinterpret_cast<decltype(loop->fn)>(u->functions[row]);
    loop->data = u->data ? const_cast<void*>(u->data[row]) : nullptr;
    return true;
  }
  if (!u->userloops) return false;
  PyObject *key, *value;
  Py_ssize_t position = 0;
  while (PyDict_Next(u->userloops, &position, &key, &value)) {
    auto* l = static_cast<PyUFunc_Loop1d*>(PyCapsule_GetPointer(value, nullptr));
    if (!l) PyErr_Clear();
    for (; l; l = l->next) {
      bool same = l->func && l->arg_types;
      for (int k = 0; same && k < u->nargs; ++k) same = canonical_number(l->arg_types[k]) == kTypeNumbers[dtypes[k]];
      if (!same) continue;
      loop->fn = reinterpret_cast<decltype(loop->fn)>(l->func);
      loop->data = l->data;
      return true;
    }
  }
  return false;
}

/// A loop for the life of the process (its ufunc is kept alive with it); null when there is none.
inline const InnerLoop* keep_loop(PyObject* ufunc, const int* dtypes) {
  InnerLoop found;
  if (!find_legacy_loop(ufunc, dtypes, &found)) return nullptr;
  Py_INCREF(ufunc);
  return new InnerLoop(found);
}

/// Tells the core about the loops of `ufunc` for the dtypes of `op` that have no scalar code.
inline void register_loops(int op, PyObject* ufunc) {
  auto* u = reinterpret_cast<PyUFuncObject*>(ufunc);
  for (int t = 0; t < kNumDTypes; ++t) {
    if (!in_domain(Op(op), DType(t)) || has_expansion(Op(op), DType(t))) continue;
    int dtypes[8];
    for (int k = 0; k < u->nin; ++k) dtypes[k] = int(input_dtype(Op(op), DType(t), k));
    std::fill_n(dtypes + u->nin, u->nout, int(result_dtype(Op(op), DType(t))));
    InnerLoop found;
    if (find_legacy_loop(ufunc, dtypes, &found)) register_inner_loop(Op(op), DType(t), found);
  }
  Py_INCREF(ufunc);
}

/// A NumPy scalar or 0-d element as a Scalar that keeps its width.
inline Scalar scalar_at(int dtype, const void* data) {
  Scalar s;
  s.dtype = DType(dtype);
  std::memcpy(s.bytes, data, size_t(item_bytes(s.dtype)));
  return s;
}

}  // namespace grumpy::binding

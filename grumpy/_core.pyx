# cython: language_level=3, initializedcheck=False
# cython: binding=False, c_api_binop_methods=True, auto_pickle=False
"""The Python face of grumpy: the ndarray class and NumPy's protocols over csrc/api.h.

The files of grumpy/core are parts of this one module, in the order of what they need:

state.pxi     NumPy's objects, the native dtypes, counters, what report() shows
errstate.pxi  NumPy's error state while recording, floating-point errors when they arrive
ndarray.pxi   the class: what an object holds, operators, attributes, methods
array.pxi     making objects of the class, reading one value, evaluating
memory.pxi    memory in and out: wrapping ndarrays, handing out ndarrays
forward.pxi   calls NumPy for what is not native, and wraps what it gives
operand.pxi   Python objects as operands of a recorded operation
ufunc.pxi     __array_ufunc__: calls of ufuncs, with and without out=, where=, dtype=
reduce.pxi    reduce, accumulate, outer, and the named reductions
product.pxi   matrix products
operators.pxi operators, with NumPy's rules of deferring to other types
index.pxi     basic indexing, reads and writes
shape.pxi     views of other shapes
fancy.pxi     index arrays and masks
method.pxi    what the methods of ndarray are made of
function.pxi  __array_function__: the table from NumPy's functions to ours
flags.pxi     flags and flat
validate.pxi  GRUMPY_VALIDATE: each evaluation a second time, by NumPy
toolbox.pxi   what functions/*.py are written with
"""
include "core/state.pxi"
include "core/errstate.pxi"
include "core/ndarray.pxi"
include "core/array.pxi"
include "core/memory.pxi"
include "core/forward.pxi"
include "core/operand.pxi"
include "core/ufunc.pxi"
include "core/reduce.pxi"
include "core/product.pxi"
include "core/operators.pxi"
include "core/index.pxi"
include "core/shape.pxi"
include "core/fancy.pxi"
include "core/method.pxi"
include "core/function.pxi"
include "core/quick.pxi"
include "core/flags.pxi"
include "core/validate.pxi"
include "core/toolbox.pxi"

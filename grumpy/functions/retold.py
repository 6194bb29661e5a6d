"""NumPy's own Python code, run on grumpy arrays.

Most of NumPy's functions are Python code over a few that are not. With grumpy arrays that code would
turn them into ndarrays first (`asanyarray`), or write into ndarrays it has made (`empty`). Here it gets
globals of its own in which those few names are ours, so that what it is made of is recorded: results,
dtypes, errors and warnings are NumPy's because the code is.

Arrays that such code makes with the type of indices (`ones(n, dtype=int)`, `arange`) are its bookkeeping:
they stay ndarrays.
"""
import os
import types

import numpy as np
from numpy._core import fromnumeric as _fromnumeric

from grumpy import _core
from grumpy._core import ndarray, stands_for_scalar

_HOME = os.path.dirname(np.__file__)
_own_converter = _fromnumeric._array_converter


def _holds_grumpys(x):
    return type(x) in (list, tuple) and any(type(i) is ndarray for i in x)


def asanyarray(a, dtype=None, order=None, *, copy=None, **kwargs):
    """numpy.asanyarray of code that is retold: a grumpy array is one, and a list of them is stacked."""
    if type(a) is ndarray and dtype is None and order is None and not copy:
        return a
    if _holds_grumpys(a):
        a = np.stack(a)
        copy = None if copy else copy
    if type(a) is ndarray:
        return _core.array(a, dtype, copy=copy, order=order or "K")
    return np.asanyarray(a, dtype, order, copy=copy, **kwargs)


def array(a, dtype=None, *, copy=True, order="K", subok=False, ndmin=0):
    """numpy.array of code that is retold."""
    if type(a) is not ndarray and not _holds_grumpys(a):
        return np.array(a, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)
    made = asanyarray(a, dtype, order, copy=copy)
    return made[(None,) * (ndmin - made.ndim) + (...,)] if made.ndim < ndmin else made


def _maker(numpys, ours):
    """numpy.empty or its kin of code that is retold."""
    place = {np.full: 2, np.arange: 3}.get(numpys, 1)

    def make(*args, **kwargs):
        dtype = args[place] if len(args) > place else kwargs.get("dtype")
        if numpys is np.arange:
            bookkeeping = not isinstance(dtype, np.dtype)
        else:
            bookkeeping = dtype is int or dtype is np.intp
        return (numpys if bookkeeping else ours)(*args, **kwargs)
    return make


class ArrayConverter:
    """numpy._core._multiarray_umath._array_converter for code that is retold."""

    def __init__(self, *inputs):
        self._inputs = inputs
        self._arrays = [asanyarray(x) for x in inputs]
        self.scalar_input = tuple(
            stands_for_scalar(x) or isinstance(x, np.generic) or type(x) in (bool, int, float, complex)
            for x in inputs)

    def __len__(self):
        return len(self._inputs)

    def __getitem__(self, k):
        return self._arrays[k]

    def _preserved(self):
        """The inputs with Python's numbers as they are."""
        return tuple(x if type(x) in (int, float, complex) else a
                     for x, a in zip(self._inputs, self._arrays))

    def as_arrays(self, /, subok=True, pyscalars="convert_if_no_array"):
        """The inputs as arrays."""
        if pyscalars == "convert" or pyscalars == "convert_if_no_array" and all(
                type(x) in (int, float, complex) for x in self._inputs):
            return tuple(self._arrays)
        return self._preserved()

    def result_type(self, /, extra_dtype=None, ensure_inexact=False):
        """The dtype of what is made of all inputs."""
        more = [] if extra_dtype is None else [extra_dtype]
        if ensure_inexact:
            more.append(0.0)
        return np.result_type(*self._preserved(), *more)

    def wrap(self, arr, /, to_scalar=None):
        """What is returned: a scalar where all inputs were."""
        if to_scalar is None:
            to_scalar = all(self.scalar_input)
        return arr[()] if to_scalar and arr.ndim == 0 else arr


class _AnyArray(type):
    def __instancecheck__(cls, x):
        return isinstance(x, np.ndarray) or type(x) is ndarray and not stands_for_scalar(x)


class AnArray(metaclass=_AnyArray):
    """What numpy.ndarray is to isinstance in code that is retold."""


def isscalar(x):
    """numpy.isscalar of code that is retold."""
    return stands_for_scalar(x) or np.isscalar(x)


OURS = {id(np.asarray): asanyarray, id(np.asanyarray): asanyarray, id(np.array): array,
        id(np.ndarray): AnArray, id(np.isscalar): isscalar,
        id(_own_converter): ArrayConverter}


for _compiled in (np.concatenate, np.dot, np.where, np.copyto):  # which some code calls without dispatch
    OURS[id(_compiled._implementation)] = _compiled


class _Module(types.ModuleType):
    """A module of NumPy's as retold code sees it."""

    def __init__(self, numpys):
        super().__init__(numpys.__name__)
        self._numpys = numpys

    def __getattr__(self, name):
        value = _ours(getattr(self._numpys, name))
        setattr(self, name, value)
        return value


_met = {}  # id of what NumPy's code refers to -> (it, ours)


def _ours(x):
    """What a name of NumPy's code stands for where the code is retold."""
    found = OURS.get(id(x))
    if found is not None:
        return found
    if isinstance(x, types.ModuleType) and x.__name__.partition(".")[0] == "numpy":
        if id(x) not in _met:
            _met[id(x)] = x, _Module(x)
        return _met[id(x)][1]
    if isinstance(x, types.FunctionType) and x.__module__.partition(".")[0] == "numpy":
        return _clone(x)
    return x


def _names(code):
    """The global names that a code object, or one inside it, may refer to."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


def _as_ours(code):
    """The code object as one of this package's files, whose lines are not the user's in reports."""
    inner = tuple(_as_ours(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    file = os.path.join(os.path.dirname(__file__), "numpy", os.path.relpath(code.co_filename, _HOME))
    return code.replace(co_filename=file, co_consts=inner)


def _clone(function):
    """The function with globals of its own."""
    if id(function) in _met:
        return _met[id(function)][1]
    of = function.__globals__
    space = {"__name__": of["__name__"], "__builtins__": of["__builtins__"]}
    made = types.FunctionType(_as_ours(function.__code__), space, function.__name__, function.__defaults__,
                              function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    _met[id(function)] = function, made  # before what it refers to, which may be itself
    for name in _names(function.__code__):
        if name in of:
            space[name] = _ours(of[name])
    return made


def _retell(numpy_function):
    """The own code of a function of NumPy's, to be run on grumpy arrays."""
    import grumpy

    for name in ("arange", "empty", "zeros", "ones", "full"):
        numpys = getattr(np, name)
        OURS.setdefault(id(numpys), _maker(numpys, getattr(grumpy, name)))
    return _clone(numpy_function._implementation)


_core.set_reteller(_retell)


def _retells(module, names, writes=False, reads=False):
    """Enters those names that this version of NumPy has and that are Python code there."""
    found = [getattr(module, name, None) for name in names.split()]
    _core.retells([f for f in found if isinstance(getattr(f, "_implementation", None),
                                                  types.FunctionType)], writes, reads)


_retells(np, "gradient cov corrcoef meshgrid unwrap polyval polyadd polysub polyder polyint vander block "
             "insert delete resize ix_ pad average ediff1d kron trapezoid cumulative_sum cumulative_prod "
             "common_type einsum_path diag_indices_from tril_indices_from triu_indices_from polymul full_like")
_retells(np, "isin real_if_close take_along_axis nanargmax nanargmin linspace logspace geomspace trim_zeros",
         reads=True)
_retells(np, "apply_along_axis apply_over_axes", writes=True)
_retells(np, "piecewise put_along_axis", writes=True, reads=True)
_retells(np.linalg, "matrix_power matrix_norm vector_norm")
_core.retells(["numpy.fft.fftshift", "numpy.fft.ifftshift"])
_retells(np.lib.scimath, "sqrt log log2 log10 logn power arccos arcsin arctanh", reads=True)

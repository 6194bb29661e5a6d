"""Functions that the array API standard (2025.12) defines more widely than NumPy: NumPy's
arguments and answers, and the standard's."""
import builtins
import collections
import functools

import numpy as np

from grumpy import _core
from grumpy._core import asarray, ndarray, wrapped
from grumpy.creation import check_device

__all__ = ["__array_namespace_info__", "argsort", "astype", "clip", "diff", "finfo",
           "from_dlpack", "iinfo", "sort", "unique_counts", "unique_values"]

_NoValue = np._NoValue
_Counts = collections.namedtuple("unique_counts_result", "values counts")


def argsort(a, axis=-1, kind=None, order=None, *, stable=None, descending=False):
    """Indices that sort an array; the grumpy form of numpy.argsort.

    Parameters
    ----------
    a : array_like
    axis, kind, order
        As in numpy.argsort.
    stable : bool, optional
        Equal elements keep their order. Unlike NumPy's, the default is to do so: the standard's.
    descending : bool, optional
        From the largest to the smallest.
    """
    if stable is None and kind is None:
        stable = True
    a = asarray(a)
    if not descending:
        return np.argsort(a, axis, kind, order, stable=stable)
    if axis is None:
        a, axis = a.ravel(), 0
    found = np.argsort(np.flip(a, axis), axis, kind, order, stable=stable)
    return a.shape[axis] - 1 - np.flip(found, axis)


def sort(a, axis=-1, kind=None, order=None, *, stable=None, descending=False):
    """A sorted copy of an array; the grumpy form of numpy.sort, which can also sort descending."""
    found = np.sort(asarray(a), axis, kind, order, stable=stable)
    return np.flip(found, -1 if axis is None else axis) if descending else found


def clip(a, min=_NoValue, max=_NoValue, out=None, *, a_min=_NoValue, a_max=_NoValue, **kwargs):
    """Values limited to an interval; as numpy.clip, with the standard's names for the limits."""
    if a_min is not _NoValue or a_max is not _NoValue:
        return np.clip(asarray(a), a_min if min is _NoValue else min,
                       a_max if max is _NoValue else max, out, **kwargs)
    return np.clip(asarray(a), out=out, min=None if min is _NoValue else min,
                   max=None if max is _NoValue else max, **kwargs)


def diff(a, n=1, axis=-1, prepend=None, append=None):
    """Differences along an axis; the grumpy form of numpy.diff."""
    return np.diff(asarray(a), n, axis, _NoValue if prepend is None else prepend,
                   _NoValue if append is None else append)


def unique_values(x):
    """Distinct elements, sorted; numpy.unique_values gives them in any order."""
    return np.unique(asarray(x), equal_nan=False)


def unique_counts(x):
    """Distinct elements, sorted, and how often each occurs."""
    return _Counts(*np.unique(asarray(x), return_counts=True, equal_nan=False))


def astype(x, dtype, /, *, copy=True, device=None):
    """An array as another dtype; the grumpy form of numpy.astype."""
    check_device(device)
    return asarray(x).astype(dtype, copy=copy)


def from_dlpack(x, /, *, device=None, copy=None):
    """An array over the memory that an object hands out by DLPack."""
    check_device(device)
    if type(x) is ndarray:
        return asarray(x, copy=copy)
    return wrapped(np.from_dlpack(x, copy=copy))


def _dtype_of(x):
    return x.dtype if type(x) is ndarray else x


def iinfo(type, /):
    """Limits of an integer dtype, or of an array's; as numpy.iinfo."""
    return np.iinfo(_dtype_of(type))


class finfo:
    """Limits of a floating-point dtype, or of an array's; as numpy.finfo.

    The limits are Python floats where those hold them, which is always but for longdouble: they do
    not widen what they are combined with.
    """

    def __init__(self, type, /):
        self._numpys = np.finfo(_dtype_of(type))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self._numpys, name)
        if isinstance(value, np.floating) and value.dtype.itemsize <= 8:
            return builtins.float(value)
        return value

    def __repr__(self):
        return repr(self._numpys)

    def __str__(self):
        return str(self._numpys)


class _Devices(tuple):
    """The standard says a tuple; callers written for NumPy add lists to it."""

    def __add__(self, other):
        return list(self) + list(other)


class ArrayNamespaceInfo:
    """What the array API standard asks of a namespace: its devices and dtypes.

    Examples
    --------
    >>> import grumpy
    >>> grumpy.__array_namespace_info__().default_device()
    'cpu'
    """

    def capabilities(self):
        """What the standard leaves open, as a dict."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self):
        """The device of new arrays."""
        return "cpu"

    def devices(self):
        """All devices."""
        return _Devices(["cpu"])

    def default_dtypes(self, *, device=None):
        """Names of kinds to the dtypes of new arrays."""
        check_device(device)
        return {"real floating": np.dtype("f8"), "complex floating": np.dtype("c16"),
                "integral": np.dtype("i8"), "indexing": np.dtype("i8")}

    def dtypes(self, *, device=None, kind=None):
        """Names of the standard's dtypes to the dtypes, of one or several kinds or of all."""
        check_device(device)
        return _dtypes_of(kind).copy()


@functools.cache
def _dtypes_of(kind):
    found = {t.name: t for t in _core.native_dtypes() if t != np.float16}
    if kind is None:
        return found
    return {name: t for name, t in found.items() if np.isdtype(t, kind)}


def __array_namespace_info__():
    """Devices and dtypes, as the array API standard asks."""
    return ArrayNamespaceInfo()

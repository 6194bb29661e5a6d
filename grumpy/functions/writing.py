"""Writes into an argument by position or mask, and matrices made by a write to a diagonal."""
import operator

import numpy as np

from grumpy._core import (
    Forward, full_array, implements, is_array, layout, native, ndarray, strided, write_masked)


def _writable(a):
    """The array that is written into, which must be a grumpy array; NumPy writes into its own."""
    if not is_array(a) or not a.flags._writeable_no_warn:
        raise Forward("the destination is a numpy.ndarray" if isinstance(a, np.ndarray)
                      else "an error of NumPy's")
    return a


def _values(values, dtype, casting):
    """Values to be written as a native array of one axis and of this dtype; as NumPy, a Python number
    or a list is converted, an array cast."""
    if not isinstance(values, (ndarray, np.ndarray, np.generic)):
        try:
            values = np.asarray(values, dtype)
        except (TypeError, ValueError, OverflowError):
            raise Forward("an error of NumPy's") from None
    values = native(values)
    if not np.can_cast(values.dtype, dtype, casting):
        raise Forward("a cast that NumPy must judge")
    return values.astype(dtype, copy=False).ravel()


@implements(np.put, reads=True)
def put(a, ind, v, mode="raise"):
    """numpy.put, into an array in C order."""
    a, ind = _writable(a), native(ind).ravel()
    v = _values(v, a.dtype, "unsafe")
    if not a.flags.c_contiguous or not a.size or not v.size or ind.dtype.kind not in "iub" \
            or ind.dtype == np.uint64:
        raise Forward("arguments of another kind")
    ind = ind.astype(np.intp, copy=False)
    if mode == "wrap":
        ind = ind % a.size
    elif mode == "clip":
        ind = np.clip(ind, 0, a.size - 1)
    elif mode != "raise":
        raise Forward("mode=")
    if v.size != 1:
        v = v[:ind.size] if v.size >= ind.size else np.resize(v, ind.size)
    try:
        a.reshape(-1)[ind] = v
    except IndexError:
        raise Forward("an error of NumPy's") from None


def _mask(mask, a):
    """A mask with as many elements as the array, in its shape."""
    mask = native(mask)
    if mask.size != a.size:
        raise Forward("an error of NumPy's")
    return mask.astype(bool, copy=False).reshape(a.shape)


@implements(np.place)
def place(arr, mask, vals):
    """numpy.place of one value; more are counted off by the mask, which NumPy does."""
    arr = _writable(arr)
    vals = _values(vals, arr.dtype, "safe")
    if vals.size != 1:
        raise Forward("values for successive places")
    write_masked(arr, _mask(mask, arr), vals.reshape(()))


@implements(np.putmask)
def putmask(a, /, mask, values):
    """numpy.putmask."""
    a = _writable(a)
    values = _values(values, a.dtype, "safe")
    mask = _mask(mask, a)
    if values.size == 0:
        raise Forward("no values")
    if values.size == 1:
        values = values.reshape(())
    else:
        values = (values if values.size == a.size else np.resize(values, a.size)).reshape(a.shape)
    write_masked(a, mask, values)


@implements(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    """numpy.fill_diagonal: a write through a strided view."""
    a = _writable(a)
    extents = a.shape
    if a.ndim < 2 or a.ndim > 2 and len(set(extents)) != 1:
        raise Forward("an error of NumPy's")
    if wrap and a.ndim == 2 and extents[0] > extents[1] + 1:
        raise Forward("a diagonal that wraps")
    strides, offset = layout(a)
    places = min(extents)
    val = _values(val, a.dtype, "unsafe")
    if val.size == 0:
        raise Forward("no values")
    if val.size != 1:
        val = val[:places] if val.size >= places else np.resize(val, places)
    strided(a, (places,), (sum(strides),), offset)[...] = val


def _matrix(v, k):
    """A matrix of zeros with v on its diagonal number k."""
    k = operator.index(k)
    places = v.shape[0]
    n = places + abs(k)
    made = full_array((n, n), v.dtype, 0)
    if places:
        _, offset = layout(made)
        strided(made, (places,), (n + 1,), offset + (k if k >= 0 else -k * n))[...] = v
    return made


@implements(np.diag)
def diag(v, k=0):
    """numpy.diag."""
    v = native(v)
    if v.ndim == 2:
        return v.diagonal(k)
    if v.ndim != 1:
        raise Forward("an error of NumPy's")
    return _matrix(v, k)


@implements(np.diagflat)
def diagflat(v, k=0):
    """numpy.diagflat."""
    return _matrix(native(v).ravel(), k)


def _triangle(m, k, upper):
    """m with zeros on one side of a diagonal."""
    m = native(m)
    if m.ndim < 1:
        raise Forward("an error of NumPy's")
    k = operator.index(k)
    rows, columns = m.shape[-2:] if m.ndim > 1 else m.shape * 2
    least = min(-k, 0)
    dtype = np.min_scalar_type(max(rows, columns - k, -least) * (-1 if least < 0 else 1))
    below = native(np.arange(rows, dtype=dtype))[:, None] >= native(np.arange(-k, columns - k, dtype=dtype))
    zero = np.zeros(1, m.dtype)
    return np.where(below, zero, m) if upper else np.where(below, m, zero)


@implements(np.tril)
def tril(m, k=0):
    """numpy.tril."""
    return _triangle(m, k, False)


@implements(np.triu)
def triu(m, k=0):
    """numpy.triu."""
    return _triangle(m, operator.index(k) - 1, True)

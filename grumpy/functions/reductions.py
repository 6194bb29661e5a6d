"""Reductions that are made of others: NaN-aware ones, norms, averages, counts."""
import warnings

import numpy as np

from grumpy._core import Forward, implements, native, reduction
from grumpy.functions.common import NoValue, is_inexact, normal_axes, normal_axis, only_default


def _keep(keepdims):
    return False if keepdims is NoValue else bool(keepdims)


def _without_nan(a, value):
    """a with its NaN replaced; in memory a copy, as NumPy's is."""
    if not is_inexact(a.dtype):
        return a
    a = a.copy("K")
    return np.where(np.isnan(a), a.dtype.type(value), a)


@implements(np.nansum)
def nansum(a, axis=None, dtype=None, out=None, keepdims=NoValue, initial=NoValue, where=NoValue):
    """numpy.nansum."""
    only_default(out=out, initial=initial, where=where)
    return _without_nan(native(a), 0).sum(axis, dtype, keepdims=_keep(keepdims))


@implements(np.nanprod)
def nanprod(a, axis=None, dtype=None, out=None, keepdims=NoValue, initial=NoValue, where=NoValue):
    """numpy.nanprod."""
    only_default(out=out, initial=initial, where=where)
    return _without_nan(native(a), 1).prod(axis, dtype, keepdims=_keep(keepdims))


@implements(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    """numpy.nancumsum."""
    only_default(out=out)
    return _without_nan(native(a), 0).cumsum(axis, dtype)


@implements(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    """numpy.nancumprod."""
    only_default(out=out)
    return _without_nan(native(a), 1).cumprod(axis, dtype)


def _nan_extreme(name, plain):
    def extreme(a, axis=None, out=None, keepdims=NoValue, initial=NoValue, where=NoValue):
        only_default(out=out, initial=initial, where=where)
        a = native(a)
        if not is_inexact(a.dtype):
            return reduction(plain, a, axis, _keep(keepdims))
        result = reduction(name, a, axis, _keep(keepdims))
        if np.isnan(result).any():  # NumPy warns at the call: this evaluates
            warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=4)
        return result
    return extreme


implements(np.nanmin)(_nan_extreme("fmin", "minimum"))
implements(np.nanmax)(_nan_extreme("fmax", "maximum"))


@implements(np.nanmean)
def nanmean(a, axis=None, dtype=None, out=None, keepdims=NoValue, *, where=NoValue):
    """numpy.nanmean."""
    only_default(dtype=dtype, out=out, where=where)
    a = native(a)
    if not is_inexact(a.dtype):
        return a.mean(axis, keepdims=_keep(keepdims))
    if a.dtype == np.float16:
        raise Forward("dtype float16")
    a = a.copy("K")  # memory order as NumPy's, who computes in a copy
    count = (~np.isnan(a)).sum(axis, dtype=np.intp, keepdims=_keep(keepdims))
    total = _without_nan(a, 0).sum(axis, keepdims=_keep(keepdims))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.true_divide(total, count, dtype=total.dtype, casting="unsafe")
    if (count == 0).any():
        warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=3)
    return mean


def _nanvar(a, axis, ddof, keepdims):
    a = native(a)
    if a.dtype.kind != "f" or a.dtype == np.float16:
        raise Forward(f"dtype {a.dtype}")
    a = a.copy("K")  # as in nanmean
    valid = ~np.isnan(a)
    count = valid.sum(axis, dtype=np.intp, keepdims=True)
    total = _without_nan(a, 0).sum(axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.true_divide(total, count, dtype=a.dtype, casting="unsafe")
    deviation = np.where(valid, a - mean, a.dtype.type(0))
    squares = np.multiply(deviation, deviation).sum(axis, keepdims=keepdims)
    freedom = valid.sum(axis, dtype=np.intp, keepdims=keepdims) - ddof
    with np.errstate(invalid="ignore", divide="ignore"):
        var = np.true_divide(squares, freedom, dtype=a.dtype, casting="unsafe")
    short = freedom <= 0
    if short.any():
        warnings.warn("Degrees of freedom <= 0 for slice.", RuntimeWarning, stacklevel=4)
        var = np.where(short, a.dtype.type(np.nan), var)
        if var.ndim == 0:
            var = var[()]
    return var


@implements(np.nanvar)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=NoValue, *, where=NoValue,
           mean=NoValue, correction=NoValue):
    """numpy.nanvar."""
    only_default(dtype=dtype, out=out, where=where, mean=mean, correction=correction)
    return _nanvar(a, axis, ddof, _keep(keepdims))


@implements(np.nanstd)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=NoValue, *, where=NoValue,
           mean=NoValue, correction=NoValue):
    """numpy.nanstd."""
    only_default(dtype=dtype, out=out, where=where, mean=mean, correction=correction)
    return np.sqrt(_nanvar(a, axis, ddof, _keep(keepdims)))


@implements(np.ptp)
def ptp(a, axis=None, out=None, keepdims=NoValue):
    """numpy.ptp."""
    only_default(out=out)
    a = native(a)
    return np.subtract(reduction("maximum", a, axis, _keep(keepdims)),
                       reduction("minimum", a, axis, _keep(keepdims)))


@implements(np.count_nonzero)
def count_nonzero(a, axis=None, *, keepdims=False):
    """numpy.count_nonzero."""
    a = native(a)
    if a.dtype != bool:
        a = a.astype(bool)
    return a.sum(axis, dtype=np.intp, keepdims=keepdims)


@implements(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=NoValue):
    """numpy.average."""
    a = native(a)
    keep = _keep(keepdims)
    if np.iterable(axis):
        axis = normal_axes(axis, a.ndim)
    if weights is None:
        if a.size == 0:
            raise Forward("an error of NumPy's")
        mean = a.mean(axis, keepdims=keep)
        scale = mean.dtype.type(a.size / mean.size) if returned else None
    else:
        w = native(weights)
        if a.dtype.kind in "iub":
            dtype = np.result_type(a.dtype, w.dtype, "f8")
        else:
            dtype = np.result_type(a.dtype, w.dtype)
        if w.shape != a.shape:
            if not isinstance(axis, int) or w.ndim != 1:
                raise Forward("weights of another shape")
            axis = normal_axis(axis, a.ndim)
            if w.shape[0] != a.shape[axis]:
                raise Forward("an error of NumPy's")
            w = w.reshape((-1,) + (1,) * (a.ndim - axis - 1))
            w = np.broadcast_to(w, a.shape)
        scale = w.sum(axis, dtype, keepdims=keep)
        if (scale == 0).any():
            raise Forward("an error of NumPy's")
        mean = np.multiply(a, w, dtype=dtype).sum(axis, keepdims=keep) / scale
    if not returned:
        return mean
    if np.shape(scale) != mean.shape:
        scale = np.broadcast_to(np.asarray(scale), mean.shape).copy()
    return mean, scale


def _squares(x):
    """|x|**2 as real numbers."""
    if x.dtype.kind == "c":
        re, im = x.real, x.imag
        return re * re + im * im
    return x * x


@implements(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    """numpy.linalg.norm; norms that need singular values are forwarded."""
    x = native(x)
    if x.size == 0:
        raise Forward("a norm of nothing")
    if not is_inexact(x.dtype):
        x = x.astype(float)
    if axis is None:
        if ord is None or ord in ("f", "fro") and x.ndim == 2 or ord == 2 and x.ndim == 1:
            axes = tuple(range(x.ndim))
            return _root(_squares(x), axes, keepdims, x)
        axes = tuple(range(x.ndim))
    else:
        axes = normal_axes(axis, x.ndim)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2 and ord in (None, "f", "fro"):
        return _root(_squares(x), axes, keepdims, x)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, kept = axes if abs(ord) == 1 else axes[::-1]
        sums = abs(x).sum(summed, keepdims=True)
        result = sums.max(kept, keepdims=True) if ord > 0 else sums.min(kept, keepdims=True)
        return result if keepdims else result.squeeze(axes)[()]
    raise Forward("a norm that needs singular values")


def _root(squares, axes, keepdims, x):
    if x.dtype == np.float16:
        raise Forward("dtype float16")
    if not axes:
        return np.sqrt(squares)
    return np.sqrt(squares.sum(axes, keepdims=keepdims))


def _vector_norm(x, ord, axis, keepdims):
    if ord is None or ord == 2:
        return _root(_squares(x), (axis,), keepdims, x)
    if isinstance(ord, str) or x.dtype == np.float16:
        raise Forward("an error of NumPy's")
    size = abs(x)
    if ord == np.inf:
        return size.max(axis, keepdims=keepdims)
    if ord == -np.inf:
        return size.min(axis, keepdims=keepdims)
    if ord == 0:
        return (x != 0).astype(x.real.dtype).sum(axis, keepdims=keepdims)
    if ord == 1:
        return size.sum(axis, keepdims=keepdims)
    if not isinstance(ord, (int, float)):
        raise Forward("an order of another type")
    return (size ** ord).sum(axis, keepdims=keepdims) ** size.dtype.type(1 / ord)

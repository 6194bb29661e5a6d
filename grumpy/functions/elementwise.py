"""Functions that are made of ufuncs."""
import math

import numpy as np

from grumpy._core import Forward, implements, is_array, native, ndarray, record
from grumpy.functions.common import NoValue, is_inexact, only_default

_clip = np._core.umath.clip


@implements(np.clip)
def clip(a, a_min=NoValue, a_max=NoValue, out=None, *, min=NoValue, max=NoValue, **kwargs):
    """numpy.clip, with NumPy's rule for Python integers beyond the dtype."""
    if a_min is NoValue and a_max is NoValue:
        a_min = None if min is NoValue else min
        a_max = None if max is NoValue else max
    elif a_min is NoValue or a_max is NoValue or min is not NoValue or max is not NoValue:
        raise Forward("an error of NumPy's")
    a = native(a)
    if a.dtype.kind in "iu":
        facts = np.iinfo(a.dtype)
        if type(a_min) is int and a_min <= facts.min:
            a_min = None
        if type(a_max) is int and a_max >= facts.max:
            a_max = None
    if out is not None:
        kwargs["out"] = out
    if a_min is None and a_max is None:
        return np.positive(a, **kwargs) if a.dtype != bool else _forward()
    if a_min is None:
        return np.minimum(a, a_max, **kwargs)
    if a_max is None:
        return np.maximum(a, a_min, **kwargs)
    return _clip(a, a_min, a_max, **kwargs)


def _forward():
    raise Forward("an error of NumPy's")


@implements(np.round, np.around)
def round(a, decimals=0, out=None):
    """numpy.round: by NumPy's own three steps."""
    a = native(a)
    if out is not None:
        if not is_array(out) or out.dtype != a.dtype or out.shape != a.shape or not out.flags._writeable_no_warn:
            raise Forward("out=")
        out[...] = round(a, decimals)
        return out
    if not isinstance(decimals, (int, np.integer)) or a.dtype.kind == "b":
        raise Forward("arguments of another type")
    if a.dtype.kind in "iu":
        if decimals < 0:
            raise Forward("integers to tens")
        return a.copy(order="K")
    if decimals == 0:
        return np.rint(a)
    if a.dtype.kind == "c" or a.dtype == np.float16:
        raise Forward(f"dtype {a.dtype}")
    scale = 10.0 ** abs(int(decimals))
    if decimals > 0:
        return np.rint(a * scale) / scale
    return np.rint(a / scale) * scale


@implements(np.fix)
def fix(x, out=None):
    """numpy.fix."""
    only_default(out=out)
    return np.trunc(native(x))


@implements(np.real)
def real(val):
    """numpy.real."""
    return native(val).real


@implements(np.imag)
def imag(val):
    """numpy.imag."""
    return native(val).imag


@implements(np.angle)
def angle(z, deg=False):
    """numpy.angle."""
    z = native(z)
    a = np.arctan2(z.imag, z.real) if z.dtype.kind == "c" else np.arctan2(0, z)
    return a * (180 / math.pi) if deg else a


@implements(np.isreal)
def isreal(x):
    """numpy.isreal."""
    return native(x).imag == 0


@implements(np.iscomplex)
def iscomplex(x):
    """numpy.iscomplex."""
    x = native(x)
    if x.dtype.kind != "c":
        return np.zeros_like(x, bool)
    return x.imag != 0


@implements(np.isposinf)
def isposinf(x, out=None):
    """numpy.isposinf."""
    only_default(out=out)
    x = native(x)
    if x.dtype.kind == "c":
        raise Forward("an error of NumPy's")
    return x == np.inf if is_inexact(x.dtype) else x != x


@implements(np.isneginf)
def isneginf(x, out=None):
    """numpy.isneginf."""
    only_default(out=out)
    x = native(x)
    if x.dtype.kind == "c":
        raise Forward("an error of NumPy's")
    return x == -np.inf if is_inexact(x.dtype) else x != x


@implements(np.isclose)
def isclose(a, b, rtol=1.e-5, atol=1.e-8, equal_nan=False):
    """numpy.isclose, for tolerances that are numbers."""
    if not all(isinstance(t, (int, float)) and math.isfinite(t) for t in (rtol, atol)):
        raise Forward("tolerances that are arrays")
    x = a if type(a) in (int, float, complex) else native(a)
    if type(b) in (int, float, complex):
        y = float(b) if type(b) is int else b
    else:
        y = native(b)
        if not is_inexact(y.dtype):
            y = y.astype(np.result_type(y.dtype, 1.0))
    with np.errstate(invalid="ignore"):
        result = (np.less_equal(abs(x - y), atol + rtol * abs(y)) & np.isfinite(y)) | (x == y)
        if equal_nan:
            result |= np.isnan(x) & np.isnan(y)
    return result[()] if isinstance(result, ndarray) else result


@implements(np.allclose, reads=True)
def allclose(a, b, rtol=1.e-5, atol=1.e-8, equal_nan=False):
    """numpy.allclose; a bool, so it evaluates."""
    return bool(np.all(isclose(a, b, rtol, atol, equal_nan)))


@implements(np.array_equal, reads=True)
def array_equal(a1, a2, equal_nan=False):
    """numpy.array_equal; a bool, so it evaluates."""
    x, y = native(a1), native(a2)
    if x.shape != y.shape:
        return False
    if x is y and (not equal_nan and not is_inexact(x.dtype) or equal_nan):
        return True
    if not equal_nan or not (is_inexact(x.dtype) and is_inexact(y.dtype)):
        return bool((x == y).all())
    return bool(((x == y) | (np.isnan(x) & np.isnan(y))).all())


@implements(np.array_equiv, reads=True)
def array_equiv(a1, a2):
    """numpy.array_equiv; a bool, so it evaluates."""
    x, y = native(a1), native(a2)
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return bool((x == y).all())


@implements(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """numpy.nan_to_num of real arrays."""
    x = native(x)
    if not copy or x.dtype.kind == "c" or not all(
            v is None or isinstance(v, (int, float)) for v in (nan, posinf, neginf)):
        raise Forward("arguments of another kind")
    if x.dtype.kind != "f":
        return x.copy()
    facts = np.finfo(x.dtype)
    most = facts.max if posinf is None else posinf
    least = facts.min if neginf is None else neginf
    x = x.copy("K")  # memory order as NumPy's, who writes into a copy
    y = np.where(np.isnan(x), x.dtype.type(nan), x)
    y = np.where(y == np.inf, x.dtype.type(most), y)
    return np.where(y == -np.inf, x.dtype.type(least), y)


@implements(np.sinc)
def sinc(x):
    """numpy.sinc."""
    x = native(x)
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    y = math.pi * np.where(x, x, np.finfo(x.dtype).eps)
    return np.sin(y) / y


def parts(x):
    """(real, imaginary) parts of a complex array as recorded operations."""
    return record("real", x), record("imag", x)


@implements(np.i0)
def i0(x):
    """numpy.i0: both of NumPy's series, each on the elements it is for."""
    x = native(x)
    if x.dtype.kind == "c":
        raise Forward("an error of NumPy's")
    x = np.abs(x if x.dtype.kind == "f" else x.astype(float))
    near = x <= 8.0
    low, high = x.dtype.type(0), x.dtype.type(8)
    return np.where(near, _series.__globals__["_i0_1"](np.where(near, x, low)),
                    _series.__globals__["_i0_2"](np.where(near, high, x)))


_series = np.i0._implementation

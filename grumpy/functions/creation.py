"""New arrays like others, copies, and copies into others."""
import numpy as np

from grumpy._core import (
    Forward, can_store, full_array, implements, is_array, layout, native, native_dtypes,
    new_array, to_numpy, write_masked)
from grumpy.functions.common import only_default


def on_cpu(device):
    """Forward unless device= is one that NumPy knows."""
    if device is not None and not (isinstance(device, str) and device == "cpu"):
        raise Forward("device=")


def _like(a, dtype, order, shape):
    """(shape, dtype, order of the axes in memory) of a new array like `a`."""
    if order not in ("K", "C", "A", "F"):
        raise Forward("order=")
    a = native(a)
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    if dtype not in native_dtypes():
        raise Forward(f"dtype {dtype}")
    if shape is None:
        shape = a.shape
    elif not isinstance(shape, (tuple, list)):
        shape = (shape,)
    shape = tuple(shape)
    axes = None  # outermost first, where that is not C order
    if order == "F" or a.flags.fnc and (order == "A" or order == "K" and len(shape) == a.ndim):
        axes = tuple(range(len(shape)))[::-1]
    elif order == "K" and len(shape) == a.ndim > 1 and not a.flags.c_contiguous:
        strides, _ = layout(a)
        axes = tuple(sorted(range(a.ndim), key=lambda k: -abs(strides[k])))
    return shape, dtype, axes


def _shaped(make, a, dtype, order, shape):
    shape, dtype, axes = _like(a, dtype, order, shape)
    if axes is None or axes == tuple(range(len(shape))):
        return make(shape, dtype)
    return make(tuple(shape[k] for k in axes), dtype).transpose(np.argsort(axes).tolist())


@implements(np.empty_like)
def empty_like(prototype, /, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """numpy.empty_like."""
    on_cpu(device)
    return _shaped(new_array, prototype, dtype, order, shape)


@implements(np.zeros_like)
def zeros_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """numpy.zeros_like."""
    on_cpu(device)
    return _shaped(lambda s, t: full_array(s, t, 0), a, dtype, order, shape)


@implements(np.ones_like)
def ones_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """numpy.ones_like."""
    on_cpu(device)
    return _shaped(lambda s, t: full_array(s, t, 1), a, dtype, order, shape)


@implements(np.full_like)
def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """numpy.full_like."""
    on_cpu(device)
    if not isinstance(fill_value, (int, float, complex, np.generic)):
        raise Forward("a fill value that is an array")
    result = _shaped(new_array, a, dtype, order, shape)
    np.copyto(result, fill_value, casting="unsafe")
    return result


@implements(np.copy)
def copy(a, order="K", subok=False):
    """numpy.copy."""
    a = native(a)
    if a.ndim == 0:
        out = new_array((), a.dtype)
        out[...] = a
        return out
    return a.copy(order)


@implements(np.astype)
def astype(x, dtype, /, *, copy=True, device=None):
    """numpy.astype."""
    only_default(device=device)
    return native(x).astype(dtype, copy=copy)


@implements(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    """numpy.copyto, into a grumpy array; into an ndarray NumPy copies."""
    if not is_array(dst):
        raise Forward("the destination is a numpy.ndarray" if isinstance(dst, np.ndarray)
                      else "the destination's type")
    if not dst.flags._writeable_no_warn:
        raise Forward("an error of NumPy's")
    if isinstance(src, (bool, int, float, complex)) and not isinstance(src, np.generic):
        kind = np.asarray(src).dtype
        if kind == object:
            raise Forward("a number that fits no native dtype")
        if casting != "unsafe" and not (dst.dtype.kind == kind.kind or can_store(dst, kind, casting)):
            raise Forward("a cast that NumPy must judge")
        if kind.kind in "fc" and dst.dtype.kind not in "fc":
            src = native(np.asarray(src))  # infinities and NaN are cast, not refused
    else:
        src = native(src)
        if not can_store(dst, src.dtype, casting):
            raise Forward("a cast that NumPy must judge")
        if src.ndim == 0 and src.dtype != dst.dtype:
            src = src.astype(dst.dtype)  # assignment would refuse a number out of range
    if where is True:
        dst[...] = src
        return
    where = native(where)
    if where.dtype != bool:
        raise Forward("an error of NumPy's")
    write_masked(dst, where, src)


@implements(np.asanyarray, np.asarray, np.array)
def like(x, *args, **kwargs):
    """numpy.asarray(x, like=g) and its kin."""
    import grumpy
    if args or kwargs:
        return grumpy.asarray(np.array(to_numpy(x), *to_numpy(args), **to_numpy(kwargs)))
    return grumpy.array(x)


def _made_by_grumpy(name):
    def create(*args, **kwargs):
        import grumpy
        return getattr(grumpy, name)(*args, **kwargs)
    create.__doc__ = f"numpy.{name}(..., like=g)."
    return create


for _name in ("arange", "ascontiguousarray", "asfortranarray", "empty", "eye", "frombuffer",
              "fromfunction", "fromiter", "full", "identity", "ones", "tri", "zeros"):
    implements(getattr(np, _name))(_made_by_grumpy(_name))

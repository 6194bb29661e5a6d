"""Convolutions with short kernels: sums of shifted products, recorded."""
import numpy as np

from grumpy._core import Forward, full_array, implements, is_pending, layout, native, ndarray, strided

SHORT = 11  # elements of a kernel for which NumPy, too, adds product by product
PLENTY = 4096  # elements from which on the ends are computed apart, and nothing is copied


def _pair(a, v):
    """Both as native arrays of one axis and of their common dtype."""
    a, v = native(a), native(v)
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise Forward("an error of NumPy's")
    dtype = np.result_type(a.dtype, v.dtype)
    if dtype in (np.bool_, np.float16):
        raise Forward(f"dtype {dtype}")
    return a.astype(dtype, copy=False), v.astype(dtype, copy=False)


def _is_finite(x):
    """Are the elements of a short array known to be finite, without work that is pending?"""
    if not isinstance(x, ndarray):
        x = np.asarray(x)
    return x.dtype.kind in "iu" or not is_pending(x) and bool(np.isfinite(np.asarray(x)).all())


def _beyond(n, mode):
    """How far a kernel of n elements reaches beyond both ends of the other array."""
    if mode == "valid":
        return 0, 0
    if mode == "same":
        return n // 2, n - n // 2 - 1
    if mode == "full":
        return n - 1, n - 1
    raise Forward("mode=")


def _inside(a, kernel):
    """The correlation where the kernel is wholly inside a: few products summed window by window, many as
    one sum of shifted arrays."""
    n = kernel.size
    length = a.size - n + 1
    if length < PLENTY:
        (step,), offset = layout(a)
        return (strided(a, (length, n), (step, step), offset) * kernel).sum(-1, a.dtype)
    total = a[:length] * kernel[:1]
    for j in range(1, n):
        total = total + a[j:j + length] * kernel[j:j + 1]
    return total


def _padded(a, left, right):
    """a between zeros."""
    out = full_array((left + a.size + right,), a.dtype, 0)
    out[left:left + a.size] = a
    return out


def _correlated(a, kernel, mode, given):
    """The correlation of two arrays of one dtype, `kernel` not longer than `a`, made of `given`."""
    n = kernel.size
    left, right = _beyond(n, mode)
    if n > SHORT:
        raise Forward("a long kernel")
    if not left and not right:
        return _inside(a, kernel)
    if not _is_finite(given):  # for zeros then stand for what is beyond the ends
        raise Forward("a kernel that is not known to be finite")
    if a.size < PLENTY:
        return _inside(_padded(a, left, right), kernel)
    parts = [_inside(a, kernel)]
    if left:
        parts.insert(0, _inside(_padded(a[:n - 1], left, 0), kernel))
    if right:
        parts.append(_inside(_padded(a[a.size - n + 1:], 0, right), kernel))
    return np.concatenate(parts)


@implements(np.correlate)
def correlate(a, v, mode="valid"):
    """numpy.correlate; with a long kernel it is forwarded."""
    given = a, v
    a, v = _pair(a, v)
    v = v.conj()
    if v.size > a.size:
        return _correlated(v, a, mode, given[0])[::-1].copy()
    return _correlated(a, v, mode, given[1])


def _one_axis(x):
    return x if isinstance(x, (list, tuple)) else np.atleast_1d(x)


@implements(np.convolve)
def convolve(a, v, mode="full"):
    """numpy.convolve; with a long kernel it is forwarded."""
    given = a, v
    a, v = _pair(_one_axis(a), _one_axis(v))
    if v.size > a.size:
        return _correlated(v, a[::-1], mode, given[0])
    return _correlated(a, v[::-1], mode, given[1])

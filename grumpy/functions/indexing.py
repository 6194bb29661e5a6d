"""Reads by position, differences, integration."""
import numpy as np

from grumpy._core import (
    Forward, compress_array, implements, native, ndarray, nonzero_positions, take_along)
from grumpy.functions.common import NoValue, normal_axis, only_default


@implements(np.take, reads=True)
def take(a, indices, axis=None, out=None, mode="raise"):
    """numpy.take."""
    only_default(out=out)
    a = native(a)
    if axis is None:
        a, axis = a.ravel(), 0
    axis = normal_axis(axis, a.ndim)
    if mode != "raise":
        indices = _bounded(indices, a.shape[axis], mode)
    return take_along(a, indices, axis)


def _bounded(indices, n, mode):
    """Indices brought into 0 to n - 1 as mode="wrap" or "clip" has it."""
    indices = native(indices)
    if not n or mode not in ("wrap", "clip") or not np.can_cast(indices.dtype, np.intp, "same_kind"):
        raise Forward("mode=")
    indices = indices.astype(np.intp, copy=False)
    return indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)


MANY_CHOICES = 32  # beyond which one call of NumPy's is cheaper


@implements(np.choose, reads=True)
def choose(a, choices, out=None, mode="raise"):
    """numpy.choose: nested where."""
    only_default(out=out)
    a = native(a)
    if a.dtype.kind not in "iub" or a.dtype == np.uint64 or mode not in ("raise", "wrap", "clip"):
        raise Forward("arguments of another kind")
    try:
        n = len(choices)
    except TypeError:
        n = 0
    if not 0 < n <= MANY_CHOICES:
        raise Forward("choices of another kind")
    choices = [c if type(c) in (int, float, complex) else native(c) for c in choices]
    dtype = np.result_type(*choices)
    try:
        shape = np.broadcast_shapes(a.shape, *[np.shape(c) for c in choices])
    except ValueError:
        raise Forward("an error of NumPy's") from None
    last, *rest = [native(c).astype(dtype, copy=False) for c in reversed(choices)]
    if mode == "wrap":
        a = a % n if a.dtype != bool else a.astype(np.intp) % n
    elif mode == "clip":
        a = np.clip(a, 0, n - 1) if a.dtype != bool else np.minimum(a, n > 1)
    elif not (a.dtype == bool and n > 1 or ((a >= 0) & (a < n)).all()):
        raise Forward("an error of NumPy's")
    for k, choice in zip(range(n - 2, -1, -1), rest):
        last = np.where(a == k, choice, last)
    if n == 1:
        last = np.broadcast_to(last, shape).copy()
    return last[()] if last.ndim == 0 else last if last.flags.c_contiguous else last.copy("C")


@implements(np.select)
def select(condlist, choicelist, default=0):
    """numpy.select: nested where, the last condition innermost."""
    n = len(condlist)
    if n != len(choicelist) or not 0 < n <= MANY_CHOICES:
        raise Forward("arguments of another kind")
    conditions = [native(c) for c in condlist]
    choices = [c if type(c) in (int, float, complex) else native(c) for c in (*choicelist, default)]
    if any(c.dtype != bool for c in conditions):
        raise Forward("an error of NumPy's")
    try:
        dtype = np.result_type(*choices)
        shape = np.broadcast_shapes(*[c.shape for c in conditions], *[np.shape(c) for c in choices])
    except (TypeError, ValueError):
        raise Forward("an error of NumPy's") from None
    if not shape:
        raise Forward("arrays without axes")
    choices = [native(c) for c in choices]
    if not all(np.can_cast(c.dtype, dtype, "same_kind") for c in choices[:-1]):
        raise Forward("an error of NumPy's")
    *choices, result = [c.astype(dtype, copy=False) for c in choices]
    for condition, choice in zip(reversed(conditions), reversed(choices)):
        result = np.where(condition, choice, result)
    return result if result.flags.c_contiguous else result.copy("C")


@implements(np.nonzero, reads=True)
def nonzero(a):
    """numpy.nonzero; its shape depends on data, so it evaluates."""
    return nonzero_positions(a)


@implements(np.flatnonzero, reads=True)
def flatnonzero(a):
    """numpy.flatnonzero; its shape depends on data, so it evaluates."""
    return nonzero_positions(native(a).ravel())[0]


@implements(np.argwhere, reads=True)
def argwhere(a):
    """numpy.argwhere; its shape depends on data, so it evaluates."""
    return np.stack(nonzero_positions(a), 1)


@implements(np.compress, reads=True)
def compress(condition, a, axis=None, out=None):
    """numpy.compress."""
    only_default(out=out)
    condition, a = native(condition), native(a)
    if condition.ndim != 1:
        raise Forward("an error of NumPy's")
    if condition.dtype != bool:
        condition = condition.astype(bool)
    if axis is None:
        a, axis = a.ravel(), 0
    axis = normal_axis(axis, a.ndim)
    moved = np.moveaxis(a, axis, 0)
    if condition.shape[0] > moved.shape[0]:
        raise Forward("an error of NumPy's")
    return np.moveaxis(compress_array(moved[:condition.shape[0]], condition), 0, axis)


@implements(np.extract, reads=True)
def extract(condition, arr):
    """numpy.extract."""
    condition = native(condition)
    if condition.dtype != bool:
        condition = condition.astype(bool)
    arr = native(arr)
    if condition.size != arr.size:
        raise Forward("a condition of another size")
    return compress_array(arr.ravel(), condition.ravel())


MANY_PIECES = 32  # positions beyond which a mask is cheaper


@implements(np.delete)
def delete(arr, obj, axis=None):
    """numpy.delete of a few known positions of an array in C order: a join of what is between them. The
    rest is left to NumPy's code."""
    arr = native(arr)
    if isinstance(obj, ndarray) or not isinstance(obj, (list, tuple, np.ndarray)) or np.ndim(obj) != 1:
        raise Forward("positions of another kind")
    obj = np.asarray(obj)
    if axis is None:
        arr, axis = arr.ravel(), 0
    axis = normal_axis(axis, arr.ndim)
    n = arr.shape[axis]
    if obj.dtype.kind not in "iu" or not 1 < obj.size <= MANY_PIECES or not arr.flags.c_contiguous \
            or obj.min() < -n or obj.max() >= n:
        raise Forward("positions of another kind")
    cuts = np.unique(obj.astype(np.intp) % n).tolist()
    head = (slice(None),) * axis
    pieces = [arr[head + (slice(a + 1, b),)] for a, b in zip([-1, *cuts], [*cuts, n])]
    return np.concatenate(pieces, axis)


@implements(np.diff)
def diff(a, n=1, axis=-1, prepend=NoValue, append=NoValue):
    """numpy.diff."""
    a = native(a)
    if n == 0:
        return a
    if n < 0 or a.ndim == 0:
        raise Forward("an error of NumPy's")
    axis = normal_axis(axis, a.ndim)
    joined = []
    for end in (prepend, a, append):
        if end is NoValue:
            continue
        end = native(end)
        if end.ndim == 0:
            shape = list(a.shape)
            shape[axis] = 1
            end = np.broadcast_to(end, tuple(shape))
        joined.append(end)
    if len(joined) > 1:
        a = np.concatenate(joined, axis)
    head = (slice(None),) * axis
    late, early = head + (slice(1, None),), head + (slice(None, -1),)
    for _ in range(n):
        a = a[late] != a[early] if a.dtype == bool else a[late] - a[early]
    return a


@implements(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """numpy.ediff1d without ends."""
    only_default(to_end=to_end, to_begin=to_begin)
    ary = native(ary).ravel()
    return ary[1:] - ary[:-1]


@implements(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """numpy.trapezoid."""
    y = native(y)
    axis = normal_axis(axis, y.ndim)
    if x is None:
        d = dx
        if np.ndim(dx):
            raise Forward("dx that is an array")
    else:
        x = native(x)
        if x.ndim == 1:
            d = np.diff(x).reshape((-1,) + (1,) * (y.ndim - axis - 1))
        else:
            d = np.diff(x, axis=axis)
    head = (slice(None),) * axis
    return (d * (y[head + (slice(1, None),)] + y[head + (slice(None, -1),)]) / 2.0).sum(axis)

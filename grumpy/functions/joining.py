"""Several arrays as one: writes into new memory, recorded."""
import numpy as np

from grumpy._core import (
    Forward, broadcast_view, can_store, implements, joined, joined_at_once, native, new_array)
from grumpy.functions.common import normal_axis, only_default

MANY = 512  # arrays beyond which one call of NumPy is cheaper than that many recorded writes


def _natives(arrays):
    """The arrays of a joining function as native ones."""
    arrays = list(arrays)
    if not 0 < len(arrays) <= MANY:
        raise Forward("too many arrays" if arrays else "an error of NumPy's")
    return [native(a) for a in arrays]


def _join(arrays, axis, out, dtype, casting):
    """Concatenates native arrays of one ndim along a non-negative axis."""
    if casting not in ("same_kind", "unsafe"):
        raise Forward("casting=")
    if out is None and dtype is None:
        result = joined_at_once(arrays, axis)
        if result is None:
            result = joined(arrays, axis)
        if result is None:
            raise Forward("an error of NumPy's")
        return result
    shape = list(arrays[0].shape)
    for a in arrays[1:]:
        if a.ndim != len(shape) or any(
                p != q for k, (p, q) in enumerate(zip(a.shape, shape)) if k != axis):
            raise Forward("an error of NumPy's")
    shape[axis] = sum(a.shape[axis] for a in arrays)
    if out is None:
        out = new_array(tuple(shape), np.result_type(*[a.dtype for a in arrays])
                        if dtype is None else dtype)
    elif dtype is not None or getattr(out, "shape", None) != tuple(shape):
        raise Forward("out=")
    if not all(can_store(out, a.dtype, casting) for a in arrays) or not out.flags._writeable_no_warn:
        raise Forward("a cast that NumPy must judge")
    head = (slice(None),) * axis
    at = 0
    for a in arrays:
        out[head + (slice(at, at + a.shape[axis]),)] = a
        at += a.shape[axis]
    return out


@implements(np.concatenate)
def concatenate(arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """numpy.concatenate."""
    arrays = _natives(arrays)
    if axis is None:
        arrays = [a.ravel() for a in arrays]
        axis = 0
    if arrays[0].ndim == 0:
        raise Forward("an error of NumPy's")
    return _join(arrays, normal_axis(axis, arrays[0].ndim), out, dtype, casting)


@implements(np.stack)
def stack(arrays, axis=0, out=None, *, dtype=None, casting="same_kind"):
    """numpy.stack."""
    arrays = _natives(arrays)
    if len({a.shape for a in arrays}) != 1:
        raise Forward("an error of NumPy's")
    axis = normal_axis(axis, arrays[0].ndim + 1)
    index = (slice(None),) * axis + (None,)
    return _join([a[index] if a.ndim else a.reshape(1) for a in arrays], axis, out, dtype, casting)


@implements(np.vstack)
def vstack(tup, *, dtype=None, casting="same_kind"):
    """numpy.vstack."""
    return _join([np.atleast_2d(a) for a in _natives(tup)], 0, None, dtype, casting)


@implements(np.hstack)
def hstack(tup, *, dtype=None, casting="same_kind"):
    """numpy.hstack."""
    arrays = [np.atleast_1d(a) for a in _natives(tup)]
    return _join(arrays, 0 if arrays[0].ndim == 1 else 1, None, dtype, casting)


@implements(np.dstack)
def dstack(tup):
    """numpy.dstack."""
    return _join([np.atleast_3d(a) for a in _natives(tup)], 2, None, None, "same_kind")


@implements(np.column_stack)
def column_stack(tup):
    """numpy.column_stack."""
    arrays = [a.reshape(1, 1) if a.ndim == 0 else a[:, None] if a.ndim == 1 else a
              for a in _natives(tup)]
    return _join(arrays, 1, None, None, "same_kind")


@implements(np.append)
def append(arr, values, axis=None):
    """numpy.append."""
    arr, values = native(arr), native(values)
    if axis is None:
        return _join([arr.ravel(), values.ravel()], 0, None, None, "same_kind")
    if arr.ndim == 0:
        raise Forward("an error of NumPy's")
    return _join([arr, values], normal_axis(axis, arr.ndim), None, None, "same_kind")


@implements(np.roll)
def roll(a, shift, axis=None):
    """numpy.roll."""
    a = native(a)
    if axis is None and a.ndim != 1:
        return roll(a.ravel(), shift, 0).reshape(a.shape)
    if type(shift) is int and type(axis) in (int, type(None)):
        return _rolled(a, {normal_axis(axis or 0, a.ndim): shift})
    axis = 0 if axis is None else axis
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if not all(isinstance(s, (int, np.integer)) for s in shifts):
        raise Forward("shifts that are arrays")
    if not len(axes):
        raise Forward("no axes")
    shifts, axes = (list(x) for x in zip(*np.broadcast(shifts, axes)))
    steps = {}
    for s, k in zip(shifts, axes):
        k = normal_axis(k, a.ndim)
        steps[k] = steps.get(k, 0) + int(s)
    return _rolled(a, steps)


def _rolled(a, steps):
    """A copy of `a` with its elements moved so many steps along these axes."""
    moves = False
    for k, s in steps.items():
        n = a.shape[k]
        s = s % n if n else 0
        if s == 0:
            continue
        moves = True
        head = (slice(None),) * k
        first, second = a[head + (slice(n - s, None),)], a[head + (slice(None, n - s),)]
        if a.flags.c_contiguous:
            a = _join([first, second], k, None, None, "same_kind")
            continue
        out = np.empty_like(a)
        out[head + (slice(s, None),)] = second
        out[head + (slice(None, s),)] = first
        a = out
    return a if moves else a.copy(order="K")


@implements(np.tile)
def tile(A, reps):
    """numpy.tile: one write of a broadcast view."""
    a = native(A)
    reps = tuple(reps) if np.iterable(reps) else (reps,)
    if not all(isinstance(r, (int, np.integer)) and r >= 0 for r in reps):
        raise Forward("repeats of another kind")
    n = max(len(reps), a.ndim)
    reps = (1,) * (n - len(reps)) + reps
    shape = (1,) * (n - a.ndim) + a.shape
    inner = a.reshape(tuple(x for s in shape for x in (1, s)))
    wide = broadcast_view(inner, tuple(x for r, s in zip(reps, shape) for x in (r, s)))
    return wide.copy().reshape(tuple(r * s for r, s in zip(reps, shape)))


@implements(np.repeat)
def repeat(a, repeats, axis=None):
    """numpy.repeat by one number; by an array it is forwarded."""
    a = native(a)
    if not isinstance(repeats, (int, np.integer)) or repeats < 0:
        raise Forward("repeats of another kind")
    if axis is None:
        a, axis = a.ravel(), 0
    axis = normal_axis(axis, a.ndim)
    head = (slice(None),) * (axis + 1)
    shape = a.shape[:axis + 1] + (int(repeats),) + a.shape[axis + 1:]
    wide = broadcast_view(a[head + (None,)], shape)
    return wide.copy().reshape(a.shape[:axis] + (a.shape[axis] * int(repeats),) + a.shape[axis + 1:])


def _ends(mode, n, left, right):
    """Where along a padded axis the values of both ends come from, as slices; raises Forward where one
    copy of the n elements is not enough."""
    least = {"edge": 1, "reflect": max(left, right) + 1, "symmetric": max(left, right),
             "wrap": max(left, right)}.get(mode)
    if least is None or n < max(least, 1):
        raise Forward("mode=" if least is None else "padding wider than the array")
    end = left + n
    if mode == "edge":
        return slice(left, left + 1), slice(end - 1, end)
    if mode == "wrap":
        return slice(n, end), slice(left, left + right)
    inner = mode == "reflect"
    return _backwards(2 * left - 1 + inner, left), _backwards(end - 1 - inner, right)


def _backwards(first, count):
    """`count` places from the first on, each before the last one."""
    last = first - count
    return slice(first, last if last >= 0 else None, -1)


@implements(np.pad)
def pad(array, pad_width, mode="constant", **kwargs):
    """numpy.pad with one constant, or with copies of the array's own elements."""
    array = native(array)
    constant_values = kwargs.pop("constant_values", 0) if mode == "constant" else 0
    if mode == "reflect" and kwargs.get("reflect_type") == "even":
        kwargs.pop("reflect_type")
    only_default(**kwargs)
    if not isinstance(mode, str) or np.ndim(constant_values) or isinstance(pad_width, dict):
        raise Forward("values for each side")
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu" or widths.min(initial=0) < 0:
        raise Forward("an error of NumPy's")
    try:
        widths = np.broadcast_to(widths, (array.ndim, 2)).tolist()
    except ValueError:
        raise Forward("an error of NumPy's") from None
    ends = None if mode == "constant" else [
        _ends(mode, n, a, b) for n, (a, b) in zip(array.shape, widths)]
    shape = tuple(a + n + b for n, (a, b) in zip(array.shape, widths))
    out = new_array(shape[::-1], array.dtype).T if array.flags.fnc else new_array(shape, array.dtype)
    if ends is None:
        out[...] = constant_values
    middle = tuple(slice(a, a + n) for n, (a, b) in zip(array.shape, widths))
    out[middle] = array
    for k, (a, b) in enumerate(widths if ends else ()):
        head, tail = (slice(None),) * k, middle[k + 1:]
        if a:
            out[head + (slice(0, a),) + tail] = out[head + (ends[k][0],) + tail]
        if b:
            out[head + (slice(shape[k] - b, None),) + tail] = out[head + (ends[k][1],) + tail]
    return out

"""Other shapes of the same memory: transposes, reshapes, flips, splits."""
import operator

import numpy as np

from grumpy._core import (
    Forward, broadcast_view, implements, is_array, layout, native, ndarray, read_only, strided)
from grumpy.functions.common import normal_axes, normal_axis


@implements(np.shape)
def shape(a):
    """numpy.shape; evaluates nothing."""
    if not isinstance(a, ndarray):
        raise Forward("a sequence")
    return a.shape


@implements(np.ndim)
def ndim(a):
    """numpy.ndim; evaluates nothing."""
    if not isinstance(a, ndarray):
        raise Forward("a sequence")
    return a.ndim


@implements(np.size)
def size(a, axis=None):
    """numpy.size; evaluates nothing."""
    if not isinstance(a, ndarray):
        raise Forward("a sequence")
    if axis is None:
        return a.size
    count = 1
    for k in normal_axes(axis, a.ndim):
        count *= a.shape[k]
    return count


@implements(np.iscomplexobj)
def iscomplexobj(x):
    """numpy.iscomplexobj; evaluates nothing."""
    return x.dtype.kind == "c"


@implements(np.isrealobj)
def isrealobj(x):
    """numpy.isrealobj; evaluates nothing."""
    return x.dtype.kind != "c"


def _dtypes_for(function):
    """Type questions are asked of dtypes, not of arrays: nothing need be evaluated."""
    def ask(*args, **kwargs):
        return function(*[_dtype_of(x) for x in args], **kwargs)
    ask.__doc__ = f"numpy.{function.__name__}; evaluates nothing."
    return ask


def _dtype_of(x):
    if not isinstance(x, ndarray):
        return x
    if not is_array(x):
        raise Forward(f"dtype {x.dtype}")
    return x.dtype


implements(np.result_type)(_dtypes_for(np.result_type))
implements(np.can_cast)(_dtypes_for(np.can_cast))


@implements(np.may_share_memory, reads=True)
def may_share_memory(a, b, max_work=0):
    """numpy.may_share_memory."""
    return _share(np.may_share_memory, a, b, max_work)


@implements(np.shares_memory, reads=True)
def shares_memory(a, b, max_work=-1):
    """numpy.shares_memory."""
    return _share(np.shares_memory, a, b, max_work)


def _share(function, a, b, max_work):
    """Asks about the exported memory of both, so that the answer is about their real bytes."""
    a = np.asarray(a) if isinstance(a, ndarray) else a
    b = np.asarray(b) if isinstance(b, ndarray) else b
    return function(a, b, max_work)


@implements(np.min_scalar_type)
def min_scalar_type(a, /):
    """numpy.min_scalar_type; of an array with axes it evaluates nothing."""
    if not is_array(a) or a.ndim == 0:
        raise Forward("the value decides")
    return a.dtype


@implements(np.transpose, *{np.permute_dims} - {np.transpose})
def transpose(a, axes=None):
    """numpy.transpose."""
    return native(a).transpose(axes)


@implements(np.matrix_transpose)
def matrix_transpose(x, /):
    """numpy.matrix_transpose."""
    x = native(x)
    if x.ndim < 2:
        raise Forward("an error of NumPy's")
    return x.swapaxes(-1, -2)


@implements(np.swapaxes)
def swapaxes(a, axis1, axis2):
    """numpy.swapaxes."""
    return native(a).swapaxes(axis1, axis2)


@implements(np.moveaxis)
def moveaxis(a, source, destination):
    """numpy.moveaxis."""
    a = native(a)
    source, destination = normal_axes(source, a.ndim), normal_axes(destination, a.ndim)
    if len(source) != len(destination):
        raise Forward("an error of NumPy's")
    order = [k for k in range(a.ndim) if k not in source]
    for to, come_from in sorted(zip(destination, source)):
        order.insert(to, come_from)
    return a.transpose(order)


@implements(np.rollaxis)
def rollaxis(a, axis, start=0):
    """numpy.rollaxis."""
    a = native(a)
    n = a.ndim
    axis = normal_axis(axis, n)
    if not -n <= start <= n:
        raise Forward("an error of NumPy's")
    start += n if start < 0 else 0
    start -= axis < start
    if axis == start:
        return a[...]
    order = list(range(n))
    order.remove(axis)
    order.insert(start, axis)
    return a.transpose(order)


@implements(np.reshape)
def reshape(a, /, shape, order="C", *, copy=None):
    """numpy.reshape."""
    return native(a).reshape(shape, order=order, copy=copy)


@implements(np.ravel)
def ravel(a, order="C"):
    """numpy.ravel."""
    return native(a).ravel(order)


@implements(np.squeeze)
def squeeze(a, axis=None):
    """numpy.squeeze."""
    return native(a).squeeze(axis)


@implements(np.expand_dims)
def expand_dims(a, axis):
    """numpy.expand_dims."""
    a = native(a)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = normal_axes(axes, len(axes) + a.ndim)
    extents = iter(a.shape)
    return a.reshape(tuple(1 if k in axes else next(extents) for k in range(len(axes) + a.ndim)))


@implements(np.broadcast_to)
def broadcast_to(array, shape, subok=False):
    """numpy.broadcast_to."""
    return broadcast_view(native(array), shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False):
    """numpy.broadcast_arrays."""
    arrays = [native(a) for a in args]
    joint = np.broadcast_shapes(*[a.shape for a in arrays])
    if all(a.shape == joint for a in arrays):
        return tuple(arrays)
    return tuple(a if a.shape == joint else broadcast_view(a, joint, True) for a in arrays)


def _atleast(n, place):
    def atleast(*arys):
        done = [place(native(a)) for a in arys]
        return done[0] if len(done) == 1 else tuple(done)
    atleast.__doc__ = f"numpy.atleast_{n}d."
    return atleast


def _three(a):
    if a.ndim == 0:
        return a.reshape(1, 1, 1)
    if a.ndim == 1:
        return a[None, :, None]
    return a[:, :, None] if a.ndim == 2 else a


def _two(a):
    if a.ndim == 0:
        return a.reshape(1, 1)
    return a[None, :] if a.ndim == 1 else a


implements(np.atleast_1d)(_atleast(1, lambda a: a.reshape(1) if a.ndim == 0 else a))
implements(np.atleast_2d)(_atleast(2, _two))
implements(np.atleast_3d)(_atleast(3, _three))


@implements(np.flip)
def flip(m, axis=None):
    """numpy.flip."""
    m = native(m)
    axes = range(m.ndim) if axis is None else normal_axes(axis, m.ndim)
    return m[tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(m.ndim))]


@implements(np.flipud)
def flipud(m):
    """numpy.flipud."""
    m = native(m)
    if m.ndim < 1:
        raise Forward("an error of NumPy's")
    return m[::-1, ...]


@implements(np.fliplr)
def fliplr(m):
    """numpy.fliplr."""
    m = native(m)
    if m.ndim < 2:
        raise Forward("an error of NumPy's")
    return m[:, ::-1]


@implements(np.rot90)
def rot90(m, k=1, axes=(0, 1)):
    """numpy.rot90."""
    m = native(m)
    axes = tuple(axes)
    if len(axes) != 2 or not isinstance(k, (int, np.integer)):
        raise Forward("an error of NumPy's")
    first, second = normal_axes(axes, m.ndim)
    k %= 4
    if k == 0:
        return m[:]
    if k == 2:
        return flip(flip(m, first), second)
    order = list(range(m.ndim))
    order[first], order[second] = order[second], order[first]
    return flip(m, second).transpose(order) if k == 1 else flip(m.transpose(order), second)


@implements(np.diagonal)
def diagonal(a, offset=0, axis1=0, axis2=1):
    """numpy.diagonal."""
    return native(a).diagonal(offset, axis1, axis2)


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(x, window_shape, axis=None, *, subok=False, writeable=False):
    """numpy.lib.stride_tricks.sliding_window_view."""
    x = native(x)
    window = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    if axis is None:
        axes = tuple(range(x.ndim))
    else:
        axes = tuple(normal_axis(a, x.ndim)
                     for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
    window = tuple(operator.index(w) for w in window)
    if len(window) != len(axes) or min(window, default=0) < 0:
        raise Forward("an error of NumPy's")
    strides, offset = layout(x)
    extents = list(x.shape)
    for a, w in zip(axes, window):
        if extents[a] < w:
            raise Forward("an error of NumPy's")
        extents[a] -= w - 1
    view = strided(x, tuple(extents) + window, strides + tuple(strides[a] for a in axes), offset)
    return view if writeable else read_only(view)


# ---- splitting

def _sections(indices_or_sections):
    """How many sections are wanted, as any scalar says it; None where indices are given."""
    try:
        len(indices_or_sections)
    except TypeError:
        return indices_or_sections
    return None


@implements(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    """numpy.array_split."""
    ary = native(ary)
    axis = normal_axis(axis, ary.ndim)
    extent = ary.shape[axis]
    if _sections(indices_or_sections) is not None:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise Forward("an error of NumPy's")
        each, extras = divmod(extent, sections)
        cuts = [0]
        for k in range(sections):
            cuts.append(cuts[-1] + each + (k < extras))
    else:
        cuts = [0, *(operator.index(i) for i in indices_or_sections), extent]
    head = (slice(None),) * axis
    return [ary[head + (slice(a, b),)] for a, b in zip(cuts[:-1], cuts[1:])]


@implements(np.split)
def split(ary, indices_or_sections, axis=0):
    """numpy.split."""
    ary = native(ary)
    sections = _sections(indices_or_sections)
    if sections is not None:
        extent = ary.shape[normal_axis(axis, ary.ndim)]
        if sections <= 0 or extent % sections:
            raise Forward("an error of NumPy's")
    return array_split(ary, indices_or_sections, axis)


def _split_along(least, axis_of):
    def split_along(ary, indices_or_sections):
        ary = native(ary)
        if ary.ndim < least:
            raise Forward("an error of NumPy's")
        return split(ary, indices_or_sections, axis_of(ary))
    return split_along


implements(np.hsplit)(_split_along(1, lambda a: 1 if a.ndim > 1 else 0))
implements(np.vsplit)(_split_along(2, lambda a: 0))
implements(np.dsplit)(_split_along(3, lambda a: 2))


@implements(np.unstack)
def unstack(x, /, *, axis=0):
    """numpy.unstack."""
    x = native(x)
    if x.ndim == 0:
        raise Forward("an error of NumPy's")
    return tuple(moveaxis(x, axis, 0))

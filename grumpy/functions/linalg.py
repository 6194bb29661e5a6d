"""Products: inner, outer, tensordot, einsum, kron."""
import functools
import itertools

import numpy as np

from grumpy._core import Forward, implements, layout, native, strided
from grumpy.functions.common import normal_axes, normal_axis, only_default, silent


@implements(np.vdot)
@silent
def vdot(a, b, /):
    """numpy.vdot."""
    a, b = native(a), native(b)
    if a.size != b.size:
        raise Forward("an error of NumPy's")
    if a.dtype.kind == "c":
        a = np.conjugate(a)
    return (a if a.ndim == 1 else a.ravel()) @ (b if b.ndim == 1 else b.ravel())


@implements(np.inner)
def inner(a, b, /):
    """numpy.inner."""
    a, b = native(a), native(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.shape[-1] != b.shape[-1]:
        raise Forward("an error of NumPy's")
    if a.ndim == 1 and b.ndim == 1:
        return a.dot(b)
    return tensordot(a, b, (-1, -1))


@implements(np.outer)
def outer(a, b, out=None):
    """numpy.outer."""
    a, b = native(a).ravel(), native(b).ravel()
    return np.multiply(a[:, None], b[None, :], **({} if out is None else {"out": out}))


@implements(np.linalg.outer)
def linalg_outer(x1, x2, /):
    """numpy.linalg.outer."""
    if native(x1).ndim != 1 or native(x2).ndim != 1:
        raise Forward("an error of NumPy's")
    return outer(x1, x2)


@implements(np.linalg.matmul)
def linalg_matmul(x1, x2, /):
    """numpy.linalg.matmul."""
    return np.matmul(native(x1), native(x2))


@implements(np.linalg.vecdot)
def linalg_vecdot(x1, x2, /, *, axis=-1):
    """numpy.linalg.vecdot."""
    if axis != -1:
        raise Forward("axis=")
    return np.vecdot(native(x1), native(x2))


@implements(np.linalg.matrix_transpose)
def matrix_transpose(x, /):
    """numpy.linalg.matrix_transpose."""
    return np.matrix_transpose(x)


@implements(np.linalg.tensordot)
def linalg_tensordot(x1, x2, /, *, axes=2):
    """numpy.linalg.tensordot."""
    return tensordot(x1, x2, axes)


@implements(np.tensordot)
def tensordot(a, b, axes=2):
    """numpy.tensordot: transposes, and one product of matrices."""
    a, b = native(a), native(b)
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise Forward("an error of NumPy's")
        if axes == 1 and 2 < a.ndim + b.ndim and max(a.ndim, b.ndim) == 2 and a.shape[-1] == b.shape[0]:
            return a.dot(b)
        ours, theirs = tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes))
    else:
        ours, theirs = axes
        ours, theirs = normal_axes(_ints(ours), a.ndim), normal_axes(_ints(theirs), b.ndim)
    if len(ours) != len(theirs) or any(a.shape[i] != b.shape[j] for i, j in zip(ours, theirs)):
        raise Forward("an error of NumPy's")
    free_a = [k for k in range(a.ndim) if k not in ours]
    free_b = [k for k in range(b.ndim) if k not in theirs]
    count = int(np.prod([a.shape[k] for k in ours], dtype=np.intp))
    shape = tuple(a.shape[k] for k in free_a) + tuple(b.shape[k] for k in free_b)
    left = a.transpose(free_a + list(ours)).reshape(_count(a, free_a), count)
    right = b.transpose(list(theirs) + free_b).reshape(count, _count(b, free_b))
    product = np.dot(left, right).reshape(shape)
    return product


def _ints(axes):
    return (axes,) if isinstance(axes, (int, np.integer)) else tuple(axes)


def _count(a, axes):
    n = 1
    for k in axes:
        n *= a.shape[k]
    return n


@implements(np.kron)
def kron(a, b):
    """numpy.kron."""
    a, b = native(a), native(b)
    n = max(a.ndim, b.ndim)
    if n == 0:
        return a * b
    p, q = (1,) * (n - a.ndim) + a.shape, (1,) * (n - b.ndim) + b.shape
    left = a.reshape(tuple(itertools.chain(*zip(p, (1,) * n))))
    right = b.reshape(tuple(itertools.chain(*zip((1,) * n, q))))
    return (left * right).reshape(tuple(i * j for i, j in zip(p, q)))


@implements(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """numpy.trace."""
    only_default(out=out)
    a = native(a)
    if a.ndim < 2:
        raise Forward("an error of NumPy's")
    return a.diagonal(offset, axis1, axis2).sum(-1, dtype)


@implements(np.linalg.trace)
def linalg_trace(x, /, *, offset=0, dtype=None):
    """numpy.linalg.trace."""
    return trace(x, offset, -2, -1, dtype)


@implements(np.linalg.diagonal)
def linalg_diagonal(x, /, *, offset=0):
    """numpy.linalg.diagonal."""
    x = native(x)
    return x.diagonal(offset, -2, -1)


# ---- einsum

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@functools.lru_cache(maxsize=256)
def _parse(subscripts, ndims):
    """(labels of each operand, labels of the result), without ellipses."""
    text = subscripts.replace(" ", "")
    if not set(text) <= set(LETTERS + ",.->"):
        raise Forward("an error of NumPy's")
    inputs, arrow, result = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims) or "-" in result or ">" in inputs or "-" in inputs:
        raise Forward("an error of NumPy's")
    spare = [c for c in LETTERS if c not in text]
    widths = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims)]
    widest = max((w for t, w in zip(terms, widths) if "..." in t), default=0)
    if widest > len(spare):
        raise Forward("too many labels")
    hidden = "".join(spare[:widest])
    done = []
    for t, w in zip(terms, widths):
        if t.count(".") not in (0, 3) or "..." not in t and w or w < 0:
            raise Forward("an error of NumPy's")
        done.append(t.replace("...", hidden[len(hidden) - w:] if w else ""))
    if not arrow:
        joint = "".join(done)
        result = hidden + "".join(sorted(c for c in set(joint) - set(hidden) if joint.count(c) == 1))
    else:
        if "..." not in result and hidden:
            raise Forward("an error of NumPy's")
        result = result.replace("...", hidden)
    if len(set(result)) != len(result) or not set(result) <= set("".join(done)) or "." in result:
        raise Forward("an error of NumPy's")
    return done, result


@functools.lru_cache(maxsize=256)
def _plain_product(subscripts, ndims):
    """Whether each operand is to be transposed, where einsum is a product of matrices or vectors; else None."""
    (p, q), result = _parse(subscripts, ndims)
    shared = set(p) & set(q)
    if len(shared) != 1 or not 0 < len(p) <= 2 or not 0 < len(q) <= 2 or len(set(p)) < len(p) or len(set(q)) < len(q):
        return None
    left, right = (t.replace(*shared, "") for t in (p, q))
    if result != left + right:
        return None
    return bool(left) and p[0] != left, bool(right) and q[0] == right


def _diagonals(a, labels):
    """Repeated labels of one operand are read along the diagonal."""
    if len(set(labels)) == len(labels):
        return a, labels
    steps, offset = layout(a)
    extents, strides = {}, {}
    for c, n, s in zip(labels, a.shape, steps):
        if extents.setdefault(c, n) != n:
            raise Forward("an error of NumPy's")
        strides[c] = strides.get(c, 0) + s
    return strided(a, tuple(extents.values()), tuple(strides.values()), offset), "".join(extents)


def _arranged(a, labels, wanted):
    """a with its labels in the order of `wanted`, which may have labels that a lacks."""
    a = a.transpose([labels.index(c) for c in wanted if c in labels])
    return a[tuple(slice(None) if c in labels else None for c in wanted)]


def _summed(a, labels, keep):
    """Sums over the labels that nobody else has."""
    gone = tuple(k for k, c in enumerate(labels) if c not in keep)
    if not gone:
        return a, labels
    if a.dtype == bool:
        return a.any(gone), "".join(c for c in labels if c in keep)
    if a.dtype == np.float16:
        raise Forward("dtype float16")
    return a.sum(gone, a.dtype), "".join(c for c in labels if c in keep)


@implements(np.einsum)
@silent
def einsum(*operands, out=None, optimize=False, **kwargs):
    """numpy.einsum of one or two operands: views, sums, and products of matrices."""
    only_default(out=out)
    if kwargs or len(operands) not in (2, 3) or not isinstance(operands[0], str):
        raise Forward("operands or arguments of another kind")
    arrays = [native(a) for a in operands[1:]]
    if len(arrays) == 2:
        x, y = arrays
        turned = _plain_product(operands[0], (x.ndim, y.ndim))
        if turned and x.shape[0 if turned[0] else -1] == y.shape[-1 if turned[1] else 0]:
            return (x.T if turned[0] else x) @ (y.T if turned[1] else y)
    terms, result = _parse(operands[0], tuple(a.ndim for a in arrays))
    pairs = [_diagonals(a, t) for a, t in zip(arrays, terms)]
    if len(pairs) == 1:
        a, labels = _summed(*pairs[0], result)
        a = a.transpose([labels.index(c) for c in result])
        return a[()] if not result else a
    (a, p), (b, q) = pairs
    extents = dict(zip(p, a.shape))
    for c, n in zip(q, b.shape):
        if extents.setdefault(c, n) != n:
            if 1 not in (n, extents[c]):
                raise Forward("an error of NumPy's")
            raise Forward("an extent of 1 that broadcasts")
    a, p = _summed(a, p, q + result)
    b, q = _summed(b, q, p + result)
    shared = [c for c in p if c in q and c not in result]
    batch = [c for c in p if c in q and c in result]
    left, right = [c for c in p if c not in q], [c for c in q if c not in p]
    if not shared:
        return _arranged(a, p, result) * _arranged(b, q, result)
    if batch and not (left and right):
        dtype = np.result_type(a.dtype, b.dtype)
        if dtype == np.float16:
            raise Forward("dtype float16")
        order = list(result) + shared
        product = _arranged(a, p, order) * _arranged(b, q, order)
        axes = tuple(range(len(result), len(order)))
        return product.any(axes) if dtype == bool else product.sum(axes, dtype)

    def extent(labels):
        n = 1
        for c in labels:
            n *= extents[c]
        return n

    shape = tuple(extents[c] for c in batch)
    x = _arranged(a, p, batch + left + shared).reshape(shape + (extent(left), extent(shared)))
    y = _arranged(b, q, batch + shared + right).reshape(shape + (extent(shared), extent(right)))
    order = batch + left + right
    product = np.matmul(x, y).reshape(tuple(extents[c] for c in order))
    product = product.transpose([order.index(c) for c in result])
    return product[()] if not result else product


@implements(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    """numpy.linalg.multi_dot of two or three arrays; longer chains are forwarded."""
    only_default(out=out)
    arrays = [native(a) for a in arrays]
    if len(arrays) == 2:
        return np.dot(*arrays)
    if len(arrays) != 3:
        raise Forward("a chain of products")
    a, b, c = arrays
    if a.ndim not in (1, 2) or b.ndim != 2 or c.ndim not in (1, 2):
        raise Forward("an error of NumPy's")
    rows = 1 if a.ndim == 1 else a.shape[0]
    columns = 1 if c.ndim == 1 else c.shape[1]
    first = rows * b.shape[0] * b.shape[1] + rows * b.shape[1] * columns
    second = b.shape[0] * b.shape[1] * columns + rows * b.shape[0] * columns
    return np.dot(np.dot(a, b), c) if first < second else np.dot(a, np.dot(b, c))


@implements(np.cross, np.linalg.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """numpy.cross of vectors of three elements."""
    a, b = native(a), native(b)
    if axis is not None:
        axisa = axisb = axisc = axis
    a = np.moveaxis(a, normal_axis(axisa, a.ndim), -1)
    b = np.moveaxis(b, normal_axis(axisb, b.ndim), -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3 or a.dtype == bool or b.dtype == bool:
        raise Forward("vectors of another length")
    a0, a1, a2 = (a[..., k] for k in range(3))
    b0, b1, b2 = (b[..., k] for k in range(3))
    parts = (a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0)
    return np.moveaxis(np.stack(parts, -1), -1, normal_axis(axisc, max(a.ndim, b.ndim)))

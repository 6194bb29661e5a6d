"""Histograms: the bins of all elements by one kernel, counted by NumPy."""
import operator

import numpy as np

from grumpy._core import Forward, implements, native, to_numpy, wrapped
from grumpy.functions.common import only_default

_KINDS = {np.dtype(t) for t in ("b", "B", "h", "H", "i", "I", "l", "L", "f", "d")}


def _edges(a, bins, range):
    """(edges, first, last): of bins of one width, as NumPy computes them."""
    ends = np.array([to_numpy(a.min()), to_numpy(a.max())], a.dtype) if range is None else \
        np.zeros(0, a.dtype)
    edges = np.histogram_bin_edges(ends, bins, range)
    first, last = ends if range is None else range
    if first == last:
        first, last = first - 0.5, last + 0.5
    return edges, first, last


def _difference(last, first):
    """last - first; of integers without overflow, as NumPy's histogram has it."""
    dtype = np.result_type(first, last)
    if dtype.kind == "i":
        return np.subtract(np.asarray(last, dtype), np.asarray(first, dtype), casting="unsafe",
                           dtype=dtype.str.replace("i", "u"))
    return np.subtract(last, first, dtype=dtype)


def _spacing(edges, first, last):
    """The edge of a number, but for the last, as an operation on an array of numbers."""
    n = len(edges) - 1
    for dtype in {edges.dtype, np.dtype(float)}:
        start = dtype.type(first)
        step = (dtype.type(last) - start) / n

        def edge(k):
            return (k.astype(dtype) * step + start).astype(edges.dtype, copy=False)

        if np.array_equal(edge(np.arange(n)), edges[:-1]):
            return edge
    raise Forward("edges that are not evenly spaced")


def _bins_of(a, edges, first, last, inside):
    """The number of the bin of each element, and one more than there are for those outside."""
    n = len(edges) - 1
    edge = _spacing(edges, first, last)
    start = edges[0]
    x = a.astype(edges.dtype, copy=False)
    if inside is not None:
        x = np.where(inside, x, start)
    difference = np.subtract(x, first, dtype=np.result_type(edges.dtype, first))
    k = (difference / _difference(last, first) * n).astype(np.intp)
    k = np.where(k == n, n - 1, k)
    # Within an ulp of an edge the quotient may be in the wrong bin.
    k = k - (x < edge(k))
    k = k + ((x >= edge(k + 1)) & (k != n - 1))
    return k if inside is None else np.where(inside, k, n)


@implements(np.histogram, reads=True)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """numpy.histogram with bins of one width and without weights."""
    only_default(weights=weights)
    a = native(a).ravel()
    if a.dtype not in _KINDS or not a.size or isinstance(bins, str) or np.ndim(bins):
        raise Forward("arguments of another kind")
    try:
        bins = operator.index(bins)
        if range is not None:
            range = tuple(to_numpy(tuple(range)))
        edges, first, last = _edges(a, bins, range)
    except (TypeError, ValueError):
        raise Forward("an error of NumPy's") from None
    if edges.dtype not in _KINDS:
        raise Forward(f"dtype {edges.dtype}")
    inside = None if range is None else (a >= first) & (a <= last)
    k = _bins_of(a, edges, first, last, inside)
    counts = np.bincount(to_numpy(k), minlength=bins + 1)[:bins].copy()
    if density:
        widths = np.array(np.diff(edges), float)
        counts = counts / widths / counts.sum()
    return wrapped((counts, edges))

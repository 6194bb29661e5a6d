"""Dask arrays with grumpy arrays as chunks: ``import grumpy.dask`` tells Dask that it may.

Dask then takes a grumpy array beside one of its own arrays, wraps it in operations that mix the
two, estimates its size, and computes percentiles of such chunks.
"""
import dask.sizeof
from dask.array.backends import percentile
from dask.array.chunk_types import register_chunk_type
from dask.array.dispatch import percentile_lookup

from grumpy._core import ndarray

__all__ = []

register_chunk_type(ndarray)
percentile_lookup.register(ndarray, percentile)


@dask.sizeof.sizeof.register(ndarray)
def _sizeof(x):
    return int(x.nbytes)

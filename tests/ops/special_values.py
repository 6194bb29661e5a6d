"""Operands that find mistakes: the edges of every element type and a few numbers at random."""
import functools

import numpy as np

DTYPES = ("bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 "
          "float16 float32 float64 complex64 complex128").split()

_INTEGERS = (0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127)
_FLOATS = (0.0, 1.0, 2.0, 0.5, 1.5, 2.5, 3.0, 7.0, 10.0, 0.1, 1 / 3, 57.3, 90.0, 180.0, 127.0, 128.0, 255.0,
           256.0, 32768.0, 65504.0, 65520.0, 1e4, 2147483647.0, 2147483648.0, 4294967295.0, 9.3e18, 1e-5,
           6e-8, 1e-30, 1e30, 1e-300, 1e300, np.inf, np.nan)


@functools.cache
def special_values(dtype):
    """All of them, at least 64; read-only, so that nobody changes what others get."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(20240521)
    if dtype.kind == "b":
        values = rng.integers(0, 2, 64).astype(dtype)
    elif dtype.kind in "iu":
        limits = np.iinfo(dtype)
        edges = [limits.min, limits.min + 1, limits.max, limits.max - 1, limits.max // 2, limits.max // 3]
        few = [v for v in _INTEGERS if v <= limits.max]
        if dtype.kind == "i":
            few += [-v for v in few]
        at_random = rng.integers(limits.min, limits.max, 64, dtype=dtype, endpoint=True)
        values = np.concatenate([np.array(edges + few, dtype), at_random])
    elif dtype.kind == "f":
        limits = np.finfo(dtype)
        edges = np.array([limits.max, limits.tiny, limits.smallest_subnormal, limits.tiny * dtype.type(0.75),
                          limits.eps, dtype.type(1) + limits.eps], dtype)
        with np.errstate(all="ignore"):
            few = np.array(_FLOATS).astype(dtype)
        at_random = rng.integers(0, 2 ** (8 * dtype.itemsize) - 1, 40,
                                 dtype=f"u{dtype.itemsize}", endpoint=True).view(dtype)
        at_random = at_random[~np.isnan(at_random)]  # signalling NaN raises where it pleases
        normal = (10 * rng.standard_normal(40)).astype(dtype)
        values = np.concatenate([edges, few])
        values = np.concatenate([values, -values, at_random, normal])
    else:
        part = np.dtype("float32" if dtype.itemsize == 8 else "float64")
        parts = special_values(part)
        parts = np.concatenate([parts[:20], parts[34:60:3], parts[-24:]])
        values = np.empty((len(parts), len(parts)), dtype)
        values.real = parts[:, None]
        values.imag = parts
        values = values.ravel()
    values.flags.writeable = False
    return values


def operands(dtypes, count=4096):
    """As many arrays of one length, every pair of special values (or `count` at random) among them."""
    rng = np.random.default_rng(len(dtypes))
    columns = [special_values(dtype) for dtype in dtypes]
    if len(columns) == 1:
        return [columns[0].copy()]
    if len(columns) == 2 and len(columns[0]) * len(columns[1]) <= 2**16:
        return [grid.ravel() for grid in np.meshgrid(*columns, indexing="ij")]
    return [rng.choice(column, count) for column in columns]

"""Reductions that read memory where it lies: long runs, short rows, and results settled early."""
import numpy as np
import pytest

import grumpy

DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
NAMES = ["min", "max", "argmin", "argmax", "any", "all"]
SIZES = [1, 31, 64, 65, 1000, 2049, 40_000, 300_001]


def data(dtype, n):
    return np.random.default_rng(n).integers(-100, 100, n).astype(dtype)


def check(name, x, g, **kwargs):
    want, got = getattr(x, name)(**kwargs), np.asarray(getattr(g, name)(**kwargs))
    assert got.dtype == np.asarray(want).dtype
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_runs(dtype, name):
    for n in SIZES:
        x = data(dtype, n)
        g = grumpy.array(x)
        check(name, x, g)
        check(name, x[n // 3:], g[n // 3:])
        check(name, x[::2], g[::2])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(300, 1000), (5000, 7), (3, 5000), (40, 33)])
def test_rows_and_columns(dtype, name, shape):
    x = data(dtype, shape[0] * shape[1]).reshape(shape)
    g = grumpy.array(x)
    for axis in (0, 1):
        check(name, x, g, axis=axis)


@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "f2", "f4", "f8"])
@pytest.mark.parametrize("threads", [1, 2])
def test_one_element_decides(dtype, threads):
    """Wherever it is, and whatever else does."""
    n = 300_000
    with grumpy.config(num_threads=threads):
        for at in (0, 15, 2047, 2048, 16_383, 16_384, 150_001, n - 1):
            x = np.zeros(n, dtype)
            x[at] = x[-1] = 1
            for array in (x, x == 0):
                g = grumpy.array(array)
                for name in NAMES:
                    check(name, array, g)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
def test_nan(dtype):
    for n in (33, 1000, 50_000):
        for at in (0, 7, n // 2, n - 1):
            x = data(dtype, n)
            x[at] = np.nan
            g = grumpy.array(x)
            for name in NAMES:
                check(name, x, g)
            for ufunc in (np.fmin, np.fmax):
                np.testing.assert_array_equal(np.asarray(ufunc.reduce(g)), ufunc.reduce(x))


@pytest.mark.parametrize("ufunc", [np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.add, np.multiply])
@pytest.mark.parametrize("dtype", DTYPES[:9])
def test_integers_combine(ufunc, dtype):
    for n in SIZES:
        x = data(dtype, n)
        np.testing.assert_array_equal(np.asarray(ufunc.reduce(grumpy.array(x))), ufunc.reduce(x))


def test_numbers_are_tested_without_a_cast():
    g = grumpy.array(np.arange(10_000))
    for result in (g.any(), g.all(), np.logical_or.reduce(g)):
        assert "cast" not in grumpy.show(result, "kernel")

"""A little of everything, with NumPy and pytest alone: what has to hold on every supported NumPy.

The tests proper pin one NumPy; these run on the oldest and the newest too (.ci/setup.py smoke).
"""
import numpy as np
import pytest

import grumpy

DTYPES = "?bhilBHILefdFD"
FLOATS = "fd"


def arrays(dtype, n=1000):
    rng = np.random.default_rng(ord(dtype))
    values = rng.integers(1, 100, n) + (rng.random(n) if dtype in "efdFD" else 0)
    return values.astype(dtype), rng.permutation(values).astype(dtype)


def agree(got, want, rtol=0.0):
    assert isinstance(got, grumpy.ndarray)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    np.testing.assert_allclose(np.asarray(got), want, rtol=rtol, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "equal", "less", "logical_and"])
def test_binary(name, dtype):
    x, y = arrays(dtype)
    agree(getattr(np, name)(grumpy.asarray(x), grumpy.asarray(y)), getattr(np, name)(x, y))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["sqrt", "exp", "log", "sin", "tanh", "floor", "negative"])
def test_unary(name, dtype):
    x, _ = arrays(dtype)
    x = x / x.dtype.type(50)
    rtol = 8 * np.finfo(dtype).eps
    agree(getattr(np, name)(grumpy.asarray(x)), getattr(np, name)(x), rtol)


def test_operators_and_broadcasting():
    x, y = np.arange(12.0).reshape(3, 4), np.arange(4.0)

    def program(x, y):
        return (x * 2 + y) / 3 - x ** 2 > y[::-1]

    agree(program(grumpy.asarray(x), grumpy.asarray(y)), program(x, y))


def test_python_numbers_are_weak():
    x = grumpy.asarray(np.ones(3, np.float32))
    assert (x + 1.5).dtype == np.float32
    assert (x + np.float64(1.5)).dtype == np.float64
    with pytest.raises(OverflowError):
        grumpy.asarray(np.ones(3, np.uint8)) + 300


@pytest.mark.parametrize("name", ["sum", "prod", "min", "max", "mean", "std", "argmin", "any"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions(name, axis):
    x = np.random.default_rng(0).uniform(0.9, 1.1, (30, 40))
    got = getattr(np, name)(grumpy.asarray(x), axis=axis)
    np.testing.assert_allclose(np.asarray(got), getattr(np, name)(x, axis=axis), rtol=1e-13)


def test_views_write_through():
    def program(a):
        b = a[1:-1, ::2]
        b += 10
        a[0] = a[-1]
        a[a > 30] = -1
        a[[1, 1, 2], [0, 1, 2]] = 5
        return a

    x = np.arange(42.0).reshape(6, 7)
    agree(program(grumpy.array(x)), program(x.copy()))


def test_overlapping_write():
    x = np.arange(100.0)
    g = grumpy.array(x)
    g[1:] += g[:-1]
    x[1:] += x[:-1]
    agree(g, x)


def test_matrix_product():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 60)), rng.normal(size=(50, 70))
    agree(grumpy.asarray(x).T @ grumpy.asarray(y), x.T @ y, rtol=1e-9)


def test_forwarded_functions_wrap_again():
    x = np.random.default_rng(2).normal(size=(6, 6))
    agree(np.linalg.inv(grumpy.asarray(x)), np.linalg.inv(x), rtol=1e-9)


def test_errstate_holds():
    x = grumpy.asarray(np.array([1.0, 0.0]))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        np.asarray(1.0 / x)
    with np.errstate(divide="ignore"):
        assert np.asarray(1.0 / x)[1] == np.inf


def test_errors_at_the_call():
    with pytest.raises(ValueError, match="broadcast"):
        grumpy.asarray(np.ones(3)) + grumpy.asarray(np.ones(4))


def test_memory_goes_out_and_stays_one():
    g = grumpy.array(np.zeros(5))
    out = np.asarray(g)
    g += 1
    assert out.tolist() == [1.0] * 5
    out[0] = 7
    assert float(g[0]) == 7.0

"""Bits that do not depend on how they were computed, and errors no worse than NumPy's (semantics.md S6)."""
import math

import numpy as np
import pytest

import grumpy

RNG = np.random.default_rng(7)
N = 20_011
X = RNG.normal(size=N) * 10.0 ** RNG.integers(-8, 8, N)

PROGRAMS = {
    "arithmetic": lambda x: (x * x + 2 / x - np.sqrt(np.abs(x))) * (x > 0.1),
    "functions": lambda x: np.exp(np.sin(x)) + np.tanh(x) * np.arctan(x) + np.log1p(np.abs(x)),
    "powers": lambda x: np.abs(x) ** 0.3 + np.hypot(x, 1.5) + np.cbrt(x),
    "sum": lambda x: np.sum(x),
    "fused sum": lambda x: np.sum(np.cos(x) * x),
    "mean and var": lambda x: x.mean() + x.var() + x.std(),
    "axes": lambda x: x[:20_000].reshape(50, 4, 100).sum(axis=(0, 2)) + x[:20_000].reshape(4, 5000).mean(axis=1),
    "cumsum": lambda x: np.cumsum(x),
    "dot": lambda x: np.dot(x, x[::-1]),
    "norm": lambda x: np.linalg.norm(x),
}


def result(program, dtype, view, **settings):
    with np.errstate(all="ignore"), grumpy.config(**settings):
        return np.asarray(PROGRAMS[program](view(grumpy.asarray(X.astype(dtype)))))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_same_bits_on_every_tier_and_with_any_number_of_threads(program, dtype):
    want = result(program, dtype, lambda x: x, jit="off", num_threads=1)
    for jit in ("off", "sync", "auto"):
        for threads in (1, 2, 3):
            got = result(program, dtype, lambda x: x, jit=jit, num_threads=threads)
            assert got.tobytes() == want.tobytes(), (jit, threads)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("program", ["arithmetic", "functions", "powers"])
def test_same_bits_at_any_place_and_in_any_layout(program, dtype):
    want = result(program, dtype, lambda x: x)
    for jit in ("off", "sync"):
        assert result(program, dtype, lambda x: x[3:], jit=jit).tobytes() == want[3:].tobytes()
        assert result(program, dtype, lambda x: x[::-1], jit=jit)[::-1].tobytes() == want.tobytes()
        assert result(program, dtype, lambda x: x[::7], jit=jit).tobytes() == want[::7].tobytes()
        turned = result(program, dtype, lambda x: x[:20_000].reshape(100, 200).T, jit=jit)
        assert turned.T.tobytes() == want[:20_000].tobytes()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [1, 7, 100, 1000, 4097, 20_011])
def test_sums_are_no_worse_than_pairwise(dtype, n):
    x = X[:n].astype(dtype)
    exact = math.fsum(x.tolist())
    bound = (math.log2(n) / 2 + 8) * np.finfo(dtype).eps * math.fsum(np.abs(x).tolist())
    assert abs(float(np.sum(grumpy.asarray(x))) - exact) <= bound
    assert abs(float(np.mean(grumpy.asarray(x))) * n - exact) <= bound + abs(exact) * np.finfo(dtype).eps


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e12])
def test_variance_is_not_a_difference_of_squares(shift):
    x = RNG.normal(size=5000) + shift
    want = float(np.var((x.astype(np.longdouble) - np.longdouble(shift)).astype("f8")))
    assert abs(float(np.var(grumpy.asarray(x))) - want) <= 1e-9 * max(1.0, shift * 1e-9)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i8", "u1", "c16", "?"])
def test_ties_and_nan_are_numpys(dtype):
    x = RNG.integers(0, 4, (40, 30)).astype(dtype)
    if np.dtype(dtype).kind in "fc":
        x[3, 5] = x[20, 5] = x[7, 9] = np.nan
    g = grumpy.asarray(x)
    for name in ("argmin", "argmax", "min", "max"):
        for axis in (None, 0, 1):
            want, got = getattr(np, name)(x, axis=axis), np.asarray(getattr(np, name)(g, axis=axis))
            np.testing.assert_array_equal(got, want, err_msg=f"{name} {axis}")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("n", [20, 100, 5000])
@pytest.mark.parametrize("name", ["argmin", "argmax"])
def test_complex_numbers_are_nan_where_either_part_is(name, n, dtype):
    for first in (complex(5, np.nan), complex(-5, np.nan), complex(np.nan, 0)):
        x = np.zeros(n, dtype)
        x[n // 2], x[n - 2] = first, complex(1, np.nan)
        for y in (x, x[::-1].copy()):
            assert int(getattr(np, name)(grumpy.asarray(y))) == getattr(np, name)(y)


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide", "floor_divide", "remainder", "maximum", "fmin"])
@pytest.mark.parametrize("dtype", ["i1", "u2", "i8", "f4", "f8"])
def test_arithmetic_is_numpys_to_the_bit(op, dtype):
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    ends = [info.min, info.max, 0, 1, info.max // 2] if info else [
        np.inf, -np.inf, np.nan, 0.0, -0.0, 5e-324, 1e-40, np.finfo(dtype).max, np.finfo(dtype).tiny, 1.5]
    x = np.array([*ends, *RNG.integers(0, 100, 50)]).astype(dtype)
    a, b = (m.ravel() for m in np.meshgrid(x, x))
    with np.errstate(all="ignore"):
        want, got = getattr(np, op)(a, b), np.asarray(getattr(np, op)(grumpy.asarray(a), grumpy.asarray(b)))
    np.testing.assert_array_equal(got, want)
    if want.dtype.kind == "f" and op not in ("maximum", "fmin"):  # which zero is the larger is the machine's
        assert np.array_equal(np.signbit(got[want == 0]), np.signbit(want[want == 0]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_variance_of_nothing_warns():
    for a in (np.ones((0,)), grumpy.ones((0,))):
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="invalid value"):
            a.var(ddof=-1)


@pytest.mark.parametrize("n", [20, 3000])
def test_true_is_any_byte_but_zero(n):
    a = (np.arange(n) % 5).astype("u1").view(bool)
    g = grumpy.asarray(a)
    assert int(g.sum()) == np.count_nonzero(g) == n - n // 5
    assert int(g[::2].sum()) == a[::2].sum()
    for shape in ((2, -1), (-1, 2)):
        for axis in (0, 1):
            assert g.reshape(shape).sum(axis).tolist() == a.reshape(shape).sum(axis).tolist()
            assert g.reshape(shape).all(axis).tolist() == (a != 0).reshape(shape).all(axis).tolist()
            assert g.reshape(shape).argmax(axis).tolist() == (a != 0).reshape(shape).argmax(axis).tolist()
    odd = a[a]
    h = grumpy.asarray(odd)
    assert bool(h.all()) and bool(h.any()) and int(h.argmin()) == 0
    assert np.logical_and.accumulate(h).tolist() == [True] * len(odd)
    assert bool(np.bitwise_xor.reduce(h)) == len(odd) % 2

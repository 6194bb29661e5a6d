"""Sums of few rows whose operands lie across the cells: one answer, whatever runs them."""
import warnings

import numpy as np
import pytest

import grumpy


def distances(p, c):
    return np.sum((p[:, None, :] - c[None, :, :]) ** 2, axis=2)


def with_jit(mode, f):
    with grumpy.config(jit=mode):
        return f()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n, d, k", [(1000, 8, 8), (5000, 3, 4), (4097, 16, 16), (3000, 33, 5), (8960, 32, 16), (20000, 8, 1),
                                     (2000, 17, 4), (2000, 48, 5), (1000, 49, 3), (1000, 63, 40)])
@pytest.mark.parametrize("order", "CF")
def test_compiled_and_interpreted_agree(dtype, n, d, k, order):
    p = np.random.default_rng(n).normal(size=(n, d)).astype(dtype)
    want = distances(p.astype("f8"), p[:k].astype("f8"))
    points, centers = grumpy.asarray(np.asarray(p, order=order)), grumpy.asarray(p[:k].copy())
    results = [with_jit(mode, lambda: np.array(distances(points, centers))) for mode in ("off", "sync", "off")]
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])
    np.testing.assert_allclose(results[0], want, rtol=1e-5 if dtype == "f4" else 1e-12)


def test_integers_wrap_alike():
    p = np.random.default_rng(0).integers(-2**40, 2**40, (2000, 9))
    g, c = grumpy.asarray(p), grumpy.asarray(p[:7].copy())
    for mode in ("off", "sync"):
        assert np.array_equal(with_jit(mode, lambda: np.array(distances(g, c))), distances(p, p[:7]))


@pytest.mark.parametrize("mode", ["off", "sync"])
@pytest.mark.parametrize("bad, text", [(np.inf, "invalid value encountered in subtract"), (1e200, "overflow")])
def test_an_error_in_one_tile_is_told_of(mode, bad, text):
    p = np.random.default_rng(2).normal(size=(3000, 8))
    p[2000, 3] = bad
    c = p[1998:2004].copy()
    with np.errstate(all="ignore"):
        want = distances(p, c)
    points, centers = grumpy.asarray(p), grumpy.asarray(c)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        got = with_jit(mode, lambda: np.array(distances(points, centers)))
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert any(text in str(w.message) for w in seen)

"""Sums of rows where masks are true and of zeros elsewhere: only the rows are read, with the bits of all."""
import itertools

import numpy as np
import pytest

import grumpy

RNG = np.random.default_rng(11)


def selected(x, masks, other=0):
    return [np.sum(np.where(m[:, None], x, other), axis=0) for m in masks]


def sums_of_all(x, masks, other=0):
    """The same, zeros and all, of arrays that are there."""
    return [np.asarray(grumpy.array(np.where(m[:, None], x, x.dtype.type(other))).sum(0)) for m in masks]


def lazily(x, masks, other=0, threads=1):
    with grumpy.config(num_threads=threads):
        results = selected(grumpy.asarray(x), [grumpy.array(m) for m in masks], other)
        grumpy.evaluate(*results)
        return [np.asarray(r) for r in results]


def check(x, masks, other=0):
    want = sums_of_all(x, masks, other)
    for threads in (1, 2):
        for g, w in zip(lazily(x, masks, other, threads), want, strict=True):
            assert g.dtype == w.dtype
            np.testing.assert_array_equal(g, w)
            np.testing.assert_array_equal(np.signbit(g.real), np.signbit(w.real))


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 16, 21, 31, 32, 63, 64])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "f2", "c16"])
def test_labels(width, dtype):
    for n, k in itertools.product((64, 700, 5003), (1, 3, 16)):
        x, labels = RNG.normal(0, 5, (n, width)).astype(dtype), RNG.integers(0, k, n)
        check(x, [labels == j for j in range(k + 1)])


@pytest.mark.parametrize("density", [0.01, 0.3, 0.6, 0.99, 1])
def test_masks_that_overlap(density):
    x = RNG.normal(size=(4000, 7))
    check(x, [RNG.random(4000) < density for _ in range(4)])


def test_other_numbers_are_added():
    check(RNG.normal(size=(3000, 8)), [RNG.random(3000) < 0.1], 0.25)
    check(RNG.normal(size=(3000, 8)), [RNG.random(3000) < 0.1], -0.0)


def test_what_is_not_selected_may_be_anything():
    x, m = RNG.normal(size=(2000, 6)), RNG.random(2000) < 0.2
    x[~m] = [np.nan, np.inf, -np.inf, 1e308, -0.0, 0.0]
    with np.errstate(all="raise"):
        check(x, [m])
    x[np.flatnonzero(m)[5]] = np.inf
    np.testing.assert_array_equal(lazily(x, [m])[0], np.full(6, np.inf))


def test_zeros_keep_their_sign():
    x, m = np.full((2000, 6), -0.0), RNG.random(2000) < 0.2
    check(x, [m])
    check(x, [np.ones(2000, bool)])


def test_rows_that_lie_apart_and_masks_that_do():
    x, m = RNG.normal(size=(6000, 9)), RNG.random(6000) < 0.2
    gx, gm = grumpy.asarray(x), grumpy.array(m)
    for rows, columns in ((slice(None, None, 2), slice(2, 7)), (slice(None, None, -1), slice(None)), (slice(5, None), slice(None, None, 2))):
        got = np.asarray(selected(gx[rows, columns], [gm[rows]])[0])
        np.testing.assert_allclose(got, selected(x[rows, columns], [m[rows]])[0], rtol=1e-12)


def test_overflow_is_reported_once():
    x, m = np.full((1000, 4), 1e308), np.arange(1000) % 5 == 0
    with pytest.warns(RuntimeWarning, match="overflow encountered in reduce") as seen:
        lazily(x, [m])
    assert len(seen) == 1


def test_one_kernel_reads_for_all_clusters():
    x, labels = grumpy.asarray(RNG.normal(size=(50_000, 8))), grumpy.asarray(RNG.integers(0, 8, 50_000))
    grumpy.evaluate(x, labels)
    before = grumpy.report().kernels
    grumpy.evaluate(*selected(x, [labels == j for j in range(8)]))
    assert grumpy.report().kernels - before <= 2  # masks, sums

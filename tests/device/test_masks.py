"""Loops that read, write and count by masks: chunks, words, tails and tasks of many sizes."""
import numpy as np
import pytest

import grumpy

SIZES = [1, 7, 8, 9, 63, 64, 1023, 1024, 1025, 16_383, 16_385, 70_001]
DTYPES = ["?", "u1", "f2", "f4", "f8", "c16"]


def masks(n, seed):
    rng = np.random.default_rng(seed)
    yield np.zeros(n, bool)
    yield np.ones(n, bool)
    for share in (0.02, 0.5, 0.97):
        yield rng.random(n) < share
    runs = np.zeros(n, bool)
    runs[n // 3:2 * n // 3] = True
    yield runs


@pytest.mark.parametrize("n", SIZES)
def test_reads_and_writes(n):
    rng = np.random.default_rng(n)
    for dtype in DTYPES:
        x = (rng.random(n) * 200).astype(dtype)
        for mask in masks(n, n):
            g, m = grumpy.asarray(x), grumpy.asarray(mask)
            np.testing.assert_array_equal(np.asarray(g[m]), x[mask])
            new = (rng.random(np.count_nonzero(mask)) * 200).astype(dtype)
            want = x.copy()
            want[mask] = new
            g[m] = grumpy.asarray(new)
            np.testing.assert_array_equal(np.asarray(g), want)


@pytest.mark.parametrize("n", SIZES)
def test_strided_sides(n):
    rng = np.random.default_rng(n)
    x, mask = rng.random((n, 3)), rng.random((n, 2)) < 0.6
    g, m = grumpy.asarray(x), grumpy.asarray(mask)
    np.testing.assert_array_equal(np.asarray(g[:, 1][m[:, 0]]), x[:, 1][mask[:, 0]])
    np.testing.assert_array_equal(np.asarray(g[m[:, 1]]), x[mask[:, 1]])
    new = rng.random((np.count_nonzero(mask[:, 0]), 2))
    x[:, 2][mask[:, 0]] = new[:, 0]
    g[:, 2][m[:, 0]] = grumpy.asarray(new)[:, 0]
    x[::-1][mask[:, 0]] = 7
    g[::-1][m[:, 0]] = 7
    np.testing.assert_array_equal(np.asarray(g), x)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("n", SIZES)
def test_positions(n, threads):
    with grumpy.config(num_threads=threads):
        for mask in masks(n, 11):
            for m in (mask, np.repeat(mask, 2)[::2], (mask * 6).astype("u1").view(bool)):
                np.testing.assert_array_equal(np.asarray(np.nonzero(grumpy.array(m))[0]), np.nonzero(mask)[0])
                np.testing.assert_array_equal(np.asarray(np.flatnonzero(grumpy.array(m))), np.nonzero(mask)[0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("n", SIZES)
def test_counts(n, threads):
    with grumpy.config(num_threads=threads):
        for mask in masks(n, n):
            m = grumpy.asarray(mask)
            assert int(np.count_nonzero(m)) == np.count_nonzero(mask)
            assert m.sum().dtype == np.int64 and int(m.sum()) == mask.sum()
            assert bool(m.any()) == mask.any() and bool(m.all()) == mask.all()
            assert np.sum(m, dtype=np.uint64).dtype == np.uint64
            wide = np.broadcast_to(mask[:, None], (n, 5)) & np.array([True, True, False, True, False])
            w = grumpy.asarray(wide)
            np.testing.assert_array_equal(np.asarray(w.sum(0)), wide.sum(0))
            np.testing.assert_array_equal(np.asarray(w.sum(1)), wide.sum(1))
            assert int((m & ~m).sum()) == 0


def test_a_count_is_one_reduction_of_bytes():
    m = grumpy.asarray(np.arange(100_000) % 3 == 0)
    grumpy.evaluate(m)
    before = grumpy.report()
    assert int(np.count_nonzero(m)) == 33_334
    after = grumpy.report()
    assert after.kernels - before.kernels == 1
    assert after.bytes_moved - before.bytes_moved <= 100_016


def test_an_answer_known_early_hides_no_error():
    x = np.ones(100_000)
    x[-1] = 0.0
    g = grumpy.asarray(x)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        bool((1.0 / g > 0).any())

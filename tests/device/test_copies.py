"""Copies of runs, wherever source and destination lie in their pages."""
import numpy as np
import pytest

import grumpy


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8", "c16"])
def test_runs_at_any_distance_within_a_page(dtype):
    n = 5000
    item = np.dtype(dtype).itemsize
    source = (np.arange(n + 80) % 251).astype(dtype)
    g = grumpy.asarray(source)
    for ahead in [*range(0, 66 // item + 2), 70, 79]:
        for size in (n, n - 3, 1024 // item, 1):
            want, out = np.zeros(n + 80, dtype), grumpy.zeros(n + 80, dtype)
            want[ahead:ahead + size] = source[:size]
            out[ahead:ahead + size] = g[:size]
            np.testing.assert_array_equal(np.asarray(out), want)


@pytest.mark.parametrize("axis", [0, 1])
def test_rolled_and_padded_matrices(axis):
    a = np.arange(300.0 * 700).reshape(300, 700)
    g = grumpy.asarray(a)
    for k in (1, 3, 7):
        np.testing.assert_array_equal(np.asarray(np.roll(g, k, axis)), np.roll(a, k, axis))
        np.testing.assert_array_equal(np.asarray(np.pad(g, k)), np.pad(a, k))


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("step", [2, 3, -1, -2])
def test_steps(dtype, step):
    """Read and written, from either end of memory, with every number of elements left over."""
    for n in (*range(1, 70), 5003):
        x = np.random.default_rng(n).integers(-200, 200, n).astype(dtype)
        g = grumpy.array(x)
        np.testing.assert_array_equal(np.asarray(g[::step].copy()), x[::step])
        np.testing.assert_array_equal(np.asarray(g[n % 2::step] == g[n % 2::step]), x[n % 2::step] == x[n % 2::step])
        x[::step] = x[::step][::-1].copy()
        g[::step] = g[::step][::-1].copy()
        np.testing.assert_array_equal(np.asarray(g), x)


@pytest.mark.parametrize("dtype", ["b", "h", "i", "f", "d", "D"])
@pytest.mark.parametrize("step", [-1, 2, -2, 3])
def test_elements_packed_from_steps(dtype, step):
    """Vectors of reversed and of every second element, and what is left over at their end."""
    for n in [*range(1, 70), 2047, 2048, 2049, 5000]:
        x = (np.arange(n * abs(step)) % 120).astype(dtype)[::step]
        g = grumpy.asarray((np.arange(n * abs(step)) % 120).astype(dtype))[::step]
        np.testing.assert_array_equal(g + g[:1], x + x[:1])
        np.testing.assert_array_equal(grumpy.array(g), x)


@pytest.mark.parametrize("dtype", ["b", "h", "f", "d", "D"])
def test_transposes_of_all_small_sizes(dtype):
    for rows, cols in [(4, 4), (5, 9), (17, 3), (33, 70), (128, 8), (64, 64), (70, 33)]:
        x = (np.arange(rows * cols) % 120).astype(dtype).reshape(rows, cols)
        g = grumpy.asarray(x)
        np.testing.assert_array_equal(np.ascontiguousarray(g.T), np.ascontiguousarray(x.T))
        np.testing.assert_array_equal(g.T + g.T[:1], x.T + x.T[:1])

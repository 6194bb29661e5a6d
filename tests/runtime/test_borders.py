"""Writes to a window of an array in new memory: what the window does not cover is copied there, unless it is there."""
import numpy as np

import grumpy


def sweep(u):
    u[1:-1, 1:-1] = (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]) / 4


def kernels_of(program, *arrays):
    grumpy.evaluate(*arrays)
    before = grumpy.report().kernels
    grumpy.evaluate(*program(*arrays))
    return grumpy.report().kernels - before


def test_borders_are_copied_once_for_each_buffer():
    """Sweep after sweep alternates between two buffers: what no sweep writes to is in both after the first."""
    a = np.random.default_rng(2).uniform(0, 1, (40, 41))
    u, expected = grumpy.asarray(a.copy()), a.copy()

    def sweeps(u):
        for _ in range(20):
            sweep(u)
        return [u]

    assert kernels_of(sweeps, u) == 20 + 4
    sweeps(expected)
    assert np.array_equal(np.asarray(u), expected)


def test_two_arrays_find_their_own_buffers():
    a = np.random.default_rng(3).uniform(0, 1, (2, 30, 31))
    u, v, expected = grumpy.asarray(a[0].copy()), grumpy.asarray(a[1].copy()), a.copy()

    def sweeps(u, v):
        for _ in range(10):
            sweep(u)
            sweep(v)
        return u, v

    kernels_of(sweeps, u, v)
    sweeps(*expected)
    assert np.array_equal(np.asarray(u), expected[0]) and np.array_equal(np.asarray(v), expected[1])


def test_borders_that_change_are_copied():
    a = np.random.default_rng(4).uniform(0, 1, (300, 31))
    u, expected = grumpy.asarray(a.copy()), a.copy()
    for v in (u, expected):
        for k in range(9):
            v[1:-1, 1:-1] = v[:-2, 1:-1] + v[2:, 1:-1]
            v[k, 0] = k
            v[-1, 2:5] = v[k, 4:7]
    assert np.array_equal(np.asarray(u), expected)


def test_other_windows_are_not_taken_for_borders():
    a = np.random.default_rng(5).uniform(0, 1, (60, 31))
    u, expected = grumpy.asarray(a.copy()), a.copy()
    for v in (u, expected):
        for k in range(12):
            low = 1 + k % 3
            v[low:-1, 1:-1] = v[low - 1:-2, 1:-1] + v[low + 1:, 1:-1] / 2
    assert np.array_equal(np.asarray(u), expected)

"""What stays pending and reads an array does not make a write copy all of it."""
import numpy as np

import grumpy

N = 200_000


def made():
    """An array with a write that is still to be done: others that read it share that work."""
    a = grumpy.asarray(np.arange(float(N)))
    grumpy.evaluate(a)
    a[100:200] = 3.0
    return a


def bytes_moved(f):
    before = grumpy.report().bytes_moved
    f()
    return grumpy.report().bytes_moved - before


def test_a_small_reader_is_computed():
    a = made()
    kept = a[10:20] + 1
    a[5:15] = 0.0
    assert bytes_moved(lambda: grumpy.evaluate(a)) < N
    assert bytes_moved(lambda: grumpy.evaluate(kept)) == 0
    assert np.array_equal(np.asarray(kept), np.arange(11.0, 21.0))
    want = np.arange(float(N))
    want[5:15] = 0.0
    want[100:200] = 3.0
    assert np.array_equal(np.asarray(a), want)


def test_a_copy_of_a_part_is_computed():
    a = made()
    kept = a[10:20].copy()
    a[5:15] = 0.0
    assert bytes_moved(lambda: grumpy.evaluate(a)) < N
    assert np.array_equal(np.asarray(kept), np.arange(10.0, 20.0))


def test_a_result_on_its_way_into_an_array():
    """A loop of calls with out=, each on a small part, that the depth limit ends now and then."""
    a = made()
    parts = [a[k:k + 2000] for k in range(0, N, 2000)]

    def change():
        for part in parts:
            np.add(part, 1.0, out=part)
            np.sqrt(part, out=part)
            np.multiply(part, part, out=part)

    assert bytes_moved(change) < 3 * 8 * N
    want = np.arange(float(N))
    want[100:200] = 3.0
    assert np.array_equal(np.asarray(a), np.sqrt(want + 1)**2)


def test_a_large_reader_is_not_computed_for_it():
    """Jacobi iteration that looks at the change: the sweep is part of both kernels, and not stored."""
    grid = grumpy.asarray(np.random.default_rng(8).uniform(0, 1, (300, 300)))
    grumpy.evaluate(grid)
    center = grid[1:-1, 1:-1]

    def step():
        swept = 0.25 * (grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:])
        delta = np.sum(np.abs(swept - center))
        center[:] = swept
        return float(delta)

    step()
    assert bytes_moved(step) < 6.5 * grid.nbytes

"""A program that runs again and again touches no fresh memory (semantics.md S10)."""
import mmap
import resource
import statistics

import numpy as np
import pytest

import grumpy

pytestmark = pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF"), reason="no page fault counts")
N = 1 << 19  # 4 MB of float64: NumPy's allocator gets such from the system, and gives them back


def faults(call, warm=40, calls=15):
    """The median of the process's minor page faults in one call, after some to warm up."""
    for _ in range(warm):
        call()
    counts = []
    for _ in range(calls):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        call()
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return statistics.median(counts)


def made(*shape):
    return grumpy.asarray(np.random.default_rng(3).uniform(0.5, 1.5, shape))


def test_fresh_memory_is_seen():
    def touch():
        with mmap.mmap(-1, 1 << 16) as fresh:
            fresh[:] = bytes(1 << 16)

    assert faults(touch) > 0


def test_elementwise():
    x, y = made(N), made(N)
    assert faults(lambda: np.asarray(y / np.sqrt(x**2 + y**2))) == 0


def test_two_results():
    x, y = made(N), made(N)
    assert faults(lambda: [np.asarray(a) for a in (np.exp(x) - y, np.exp(x) + y)]) == 0


def test_in_place():
    param, grad, m, v = (made(N) for _ in range(4))

    def adam():
        nonlocal param, m, v
        m += 0.1 * (grad - m)
        v += 0.001 * (grad * grad - v)
        param -= 0.001 * m / (np.sqrt(v) + 1e-8)
        np.asarray(param)

    assert faults(adam) == 0


def test_stencil():
    grid = made(700, 700)

    def jacobi():
        center = grid[1:-1, 1:-1]
        for _ in range(5):
            center[:] = 0.2 * (center + grid[:-2, 1:-1] + grid[1:-1, 2:] + grid[1:-1, :-2]
                               + grid[2:, 1:-1])
        np.asarray(grid)

    assert faults(jacobi) == 0


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions(axis):
    x = made(1024, 512)
    assert faults(lambda: [np.asarray(f(x, axis=axis)) for f in (np.sum, np.std, np.max)]) == 0


@pytest.mark.parametrize("axis", [0, 1])
def test_scans(axis):
    x = made(1024, 512)
    assert faults(lambda: np.asarray(np.cumsum(x, axis=axis))) == 0


def test_selected_rows():
    x = made(N // 8, 8)
    assert faults(lambda: np.asarray(x[x[:, 0] > 1.0])) == 0


def test_products():
    a, b = made(300, 300), made(300, 300)
    assert faults(lambda: np.asarray(np.tanh(a @ b + 1.0))) == 0

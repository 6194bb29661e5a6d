"""How much memory a program needs at most, beside its arguments (semantics.md S10)."""
import pathlib

import numpy as np
import pytest

import grumpy

STATUS, CLEAR = pathlib.Path("/proc/self/status"), pathlib.Path("/proc/self/clear_refs")
pytestmark = pytest.mark.skipif(not CLEAR.exists(), reason="no peaks of the resident set")


def resident(key):
    return next(int(line.split()[1]) * 1024 for line in STATUS.read_text().splitlines()
                if line.startswith(key + ":"))


def extra(call):
    """Bytes that the resident set grows by at most during a call."""
    CLEAR.write_text("5")
    before = resident("VmRSS")
    call()
    return resident("VmHWM") - before


def test_a_stencil_needs_one_more_array():
    """Sweep after sweep in one evaluation: the array that was given is written to in its turn."""
    grid = grumpy.asarray(np.random.default_rng(9).uniform(0, 1, (2000, 2000)))
    grumpy.evaluate(grid)
    center = grid[1:-1, 1:-1]

    def sweeps():
        for _ in range(10):
            center[:] = 0.25 * (grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:])
        grumpy.evaluate(grid)

    assert extra(sweeps) < 1.5 * grid.nbytes

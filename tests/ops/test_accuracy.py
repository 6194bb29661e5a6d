"""Functions that are rounded nearly once: as exact as the C library's, which NumPy calls where it has no own."""

import numpy as np
import pytest

import grumpy

RANGES = {"exp": [(-700, 700), (-1, 1)], "exp2": [(-1000, 1000), (-1, 1)],
          "arcsin": [(-1, 1), (-0.55, 0.55)], "arccos": [(-1, 1), (0.4, 0.6)]}
RANGES32 = {"exp2": [(-125, 127), (-1, 1)]}


@pytest.mark.parametrize("dtype, name, low, high",
                         [("f8", name, *r) for name, ranges in RANGES.items() for r in ranges] +
                         [("f4", name, *r) for name, ranges in RANGES32.items() for r in ranges])
def test_errs_by_little_more_than_half_a_ulp(dtype, name, low, high):
    function = getattr(np, name)
    x = np.random.default_rng(5).uniform(low, high, 100_000).astype(dtype)
    ours = np.asarray(function(grumpy.asarray(x)))
    exact = function(x.astype(np.longdouble))
    assert ours.dtype == dtype
    assert (np.abs(ours - exact) / np.spacing(np.abs(exact.astype(dtype)))).max() < 0.53

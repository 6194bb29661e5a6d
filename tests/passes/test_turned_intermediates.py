"""What is summed only to be compared along a short last axis lies with that axis outermost."""
import numpy as np
import pytest

import grumpy
from grumpy.inspect import show

RNG = np.random.default_rng(7)


def distances(x, y):
    difference = x[:, None, :] - y[None, :, :]
    return np.sum(difference * difference, axis=2)


CONSUMERS = {
    "argmin": lambda d: np.argmin(d, axis=1),
    "argmax": lambda d: np.argmax(d, axis=-1),
    "min": lambda d: np.min(d, axis=1),
    "root": lambda d: np.max(np.sqrt(d), axis=1),
    "both": lambda d: (np.argmin(d, axis=1), np.min(d, axis=1, keepdims=True)),
    "any": lambda d: np.any(d > 40, axis=1),
    "range": lambda d: np.max(d, axis=1) - np.min(d, axis=1),
}
OTHERS = {  # order, other readers, or what is asked for decide against it
    "sum": lambda d: np.sum(d, axis=1),
    "first axis": lambda d: np.argmin(d, axis=0),
    "all": lambda d: np.min(d),
    "itself": lambda d: (np.argmin(d, axis=1), d),
    "column": lambda d: (np.argmin(d, axis=1), d[:, 0] + 1),
    "map": lambda d: (np.argmin(d, axis=1), d / 2),
    "reshaped": lambda d: np.argmin(d.reshape(2, -1), axis=1),
}


def forced(results):
    return [np.asarray(r) for r in (results if isinstance(results, tuple) else (results,))]


@pytest.mark.parametrize("name", [*CONSUMERS, *OTHERS])
@pytest.mark.parametrize("n, k, d", [(600, 8, 8), (1000, 3, 5), (512, 64, 2), (300, 2, 40), (6, 3, 2), (256, 1, 3)])
def test_values(name, n, k, d):
    x, y = RNG.integers(-4, 5, (n, d)).astype(float), RNG.integers(-4, 5, (k, d)).astype(float)  # with ties
    x[n // 2, 0] = np.nan
    f = (CONSUMERS | OTHERS)[name]
    for g, w in zip(forced(f(distances(grumpy.asarray(x), grumpy.asarray(y)))), forced(f(distances(x, y))), strict=True):
        assert g.dtype == w.dtype
        np.testing.assert_array_equal(g, w)


def is_turned(f):
    x, y = grumpy.asarray(RNG.normal(size=(600, 8))), grumpy.asarray(RNG.normal(size=(8, 8)))
    result = f(distances(x, y))
    arrays = result if isinstance(result, tuple) else (result,)
    return "turned" in show(*arrays, "partitions")


@pytest.mark.parametrize("name", CONSUMERS)
def test_turned(name):
    assert is_turned(CONSUMERS[name])


@pytest.mark.parametrize("name", OTHERS)
def test_not_turned(name):
    assert not is_turned(OTHERS[name])

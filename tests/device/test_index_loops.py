"""Elements read and written at index arrays: every item size, small arrays and such as are larger than caches."""
import numpy as np
import pytest

import grumpy

ITEMS = ["?", "i1", "f2", "f4", "f8", "c8", "c16"]
LAYOUTS = [lambda a: a, lambda a: a[::2], lambda a: a[::-1], lambda a: a[1:-1]]


def numbers(dtype, n):
    return np.random.default_rng(n).integers(0, 100, n).astype(dtype)


def places(n, count):
    return np.random.default_rng(count).integers(-n, n, count)


@pytest.mark.parametrize("dtype", ITEMS)
@pytest.mark.parametrize("n, count", [(7, 3), (40, 1000), (3000, 5003), (200_000, 30_011)])
@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_elements_of_vectors(dtype, n, count, layout):
    lay = LAYOUTS[layout]
    x, y = numbers(dtype, n), numbers(dtype, 2 * count)
    i = places(len(lay(x)), count)
    g = grumpy.array(x)
    for index in (i, grumpy.array(i), i.astype(np.int32), np.repeat(i, 2)[::2], i.reshape(1, -1)):
        np.testing.assert_array_equal(np.asarray(lay(g)[index]), lay(x)[np.asarray(index)])
        np.testing.assert_array_equal(np.asarray(lay(g).take(index)), lay(x).take(np.asarray(index)))
    for value in (y[:count], y[::2], y[0]):  # the last of equal places wins
        given = grumpy.array(value) if value.ndim else value
        lay(x)[i] = value
        lay(g)[i] = given
        np.testing.assert_array_equal(np.asarray(g), x)
    if dtype != "?":
        lay(x)[i] += y[:count]
        lay(g)[i] += grumpy.array(y[:count])
        np.add.at(lay(x), i, y[::2])
        np.add.at(lay(g), i, grumpy.array(y[::2]))
        np.testing.assert_array_equal(np.asarray(g), x)


def test_a_scatter_that_threads_share():
    n = 1_200_000
    x, y, i = np.zeros(n), np.arange(float(n)), places(n, n)
    x[i] = y
    for threads in (1, 2):
        g = grumpy.zeros(n)
        with grumpy.config(num_threads=threads):
            g[i] = y
            np.testing.assert_array_equal(np.asarray(g), x)
            np.testing.assert_array_equal(np.asarray(g[i]), x[i])


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_an_array_as_its_own_index(ndim):
    x = np.random.default_rng(1).permutation(120).reshape((120, 1, 1)[:ndim])
    g = grumpy.array(x)
    x[x.ravel()] = x.copy()
    g[g.ravel()] = g
    np.testing.assert_array_equal(np.asarray(g), x)
    x = np.arange(60)
    g = grumpy.array(x)
    x[x[::-1]] = x[3]
    g[g[::-1]] = g[3]
    np.testing.assert_array_equal(np.asarray(g), x)


SHAPES = [((3,), (3,)), ((3, 1), (4,)), ((2, 1, 3), (5, 1)), ((1,), (4, 1)), ((0,), (1,)), ((2, 0), (2, 1)), ((), (3,))]


@pytest.mark.parametrize("first, second", SHAPES)
def test_index_arrays_together(first, second):
    x = np.arange(6 * 7 * 2.0).reshape(6, 7, 2)
    g = grumpy.array(x)
    rng = np.random.default_rng(3)
    i, j = rng.integers(-6, 6, first), rng.integers(-7, 7, second)
    want = x[i, j]
    for key in ((i, j), (grumpy.array(i), grumpy.array(j))):
        np.testing.assert_array_equal(np.asarray(g[key]), want)
    for value in (1.5, np.arange(2.0), want[..., :1] * 2, want + 1, (want + 1)[None]):
        x[i, j] = value
        g[i, j] = value
        np.testing.assert_array_equal(np.asarray(g), x)


@pytest.mark.parametrize("line", [
    "a[[0, 5]]", "a[np.array([-6])]", "a.take([0, 35])", "a.take(np.array([5]), 0)", "a[[0], [7]]",
    "a[np.array([0, 1]), np.array([0, 1, 2])]", "a.__setitem__([5], 1)", "a.__setitem__(np.array([0, 1]), np.ones((3, 7)))",
    "a.take(np.array([1.5]))", "a[np.array([0.5])]", "np.add.at(a, np.array([5]), 1)",
    "a.take(np.array([0]), 2)", "a.take(np.array([0]), mode='no')",
])
def test_errors_are_numpys(line):
    x = np.ones((5, 7))
    texts = []
    for a in (x, grumpy.array(x)):
        with pytest.raises((IndexError, TypeError, ValueError)) as e:
            eval(line, {"np": np, "a": a})
        texts.append((type(e.value), str(e.value)))
    assert texts[0] == texts[1]

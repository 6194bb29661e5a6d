"""What a mask selects, read by one kernel, is packed while it is read: nothing is stored in between, and the bits
are those of the packed array."""
import numpy as np
import pytest

import grumpy

SIZES = [5, 64, 1000, 4096, 4097, 30_000, 300_001]
DENSITIES = [0.001, 0.02, 0.3, 0.5, 0.97, 1.0]


def arrays(n, density, dtype="d", seed=0):
    rng = np.random.default_rng(seed)
    m = rng.random(n) < density
    m[[0, -1]] = True  # at both ends
    return (rng.normal(size=n) * 10).astype(dtype), rng.random(n).astype(dtype), m


READS = {
    "sum": lambda a, b, m: a[m].sum(),
    "mean": lambda a, b, m: a[m].mean(),
    "var": lambda a, b, m: a[m].var(),
    "map": lambda a, b, m: np.sqrt(np.abs(a[m]) + 1),
    "two": lambda a, b, m: (a[m] * b[m]).sum(),
    "two maps": lambda a, b, m: a[m] / (b[m] + 1),
    "scan": lambda a, b, m: np.cumsum(a[m]),
    "argmax": lambda a, b, m: np.argmax(a[m]),
    "two masks": lambda a, b, m: (a[m] - b[::-1][m[::-1]][::-1]).sum(),
    "part": lambda a, b, m: a[1:][m[1:]].sum(),
    "matrix": lambda a, b, m: a[:a.size // 5 * 5].reshape(-1, 5)[m[:a.size // 5 * 5].reshape(-1, 5)].sum(),
    "of an operation": lambda a, b, m: (a * b)[m].sum(),
    "of a count": lambda a, b, m: a[m].sum() / np.count_nonzero(m),
}


def stored_first(f, a, b, m):
    """f, with everything that is selected evaluated before it is read."""
    with grumpy.config(max_pending_nodes=1):
        return np.asarray(f(*map(grumpy.array, (a, b, m))))


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("threads", [1, 2])
def test_the_bits_are_those_of_the_packed_array(name, threads):
    f = READS[name]
    with grumpy.config(num_threads=threads):
        for n in SIZES:
            for density in DENSITIES:
                a, b, m = arrays(n, density)
                got = np.asarray(f(*map(grumpy.array, (a, b, m))))
                np.testing.assert_array_equal(got, stored_first(f, a, b, m))
                np.testing.assert_allclose(got, f(a, b, m), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", ["?", "b", "e", "f", "d", "F", "D", "q"])
def test_all_item_sizes(dtype):
    a, b, m = arrays(10_001, 0.4, dtype)
    for f in (lambda x, m: x[m].sum(), lambda x, m: x[m] + x[m][::-1], lambda x, m: x[m] * 2):
        want = f(a, m)
        got = np.asarray(f(grumpy.array(a), grumpy.array(m)))
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got.astype("D"), want.astype("D"), rtol=2e-2 if dtype in "e" else 1e-4)


def test_bytes_other_than_one_are_true():
    a, b, m = arrays(5000, 0.3)
    bytes_ = m.view(np.uint8) * np.random.default_rng(1).integers(1, 255, m.size).astype(np.uint8)
    g, gm = grumpy.array(a), grumpy.array(bytes_).view(bool)
    np.testing.assert_allclose(float(g[gm].sum()), a[m].sum())


ROWS = {
    "sum": lambda x, y, m: x[m].sum(0),
    "mean": lambda x, y, m: np.mean(x[m], axis=0),
    "least": lambda x, y, m: x[m].min(0),
    "first": lambda x, y, m: np.argmax(x[m], axis=0),
    "two": lambda x, y, m: (x[m] * y[m]).sum(0),
    "two masks": lambda x, y, m: (x[m] - y[m[::-1].copy()]).max(0),
    "with all": lambda x, y, m: ((x[m] - x.mean(0)) ** 2).sum(0),
    "several": lambda x, y, m: np.stack([x[m].min(0), x[~m].sum(0)]),
    "columns": lambda x, y, m: x[m].sum(1),
    "total": lambda x, y, m: x[m].sum(),
    "across": lambda x, y, m: np.sum(x[m] * np.asfortranarray(y)[:np.count_nonzero(m)], axis=0),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("width", [2, 3, 8, 31, 63, 64])
def test_rows(name, width):
    rng = np.random.default_rng(width)
    f = ROWS[name]
    for n in (70, 1000, 20_001):
        for density in (0.02, 0.5, 0.99):
            x, y, m = rng.normal(size=(n, width)), rng.normal(size=(n, width)), rng.random(n) < density
            m[[3, 5]] = True
            m[[0, 2]] = False
            for threads in (1, 2):
                with grumpy.config(num_threads=threads):
                    got = np.asarray(f(*map(grumpy.array, (x, y, m))))
                    np.testing.assert_array_equal(got, stored_first(f, x, y, m))
            np.testing.assert_allclose(got, f(x, y, m), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", ["?", "h", "e", "f", "q", "D"])
def test_rows_of_all_item_sizes(dtype):
    x = np.random.default_rng(5).integers(0, 9, (3000, 5)).astype(dtype)
    m = np.random.default_rng(6).random(3000) < 0.1
    np.testing.assert_array_equal(np.asarray(grumpy.array(x)[grumpy.array(m)].max(0)), x[m].max(0))


def counted(f):
    r0 = grumpy.report()
    f()
    r1 = grumpy.report()
    return (r1.kernels - r0.kernels, r1.library_calls - r0.library_calls, r1.bytes_moved - r0.bytes_moved)


@pytest.mark.parametrize("name", ["sum", "map", "two", "scan"])
def test_nothing_is_stored_in_between(name):
    a, b, m = map(grumpy.array, arrays(100_000, 0.5))
    count = int(np.count_nonzero(m))
    kernels, library, moved = counted(lambda: grumpy.evaluate(READS[name](a, b, m)))
    assert (kernels, library) == (1, 0)
    assert moved <= 3 * 8 * count + 2 * 100_000


def test_rows_are_not_stored_in_between():
    x, m = grumpy.array(np.random.default_rng(0).normal(size=(50_000, 8))), grumpy.array(np.arange(50_000) % 10 == 3)
    count = int(np.count_nonzero(m))
    kernels, library, moved = counted(lambda: grumpy.evaluate(np.mean(x[m], axis=0)))
    assert (kernels, library) == (2, 0)  # the sum, and what divides it
    assert moved <= 8 * 8 * count + 50_000 + 1000


def test_what_is_kept_or_read_twice_is_stored():
    a, b, m = map(grumpy.array, arrays(10_000, 0.5))
    kept = a[m]
    total = kept.sum()
    assert counted(lambda: grumpy.evaluate(total, kept))[1] == 1
    def twice():
        x = a[m]
        centred = x - x.mean()
        del x
        grumpy.evaluate(centred)
    assert counted(twice)[1] == 1


def test_a_write_between_selection_and_read():
    def f(a, b, m):
        x = a[m]
        a[0] = 1000
        a[3:5] += b[3:5]
        s = x.sum()
        del x
        return s, a.sum()
    a, b, m = arrays(50_000, 0.5)
    got = f(*[grumpy.array(x) + 0 if x.dtype != bool else grumpy.array(x) for x in (a, b, m)])
    want = f(a.copy(), b, m)
    np.testing.assert_allclose([float(x) for x in got], want)


def test_errors_are_reported_once_and_not_from_padding():
    a, b, m = arrays(1003, 0.5)
    a[~m] = 0  # what is not selected would divide by zero
    a[m] = 2
    g, gm = grumpy.array(a), grumpy.array(m)
    with np.errstate(all="raise"):
        float((1 / g[gm]).sum())
    a[np.flatnonzero(m)[7]] = 0
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in divide") as seen:
        grumpy.evaluate((1 / grumpy.array(a)[gm]).sum())
    assert len(seen) == 1

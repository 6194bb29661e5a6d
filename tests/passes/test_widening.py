"""a[m] = f(a[m], b[m]) is computed without packing what the mask selects (graph/widen.h)."""
import warnings

import numpy as np
import pytest

import grumpy

N = 40_000


def arrays(share=0.6):
    rng = np.random.default_rng(1)
    a, b = rng.random(N) - 0.3, rng.random(N) + 1
    return a, b, rng.random(N) < share


def wrapped(*xs):
    gs = [grumpy.asarray(x) for x in xs]
    grumpy.evaluate(*gs)
    return gs


def counted(f):
    """(evaluations while recording, kernels and library calls when evaluated) of f, which gives an array."""
    r0 = grumpy.report()
    g = f()
    r1 = grumpy.report()
    grumpy.evaluate(g)
    r2 = grumpy.report()
    return r1.evaluations - r0.evaluations, r2.kernels - r1.kernels, r2.library_calls - r1.library_calls


def add(a, b, m):
    a[m] += b[m]
    return a


def assign(a, b, m):
    a[m] = a[m] * 2 + np.sqrt(b[m])
    return a


def least(a, b, m):
    return (a[m] * b[m]).min()


def largest(a, b, m):
    return np.max(a[m])


def any_true(a, b, m):
    return (a[m] > b[m]).any()


def number_true(a, b, m):
    return np.count_nonzero(a[m] > 0.1)


@pytest.mark.parametrize("f", [add, assign, least, largest, any_true, number_true])
def test_one_kernel_and_nothing_packed(f):
    a, b, m = arrays()
    g = wrapped(a, b, m)
    assert counted(lambda: f(*g)) == (0, 1, 0)
    a2, b2, m2 = arrays()
    np.testing.assert_array_equal(np.asarray(f(*wrapped(a2, b2, m2))), f(a, b, m))


def test_few_rows_are_packed():
    a, b, m = arrays(0.02)
    g = wrapped(a, b, m)
    before = grumpy.report().library_calls
    add(*g)
    grumpy.evaluate(g[0])
    assert grumpy.report().library_calls == before + 2  # a[m], and the write; b[m] is packed while it is added
    np.testing.assert_array_equal(np.asarray(add(*wrapped(a, b, m))), add(a, b, m))


def test_a_pending_mask_is_evaluated_with_what_it_is_made_of():
    def loop(z, c, counts):
        for _ in range(12):
            stays = z.real * z.real + z.imag * z.imag <= 4.0
            z[stays] = z[stays] * z[stays] + c[stays]
            counts[stays] += 1
        return z, counts
    def fresh():
        c = np.linspace(-2.1, 0.9, 150) + 1j * np.linspace(-1.0, 1.0, 100)[:, None]
        return np.zeros_like(c), c, np.zeros(c.shape, np.int64)
    r0 = grumpy.report()
    z, counts = loop(*wrapped(*fresh()))
    grumpy.evaluate(z, counts)
    assert grumpy.report().library_calls == r0.library_calls
    for got, want in zip((z, counts), loop(*fresh())):
        np.testing.assert_array_equal(np.asarray(got), want)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_rows_behind_the_mask(share):
    def f(q, t):
        m = q[:, 0] < share
        q[m] = q[m] * 2 + np.arange(7)
        t[m[:, None] & (q > 1)] -= 1
        q[m, 2] = q[m, 3]
        q.T[:, m] = q.T[:, m] + 1
        rows = q[m]
        q[m] = rows + rows[:, :1]
        return [q, t, q[m].max(0), q[m].max(), (q[m] > 1).sum(1), t[m].sum(0), rows]
    rng = np.random.default_rng(2)
    q, t = rng.random((3000, 7)), rng.integers(0, 9, (3000, 7))
    got = f(grumpy.asarray(q), grumpy.asarray(t))
    for x, y in zip(got, f(q, t)):
        np.testing.assert_array_equal(np.asarray(x), y)


def test_masks_that_are_views_and_masks_that_change():
    def f(a, b, m):
        half = m[::2]
        a[::2][half] += b[::2][half]
        t = a[m]
        m[:100] = True
        a[m] = a[m] + 1
        with pytest.raises(ValueError):
            a[m] = t + 1  # as many rows as were selected before
        u = a[~m] * 2
        a[~m] = u
        a[~m] = u + a[~m]
        return a, t, u
    a, b, m = arrays()
    got = f(*wrapped(a, b, m))
    for x, y in zip(got, f(a, b, m)):
        np.testing.assert_array_equal(np.asarray(x), y)


def test_other_dtypes_and_numbers():
    def f(array):
        rng = np.random.default_rng(3)
        i, x = array(rng.integers(-9, 9, N)), array(rng.random(N).astype("f4"))
        m = x > 0.25
        i[m] //= 2
        x[m] = i[m] / 3          # float64 into float32
        i[m] = x[m] * 10         # and cut to integers
        h = array(np.zeros(N, "f2"))
        h[m] = np.where(i[m] > 0, x[m], 1)
        return [i, x, h, i[m].sum(), (i[m] * 2).sum(), np.bitwise_or(i[m], 1).max(), (i[m] != 0).all(),
                np.fmin(x[m], h[m]).min()]
    for got, want in zip(f(lambda x: grumpy.asarray(x)), f(np.array)):
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(np.asarray(got), want)


def test_what_the_mask_leaves_out_reports_nothing():
    x = np.linspace(-1, 0.9, N)
    g, = wrapped(x)
    m = g > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g[m] = np.log(g[m]) / g[m]
        g[m] = np.sqrt(g[m] + 1e9) // g[m]
        np.asarray(g)


def test_what_the_mask_selects_is_reported():
    x = np.linspace(-1, 1, N)
    g, = wrapped(x)
    m = np.abs(g) > 0.5
    g[m] = np.log(g[m])
    with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
        np.asarray(g)
    g, = wrapped(x)
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        g[m] = np.log(g[m])
    np.testing.assert_array_equal(np.asarray(g), x)
    g, = wrapped(x * 1e300)
    single = grumpy.asarray(np.zeros(N, "f4"))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        single[m] = g[m]


def test_exported_memory_is_written_at_once():
    a, b, m = arrays()
    g, h, k = wrapped(a, b, m)
    alias = np.asarray(g)
    g[k] += h[k]
    a[m] += b[m]
    np.testing.assert_array_equal(alias, a)
    seen = np.asarray(k)
    seen[:] = False
    g[k] += 1
    np.testing.assert_array_equal(alias, a)
    del seen
    assert g[k].shape == (0,)


def test_sums_of_floats_have_the_order_of_what_is_selected():
    a, b, m = arrays()
    g, k = wrapped(a, m)
    pending = g[k].sum()
    rows = g[k]
    grumpy.evaluate(rows)
    assert float(pending) == float(rows.sum())

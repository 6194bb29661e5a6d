"""One operation on a few known elements runs without a plan, with the same value, errors and counts."""
import itertools
import threading
import warnings

import numpy as np
import pytest

import grumpy

DTYPES = "?bhilBHILefdFD"
UNARY = [np.negative, np.abs, np.sqrt, np.exp, np.log, np.sign, np.square, np.isnan, np.floor, np.invert, np.conjugate,
         np.reciprocal, np.logical_not]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.floor_divide, np.remainder, np.maximum, np.equal, np.less,
          np.logical_or, np.bitwise_and, np.left_shift, np.hypot, np.arctan2]


def values(dtype, n, seed):
    x = np.random.default_rng(seed).uniform(1, 50, n)
    return (x > 25) if dtype == "?" else x.astype(dtype)


def outcome(f, *args):
    """Value and warnings, or the error."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            value = np.array(f(*args))
        except TypeError as error:
            return type(error), []
    return value, sorted(str(w.message) for w in seen)


def check(f, *args):
    expected, warned = outcome(f, *args)
    given, told = outcome(f, *[grumpy.array(a) if isinstance(a, np.ndarray) else a for a in args])
    if isinstance(expected, type):
        assert given is expected
        return
    assert given.dtype == expected.dtype
    np.testing.assert_allclose(given, expected, rtol=2e-2 if expected.dtype == "e" else 1e-5)
    assert told == warned


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_dtypes(dtype):
    for n in (1, 7, 16, 33, 1024, 1025, 5001):
        x, y = values(dtype, n, 1), values(dtype, n, 2)
        for f in UNARY:
            check(f, x)
        for f in BINARY:
            if f is np.left_shift and n > 1:
                y = y % np.array(4, y.dtype) if np.dtype(dtype).kind in "iu" else y
            check(f, x, y)
        check(lambda a: a + a.dtype.type(3), x)
        if np.dtype(dtype).kind != "c":
            check(lambda a, b: np.where(a > 20, a, b), x, y)
        for to in "ilfdD":
            check(lambda a: a.astype(to) if np.dtype(to).kind == "c" or a.dtype.kind != "c" else a, x)


@pytest.mark.parametrize("n", [1, 10, 100, 1000, 8000])
def test_counts(n):
    x, y = grumpy.array(np.arange(n + 0.0)), grumpy.array(np.ones(n))
    with grumpy.config(jit="auto"):
        before = grumpy.report()
        z = x + y
        assert grumpy.report().kernels == before.kernels
        np.asarray(z)
        after = grumpy.report()
    assert after.kernels - before.kernels == 1 and after.evaluations - before.evaluations == 1
    assert after.bytes_moved - before.bytes_moved == 3 * 8 * n
    assert after.plans == before.plans


def test_errors_name_their_line():
    g = grumpy.array(np.array([1.0, 0.0]))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        y = 1 / g
        np.asarray(y)
        np.asarray(y)
    assert [str(w.message) for w in seen] == ["divide by zero encountered in divide"]
    assert seen[0].filename == __file__
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        1 / g
    with np.errstate(divide="ignore"):
        assert np.asarray(1 / g).tolist() == [1, np.inf]


def test_memory_of_others_is_read_to_its_end_only():
    """A borrowed array has nothing behind its last element."""
    for n in (1, 5, 17):
        whole = np.zeros(64)
        whole[:n] = 4.0
        g = grumpy.asarray(whole[:n], copy=False)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.asarray(np.log(g)).tolist() == [np.log(4.0)] * n


def test_in_place_lane():
    """x op= y where x is whole, seen by a pending reader, by a view, or outside."""
    for outside, viewed in itertools.product([False, True], repeat=2):
        x, g = np.arange(6.0), grumpy.array(np.arange(6.0))
        before_x, before_g = x + 1, g + 1
        out = np.asarray(g) if outside else None
        part = g[1:3] if viewed else None
        for a in (x, g):
            a += a
            a *= 2
            a -= np.ones(6) if a is x else grumpy.array(np.ones(6))
        assert g.tolist() == x.tolist() and before_g.tolist() == before_x.tolist()
        if outside:
            assert out.tolist() == x.tolist()
        if viewed:
            assert part.tolist() == x[1:3].tolist()
    i = grumpy.array(np.arange(3))
    with pytest.raises(TypeError, match="Cannot cast ufunc 'add' output"):
        i += 1.5
    with pytest.raises(TypeError):
        i /= 2
    assert i.tolist() == [0, 1, 2]
    r = grumpy.array(np.arange(3.0))
    r.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        r += 1


@pytest.mark.parametrize("n", [5, 1000, 5000])
def test_result_takes_the_memory_of_an_operand_that_nobody_needs(n):
    """x -= y stays where it is; what somebody can still see is left alone."""
    def address(g):
        return np.asarray(g).ctypes.data

    x, y = grumpy.array(np.arange(n + 0.0)), grumpy.array(np.ones(n))
    first = address(x)
    for _ in range(3):
        x -= y
        assert address(x) == first
    z = x - y
    assert address(z) not in (first, address(y))
    out = np.asarray(x)
    x -= y
    assert out[0] == x[0] == -4 and z[0] == -4
    x -= x
    assert not np.asarray(x).any() and y.tolist() == [1.0] * n


def test_many_threads():
    x = grumpy.array(np.arange(50.0))
    big = grumpy.array(np.arange(500_000.0))
    wrong = []

    def small():
        for k in range(300):
            if float(np.asarray(x + k)[3]) != 3 + k:
                wrong.append(k)

    def large():
        for k in range(20):
            if np.asarray(big * 2 + k)[7] != 14 + k:
                wrong.append(k)

    threads = [threading.Thread(target=f) for f in (small, large, small, large)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


REDUCTIONS = {
    "sum": np.sum, "prod": np.prod, "min": np.min, "max": np.max, "argmin": np.argmin, "argmax": np.argmax,
    "any": np.any, "all": np.all, "count": np.count_nonzero,
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_have_the_bits_of_a_plan(name, dtype):
    f = REDUCTIONS[name]
    for shape, axes in [((1,), [None]), ((7,), [None, 0]), ((1000,), [None]), ((1025,), [None]), ((31, 33), [None, 0, 1]),
                        ((4, 5, 6), [None, 0, 1, 2, (0, 1), (1, 2), (0, 2)]), ((3, 1, 50), [0, 1, 2]), ((600, 3), [0, 1]),
                        ((3, 900), [0, 1])]:
        x = values(dtype, int(np.prod(shape)), 3).reshape(shape)
        if x.dtype.kind in "fc" and x.size > 5:
            x.flat[x.size // 2] = np.nan
        for axis in axes:
            if isinstance(axis, tuple) and name.startswith("arg"):
                continue
            with np.errstate(all="ignore"):
                lone = np.asarray(f(grumpy.array(x), axis=axis))
                with grumpy.config(jit="sync"):
                    planned = np.asarray(f(grumpy.array(x), axis=axis))
                assert lone.dtype == planned.dtype == np.asarray(f(x, axis=axis)).dtype
                assert lone.shape == planned.shape
                np.testing.assert_array_equal(lone, planned, err_msg=str((shape, axis)))
                if x.dtype.kind != "c" and name not in ("sum", "prod"):
                    np.testing.assert_array_equal(lone, f(x, axis=axis))


def test_reductions_need_no_plan_and_tell_their_errors():
    x = grumpy.array(np.full(50, 1e308))
    before = grumpy.report()
    assert float(x.max()) == 1e308 and int(x.argmax()) == 0
    after = grumpy.report()
    assert after.plans == before.plans and after.kernels - before.kernels == after.evaluations - before.evaluations == 2
    assert after.bytes_moved - before.bytes_moved == 2 * (50 * 8 + 8)
    with pytest.warns(RuntimeWarning, match="overflow encountered in reduce"):
        assert float(x.sum()) == np.inf


VIEWS = {
    "part": lambda a: a[1:-1], "second": lambda a: a[::2], "reversed": lambda a: a[::-1], "row": lambda a: a.reshape(-1, 6)[1],
    "column": lambda a: a.reshape(-1, 6)[:, 1], "transposed": lambda a: a.reshape(-1, 6).T, "box": lambda a: a.reshape(-1, 6)[1:, 2:5],
    "repeated": lambda a: a[:6, None] + np.zeros(3, a.dtype), "one": lambda a: a[3:4], "shaped": lambda a: a.reshape(2, -1),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("dtype", "?bhilfdD")
def test_views(view, dtype):
    for n in (30, 600, 6000):
        x = values(dtype, n, 5)
        part = VIEWS[view]
        for f in (lambda a: a + a, lambda a: a * a.dtype.type(2), lambda a: np.sqrt(abs(a)), lambda a: a == a[..., :1],
                  lambda a: a.max(), lambda a: a.sum(axis=-1), lambda a: np.argmin(a), lambda a: a - part(a) if a.ndim == 0 else a):
            g = part(grumpy.array(x))
            if dtype == "?" and f(np.ones(1, "d")).dtype == "d":
                f = np.logical_not
            got, want = np.asarray(f(g)), np.asarray(f(part(x)))
            assert got.dtype == want.dtype and got.shape == want.shape
            np.testing.assert_allclose(got, want, rtol=1e-5)


def test_a_view_needs_no_plan():
    g = grumpy.array(np.arange(100.0))
    before = grumpy.report()
    np.asarray(g[1:] - g[:-1])
    float(g[::2].sum())
    after = grumpy.report()
    assert after.plans == before.plans and after.evaluations - before.evaluations == 2
    assert after.bytes_moved - before.bytes_moved == 3 * 99 * 8 + 51 * 8


def test_a_view_does_not_give_its_memory_away():
    g = grumpy.array(np.arange(8.0))
    head = g[:4]
    assert np.asarray(head + 1).tolist() == [1, 2, 3, 4]
    assert np.asarray(g[:4] * g[4:]).tolist() == [0, 5, 12, 21]
    assert g.tolist() == list(range(8))

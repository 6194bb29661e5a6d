"""Ufuncs through __array_ufunc__: calls, keywords and methods (semantics.md S2)."""
import numpy as np
import pytest

import grumpy
from grumpy.testing import assert_same, compare

UFUNCS = sorted({f for f in vars(np).values() if isinstance(f, np.ufunc)}, key=lambda f: f.__name__)
PLAIN = [f for f in UFUNCS if f.signature is None and f.nin <= 2]
DTYPES = "?bBilefdFD"
ULP = {"e": 2e-3, "f": 1e-6, "F": 1e-6, "d": 1e-13, "D": 1e-13}


def values(dtype, n=8):
    x = np.linspace(0.2, 0.9, n)
    return (x * 10).astype(dtype) if dtype in "?bBilL" else x.astype(dtype)


@pytest.mark.parametrize("ufunc", PLAIN, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_ufunc(ufunc, dtype):
    x = values(dtype)
    args = [x, x[::-1].copy()][:ufunc.nin]
    rtol = max(ULP.get(np.dtype(t).char, 0) for t in (dtype, np.result_type(dtype, np.float16)))
    with np.errstate(all="ignore"):
        compare(ufunc, *args, rtol=rtol)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.hypot, np.equal, np.logical_and,
                                   np.bitwise_and, np.gcd])
def test_dtypes_mix(ufunc):
    for left in DTYPES:
        for right in DTYPES:
            compare(ufunc, values(left), values(right)[::-1].copy(), rtol=1e-3 if ufunc is np.hypot else 0)


def test_out():
    def body(a, b, out):
        r = np.add(a, b, out=out)
        assert r is out
        np.multiply(a, b, out)
        np.sqrt(out, out=out[::2].view() if False else out)
        return out
    compare(body, np.arange(4.0), np.ones(4), np.zeros(4))
    compare(lambda a, out: np.add(a, 1, out=out), np.arange(4.0), np.zeros(4, int))
    compare(lambda a, out: np.add(a, 1, out=out), np.arange(4.0), np.zeros((3, 4)))
    compare(lambda a, out: np.add(a, 1, out=out), np.arange(4.0), np.zeros(3))
    compare(lambda a, out: np.add(a, 1, out=out, casting="unsafe"), np.arange(4.5), np.zeros(5, int))
    compare(lambda a, out: np.add(a, a, out=out), np.arange(4, dtype="f4"), np.zeros(4))
    compare(lambda a: np.add(a[:-1], a[1:], out=a[1:]), np.arange(9.0))


def test_out_is_an_ndarray():
    out = np.zeros(3)
    g = grumpy.asarray(np.arange(3.0))
    assert np.add(g, 1, out=out) is out
    assert out.tolist() == [1.0, 2.0, 3.0]
    out += g
    assert out.tolist() == [1.0, 3.0, 5.0]
    assert np.sum(g, out=np.zeros(())).shape == ()


def test_where():
    def body(a, b, m, out):
        np.divide(a, b, out=out, where=m)
        return out, np.add(a, b, where=m, out=np.ones_like(a))
    m = np.array([True, False, True])
    with np.errstate(all="raise"):
        compare(body, np.arange(3.0), np.array([1.0, 0.0, 2.0]), m, np.full(3, -1.0))
    compare(lambda a, m, out: np.add(a, 1, where=m, out=out), np.arange(3.0), m,
            np.zeros((2, 3)))
    compare(lambda a, m: np.add(a, 1, where=m, out=np.zeros_like(a)), np.arange(3.0), np.array([1, 0, 1]))
    g = np.add(grumpy.asarray(np.arange(3.0)), 1, where=grumpy.asarray(m))
    assert np.asarray(g)[m].tolist() == [1.0, 3.0]


def test_dtype_casting_signature_order():
    a = np.arange(6).reshape(2, 3)
    compare(lambda a: np.add(a, a, dtype="f4"), a)
    compare(lambda a: np.add(a, 0.5, dtype="f4"), a)
    compare(lambda a: np.add(a, a, dtype="i1"), a)
    compare(lambda a: np.add(a, a, dtype="i1", casting="unsafe"), a)
    compare(lambda a: np.add(a, a, casting="no"), a)
    compare(lambda a: np.add(a, 1.5, casting="safe"), a)
    compare(lambda a: np.add(a, a, signature="dd->d"), a)
    compare(lambda a: np.sqrt(a, dtype="f8"), a.astype("f4"))
    compare(lambda a: np.equal(a, a, dtype=bool), a)
    compare(lambda a: np.add(a, a, order="F"), a)
    compare(lambda a: np.add(a, a, subok=False), a)
    compare(lambda a: np.add(a, a, nonsense=1), a)
    compare(lambda a: np.add(a, a, dtype=np.longdouble), a)
    for order in "CFAK":
        g = np.add(grumpy.array(a).T, 1, order=order)
        assert g.strides == np.add(a.T, 1, order=order).strides


REDUCIBLE = [np.add, np.multiply, np.minimum, np.maximum, np.fmin, np.fmax, np.logical_and, np.logical_or,
             np.bitwise_and, np.bitwise_or, np.bitwise_xor]


@pytest.mark.parametrize("ufunc", REDUCIBLE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (), 3, (0, 0)])
def test_reduce(ufunc, axis):
    a = (np.arange(24) % 7 + 1).reshape(2, 3, 4)
    for dtype in ("l", "B", "?") + (("d", "f", "D") if ufunc not in REDUCIBLE[8:] else ()):
        rtol = 1e-6 if ufunc is np.multiply and dtype in "fdD" else 0  # factors in another order
        compare(lambda a: ufunc.reduce(a, axis=axis), a.astype(dtype), rtol=rtol)
        compare(lambda a: ufunc.reduce(a, axis=axis, keepdims=True), a.astype(dtype), rtol=rtol)


def test_reduce_keywords():
    a = (np.arange(24.0) % 7).reshape(2, 3, 4)
    m = a > 2
    compare(lambda a: np.add.reduce(a, 0, initial=10.0), a)
    compare(lambda a: np.minimum.reduce(a, 0, initial=-3), a)
    compare(lambda a: np.minimum.reduce(a[:0], 0, initial=5), a)
    compare(lambda a: np.minimum.reduce(a[:0], 0), a)
    compare(lambda a: np.add.reduce(a[:0], 0), a)
    for dtype in "BIQ":
        compare(lambda a: np.add.reduce(a[:0], 0, initial=-2), a.astype(dtype))
        compare(lambda a: np.multiply.reduce(a, 0, initial=-2), a.astype(dtype))
    compare(lambda a, m: np.add.reduce(a, 1, where=m), a, m)
    compare(lambda a, m: np.maximum.reduce(a, 1, where=m, initial=-1), a, m)
    compare(lambda a, m: np.maximum.reduce(a, 1, where=m), a, m)
    compare(lambda a: np.add.reduce(a, 1, dtype="f4"), a)
    compare(lambda a: np.add.reduce(a, 1, dtype=int), a)
    compare(lambda a, out: np.add.reduce(a, 1, out=out), a, np.zeros((2, 4)))
    compare(lambda a, out: np.add.reduce(a, 1, out=out), a, np.zeros((3, 4)))
    compare(lambda a: np.add.reduce(a, 1, initial=None), a)
    compare(lambda a: np.subtract.reduce(a, 1), a)
    compare(lambda a: np.arctan2.reduce(a, 1), a)
    compare(np.add.reduce, np.float64(3.0) * np.ones(()))


def test_accumulate_reduceat_outer_at():
    a = np.arange(1, 13).reshape(3, 4)
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum, np.logical_or, np.bitwise_xor, np.subtract):
        for axis in (0, 1, -1):
            compare(lambda a: ufunc.accumulate(a, axis=axis), a)
    compare(lambda a: np.add.accumulate(a, 0, "f8"), a)
    compare(lambda a, out: np.add.accumulate(a, 0, out=out), a, np.zeros_like(a))
    compare(lambda a: np.add.accumulate(a, axis=None), a)
    compare(lambda a: np.add.reduceat(a, [0, 2], axis=1), a)
    compare(lambda a, b: np.multiply.outer(a, b), a, np.arange(3.0))
    compare(lambda a: np.add.outer(a, 2), a)

    def at(a):
        np.add.at(a, [0, 0, 2], 10)
        np.negative.at(a, (slice(None), 1))
        np.subtract.at(a[0], [1, 1], [1, 2])
        return a
    compare(at, a)


def test_several_outputs():
    x = np.array([1.5, -2.25, 7.0])
    compare(np.modf, x)
    compare(np.frexp, x)
    compare(lambda a: np.divmod(a, 2), x)
    compare(lambda a: np.divmod(a, a), np.array([1, 0, 3]))
    compare(lambda a, p, q: np.divmod(a, 2, out=(p, q)), x, np.zeros(3), np.zeros(3))
    compare(lambda a, p: np.modf(a, out=(p, None)), x, np.zeros(3))


def test_products():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, (2, 3, 4)).astype(float), rng.integers(0, 5, (2, 4, 3)).astype(float)
    compare(np.matmul, a, b)
    compare(lambda a, b: np.matmul(a, b, axes=[(0, 1), (0, 1), (0, 1)]), a[0].T.copy(), b[0].T.copy())
    compare(np.vecdot, a, a[:1])
    compare(np.vecdot, a * 1j, a + 2j)
    compare(np.matvec, a, a[:, 0])
    compare(np.vecmat, a[:, 0] * (1 + 1j), b.transpose(0, 1, 2)[:, :, :2] + 0j)
    compare(np.matmul, a, a)
    compare(np.matmul, a, np.float64(3))


def test_user_ufuncs_of_objects():
    f = np.frompyfunc(lambda x: x + 1, 1, 1)
    compare(f, np.arange(3))


def test_scipy_special_stays_lazy():
    special = pytest.importorskip("scipy.special")
    x = np.linspace(0.1, 0.9, 50)
    g = grumpy.asarray(x.copy())
    grumpy.report().reset()
    for name in ("erf", "expit", "gammaln", "j0", "zeta", "betainc", "xlogy", "digamma", "ndtr", "sici"):
        f = getattr(special, name)
        args = {"zeta": (1 + g, 1.0), "betainc": (2.0, 3.0, g), "xlogy": (g, g + 1)}.get(name, (g,))
        want = f(*[np.asarray(a.copy()) if isinstance(a, grumpy.ndarray) else a for a in args])
        got = f(*args)
        first = got[0] if isinstance(got, tuple) else got
        assert grumpy._core.is_pending(first), name
        assert_same(got, want, rtol=1e-14)
    assert not grumpy.report().forwards
    assert (special.erf(g.astype("f4"))).dtype == np.float32


def test_numba_ufuncs_stay_lazy():
    numba = pytest.importorskip("numba")

    @numba.vectorize(["float64(float64, float64)"])
    def f(x, y):
        return x * 2 + y

    x = np.arange(5.0)
    g = grumpy.asarray(x.copy())
    for y in (f(g, 1.0), f(g, np.ones(5)), f(x, grumpy.asarray(np.ones(5)))):
        assert grumpy._core.is_pending(y)
        assert_same(y, x * 2 + 1)
    assert f.reduce(g) == f.reduce(x)


def test_numba_compiles_loops_for_what_it_meets():
    numba = pytest.importorskip("numba")
    f = numba.vectorize(lambda x, y: x * 2 + y)
    for dtype in ("d", "d", "l", "f", "d"):
        x = np.arange(5, dtype=dtype)
        assert_same(f(grumpy.asarray(x.copy()), x), f(x, x))


def test_calls_count_as_dispatches():
    g = grumpy.asarray(np.arange(3.0))
    before = grumpy.dispatch_count()
    np.add(g, g)
    g + g
    g.sum()
    np.sum(g)
    g[0]
    assert grumpy.dispatch_count() >= before + 5


@pytest.mark.parametrize("dtype", ["e", "f", "d", "F", "D"])
def test_sums_keep_an_initial_negative_zero(dtype):
    zero = np.array([-0.0] * 9, dtype) if dtype not in "FD" else np.array([complex(-0.0, -0.0)] * 9, dtype)
    got = np.asarray(np.add.reduce(grumpy.asarray(zero), initial=zero[0]))
    assert np.signbit(got.real) and np.signbit(np.add.reduce(zero, initial=zero[0]).real)


def test_integer_reductions_refuse_an_initial_that_is_no_integer():
    for x in (np.zeros(0, "i4"), np.zeros((0, 3), "i4"), np.ones(3, "i4")):
        for f in (np.sum, np.max):
            with pytest.raises(OverflowError, match="cannot convert float infinity to integer"):
                f(grumpy.asarray(x), initial=-np.inf)


def test_where_of_ufuncs_with_two_results():
    a, mask = np.array([7.5, 8.25, 9.0]), np.array([True, False, True])
    for ufunc, more in ((np.divmod, (2,)), (np.modf, ()), (np.frexp, ())):
        with pytest.warns(UserWarning, match="without 'out'"):
            got = ufunc(grumpy.array(a), *more, where=grumpy.array(mask))
        for g, w in zip(got, ufunc(a, *more), strict=True):
            assert g[mask].tolist() == w[mask].tolist()


def test_parts_that_a_cast_loses_are_told():
    for a in (np.array([1 + 2j]), grumpy.array([1 + 2j])):
        with pytest.warns(np.exceptions.ComplexWarning):
            assert np.positive(a, dtype=float, casting="unsafe").tolist() == [1.0]


def test_out_alone_is_recorded():
    """The lane of programs that write in place: nothing is forwarded, nothing computed."""
    def program(x, y):
        r = x[:4]
        results = [np.multiply(y[1:5], 2.5, out=r), np.add(2, r, out=r), np.sqrt(r, out=r),
                   np.subtract(x, y[0], out=y), np.add(x, x, out=x), np.maximum(y, 1, out=(x,))]
        assert [k is a for k, a in zip(results, (r, r, r, y, x, x))] == [True] * 6
        return x, y

    g, h = (grumpy.asarray(np.arange(1.0, 9.0)) for _ in range(2))
    before = grumpy.report()
    got = program(g, h)
    after = grumpy.report()
    assert after.forwards == before.forwards
    assert after.evaluations == before.evaluations
    for a, b in zip(got, program(np.arange(1.0, 9.0), np.arange(1.0, 9.0))):
        assert np.array_equal(np.asarray(a), b)


@pytest.mark.parametrize("call", [
    lambda x: np.add(x, 1.5, out=x.astype(np.int64)),  # float64 into int64
    lambda x: np.add(x, 300, out=x.astype(np.uint8)[:2]),  # does not fit, nor broadcast
    lambda x: np.add(x, x[:3], out=x),
    lambda x: np.add(x, np.zeros((2, 8)), out=x),
    lambda x: np.invert(x, out=x)], ids=range(5))
def test_out_alone_refuses_as_numpy_does(call):
    x = np.arange(8.0)
    with pytest.raises(Exception) as theirs:
        call(x)
    with pytest.raises(type(theirs.value)) as ours:
        call(grumpy.asarray(x))
    assert str(ours.value) == str(theirs.value)


def test_out_alone_takes_what_numpy_casts():
    x = np.arange(8.0)
    g = grumpy.asarray(x)
    for a in (x, g):
        small = a.astype(np.float32)
        assert np.sin(a, out=small) is small and small.dtype == np.float32
        assert np.greater(a, 3, out=small) is small
    assert np.array_equal(np.asarray(np.greater(g, 3, out=g)), np.greater(x, 3, out=x))

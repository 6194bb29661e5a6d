"""Floating-point errors, delivered late or at the call (semantics.md S7)."""
import io
import warnings

import numpy as np
import pytest

import grumpy

X = np.array([1.0, 0.0, -1.0])


@pytest.fixture
def g():
    return grumpy.asarray(X.copy())


@pytest.fixture(params=["lazy", "call"])
def mode(request):
    with grumpy.config(fp_warnings=request.param):
        yield request.param


CASES = [(lambda g: 1 / g, "divide by zero encountered in divide"),
         (lambda g: np.log(g), "divide by zero encountered in log"),
         (lambda g: np.sqrt(g), "invalid value encountered in sqrt"),
         (lambda g: np.exp(g * 1000), "overflow encountered in exp"),
         (lambda g: g / g, "invalid value encountered in divide"),
         (lambda g: (g * 1e300) ** 2, "overflow encountered in square"),
         (lambda g: (g * 1e300).astype("f4"), "overflow encountered in cast"),
         (lambda g: np.floor_divide(g, 0), "divide by zero encountered in floor_divide"),
         (lambda g: g.astype(int) // 0, "divide by zero encountered in floor_divide"),
         (lambda g: np.power(g, -1.5), "divide by zero encountered in power")]


@pytest.mark.parametrize("case", CASES, ids=[text for _, text in CASES])
def test_texts_are_numpys(case, mode, g):
    call, text = case
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        np.asarray(call(g))
    assert text in [str(w.message) for w in seen]
    with warnings.catch_warnings(record=True) as want:
        warnings.simplefilter("always")
        call(X)
    assert {str(w.message) for w in seen} == {str(w.message) for w in want}


def test_late_warnings_name_the_recording_line(g):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        y = 1 / g
        line = y  # the recording is one line up
        assert not seen
        np.asarray(line)
    assert len(seen) == 1 and seen[0].filename == __file__
    here = test_late_warnings_name_the_recording_line.__code__.co_firstlineno
    assert seen[0].lineno == here + 3


def test_warnings_at_the_call(g):
    with grumpy.config(fp_warnings="call"), pytest.warns(RuntimeWarning, match="divide by zero"):
        1 / g


def test_state_when_recorded_decides(g):
    with np.errstate(divide="ignore"):
        y = 1 / g
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.asarray(y)
    with np.errstate(divide="warn"):
        z = 1 / g
    with np.errstate(divide="ignore"), pytest.warns(RuntimeWarning):
        np.asarray(z)


def test_raise_is_at_the_call(g):
    with np.errstate(all="raise"):
        with pytest.raises(FloatingPointError, match="divide by zero encountered in divide"):
            1 / g
        with pytest.raises(FloatingPointError, match="invalid value encountered in sqrt"):
            np.sqrt(g)
        assert float((g + 1).sum()) == 3


def test_call_log_print(g, capfd):
    seen = []
    with np.errstate(divide="call", call=lambda kind, flag: seen.append((kind, flag))):
        1 / g
    assert seen == [("divide by zero", 1)]
    stream = io.StringIO()
    with np.errstate(divide="log", call=stream), grumpy.config(fp_warnings="call"):
        1 / g
    assert stream.getvalue() == "Warning: divide by zero encountered in divide\n"
    with np.errstate(divide="print"):
        np.asarray(1 / g)
    assert "Warning: divide by zero encountered in divide" in capfd.readouterr().err


def test_in_place(g):
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        g /= 0


def test_no_spurious_warnings(mode):
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in (1, 3, 15, 17, 1000, 4099):
            x = grumpy.asarray(rng.uniform(0.5, 2.0, n))
            for f in (np.log, np.exp, np.sqrt, np.tanh, np.sin, np.arctanh, np.arcsin, np.reciprocal):
                np.asarray(f(x * 0.4))
            np.asarray(1 / x)
            np.asarray(x[::2] ** -0.5)


@pytest.mark.parametrize("jit", ["auto", "sync"])
def test_no_spurious_warnings_of_what_was_there_before_others_wrote(jit):
    """Behind the last element its like is kept; a write through an ndarray does not change that."""
    with warnings.catch_warnings(), grumpy.config(jit=jit):
        warnings.simplefilter("error")
        for n in (1, 10, 1003):
            g = grumpy.array(np.zeros(n))
            x = np.asarray(g)
            x[:] = 1
            assert np.asarray(np.log(g) + 1 / g).tolist() == [1.0] * n
            del x
            assert np.asarray(1 / g).tolist() == [1.0] * n
            assert np.asarray(np.log(g[: n // 2 + 1])).tolist() == [0.0] * (n // 2 + 1)


def test_once_per_operation(g):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        y = 1 / g
        np.asarray(y + 1)
        np.asarray(y)
    assert len(seen) == 1


def test_masked_operations_do_not_warn(g):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = np.divide(1.0, g, where=g != 0, out=np.zeros_like(g))
        assert np.asarray(y).tolist() == [1.0, 0.0, -1.0]
        z = np.log(g, where=g > 0, out=np.zeros_like(g))
        assert np.asarray(z).tolist() == [0.0, 0.0, 0.0]


def messages(f, x):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        np.asarray(f(x))
    return [str(w.message) for w in seen]


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan, 1000.0, 30.0, 0.0])
@pytest.mark.parametrize("ufunc", [np.sinh, np.cosh, np.tanh, np.exp, np.expm1], ids=lambda f: f.__name__)
def test_special_values_raise_what_numpy_raises(ufunc, x):
    a = np.full(9, x)
    assert messages(ufunc, grumpy.asarray(a)) == messages(ufunc, a)


def test_sums_and_ufunc_at_of_float16_overflow():
    def products_at(x):
        a = x.copy()
        np.multiply.at(a, [0, 0, 1], x[:3])
        return a

    a = np.full(1235, 1000, "e")
    for f in (np.sum, products_at):
        assert messages(f, grumpy.asarray(a)) == messages(f, a) != []


@pytest.mark.parametrize("n", [5, 1000, 300_000])
def test_writes_in_place_warn_once_and_keep_their_values(n):
    a, b = np.ones(n), np.zeros(n)
    a[n // 2] = np.inf
    b[n // 2] = np.inf

    def f(x, y):
        x -= y
        return x

    got = grumpy.asarray(a.copy())
    assert messages(lambda y: f(got, y), grumpy.asarray(b)) == messages(lambda y: f(a, y), b) != []
    np.testing.assert_array_equal(np.asarray(got), a)


def written(dtype, index, value):
    def f(x):
        a = x.astype(dtype)
        a[index] = value
        return a
    return f


@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
@pytest.mark.parametrize("index", [0, slice(None), [0, 2], np.array([True, False, True])], ids=str)
@pytest.mark.parametrize("value", [np.float64(1e300), np.float32(7e4), np.float64(np.nan), np.float64(-1e300),
                                   np.complex128(1e300j), np.int64(70_000), np.array(1e300), 1e300, 1.5], ids=repr)
@pytest.mark.parametrize("dtype", ["f2", "f4", "i1", "u2", "i4", "i8", "c8"])
def test_scalars_that_do_not_fit_warn_when_stored(dtype, value, index):
    f = written(dtype, index, value)
    try:
        want = messages(f, X)
    except (OverflowError, TypeError, ValueError) as e:  # what integers cannot hold NumPy refuses, now and then
        with pytest.raises(type(e)):
            messages(f, grumpy.asarray(X))
        return
    assert messages(f, grumpy.asarray(X)) == want
    with np.errstate(all="ignore"):
        assert np.array_equal(np.asarray(f(grumpy.asarray(X))), f(X), equal_nan=True)


def test_scalars_that_do_not_fit_warn_when_cast_by_a_ufunc():
    def f(x):
        return np.add(x.astype("f4"), np.float64(1e300), dtype="f4", casting="unsafe")
    assert messages(f, grumpy.asarray(X)) == messages(f, X) != []


PRODUCTS = {
    "dot of vectors": np.dot, "inner": np.inner, "vdot": np.vdot, "matmul of vectors": np.matmul, "vecdot": np.vecdot,
    "dot of matrices": lambda a, b: np.dot(a[None], b[:, None]),
    "dot by a vector": lambda a, b: np.dot(a[None].repeat(3, axis=0), b),
    "matmul of matrices": lambda a, b: a[None] @ b[:, None],
    "matvec": lambda a, b: np.matvec(a[None], b), "vecmat": lambda a, b: np.vecmat(a, b[:, None]),
    "tensordot": lambda a, b: np.tensordot(a[None], b[:, None], 1),
    "einsum": lambda a, b: np.einsum("i,i", a, b)}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_report_what_numpys_report(name, dtype, mode):
    f = PRODUCTS[name]
    a, b = np.ones(3, dtype), np.array([-np.inf, 1, np.inf], dtype)
    g = grumpy.asarray(a)
    assert messages(lambda x: f(g, x), grumpy.asarray(b)) == messages(lambda x: f(a, x), b)
    assert messages(lambda x: f(g, x), grumpy.asarray(a)) == []


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
def test_products_of_odd_shapes_raise_nothing(dtype):
    rng = np.random.default_rng(1)
    with np.errstate(all="raise", under="ignore"):
        for m, k, n in rng.integers(1, 40, (60, 3)):
            a, b = (grumpy.asarray(rng.normal(size=s).astype(dtype)) for s in ((m, k), (k, n)))
            for x, y in ((a, b), (b.T, a.T), (a, b[:, 0])):
                np.testing.assert_allclose(np.asarray(x @ y), np.asarray(x) @ np.asarray(y),
                                           rtol=2e-2 if dtype == "f2" else 1e-3, atol=1e-2)


def test_a_handler_for_each_call():
    x = grumpy.asarray(np.array([0.0, 1.0]))
    seen, lazy = [], []
    for k in range(1000):
        with np.errstate(divide="call", call=lambda kind, flag, k=k: seen.append(k)):
            1 / x
        with np.errstate(divide="log", call=type("Log", (), {"write": staticmethod(seen.append)})):
            lazy.append(1 / (x + k))
    grumpy.evaluate(*lazy)
    assert [k for k in seen if type(k) is int] == list(range(1000))
    assert [k for k in seen if type(k) is str] == ["Warning: divide by zero encountered in divide\n"]


def test_second_look_at_scalars_that_were_stored_over():
    # The result takes the memory of the sum, which the program reads as a scalar.
    for f in (lambda x: np.log(x.sum() - 1), lambda x: 1 / (x.sum() * 0), lambda x: np.sqrt(x.max() - 2) * 3):
        x = np.array([1.0])
        with np.errstate(all="ignore"):
            want = f(x)
        g = grumpy.asarray(x)
        assert messages(f, g) == messages(f, x) != []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.testing.assert_equal(float(f(g)), want)


@pytest.mark.parametrize("dtype", ["e", "f", "d", "F", "D"])
@pytest.mark.parametrize("n", [3, 100, 5000])
def test_choosing_reports_nothing(n, dtype):
    a = np.arange(n).astype(dtype)
    a[1] = np.nan
    b = a.copy()
    b[0] = np.inf
    calls = [np.max, np.min, np.argmax, np.argmin, np.fmin.reduce, np.fmax.reduce, np.maximum.accumulate,
             np.fmin.accumulate, lambda x: np.max(x.reshape(-1, 1), 0), lambda x: np.max(np.stack([x, x], 1), 1)]
    for f in calls:
        for x in (a, b):
            assert messages(f, grumpy.asarray(x)) == messages(f, x) == []
    with np.errstate(all="raise"):
        assert np.isnan(np.asarray(np.max(grumpy.asarray(a))))


def test_float16_results_report_overflow_and_nothing_else():
    inf, large = np.array([1, np.inf], "e"), np.full(20, 60000, "e")
    for f in (np.sum, np.prod, np.max, np.cumsum):
        assert messages(f, grumpy.asarray(inf)) == messages(f, inf) == []
    for f in (np.sum, np.cumsum):
        assert messages(f, grumpy.asarray(large)) == messages(f, large) != []


@pytest.mark.parametrize("n", [5, 3000])
def test_destinations_are_written_before_the_error_is_raised(n):
    def divide(x):
        x /= 0

    def divide_view(x):
        x[::2] /= 0

    calls = [divide, divide_view, lambda x: np.divide(x, 0, out=x), lambda x: np.log(x, x),
             lambda x: np.multiply.accumulate((x + 1) * 1e300, out=x), lambda x: np.divide(x, 0, out=x, where=x > 1),
             lambda x: np.divmod(x, 0, out=(x, None)), lambda x: np.add.at(x, [0, 0], [np.inf, -np.inf])]
    for f in calls:
        x = np.arange(float(n))
        g = grumpy.asarray(x.copy())
        for a in (x, g):
            with np.errstate(all="raise"), pytest.raises(FloatingPointError):
                f(a)
        np.testing.assert_array_equal(np.asarray(g), x)


def test_nan_variance_reports_what_numpy_does():
    for x in ([1, np.inf, np.nan], [1, 2, np.nan], [1e200, -1e200], [np.nan, np.nan]):
        x = np.array(x)
        for f in (np.nanvar, np.nanstd):
            assert messages(f, grumpy.asarray(x)) == messages(f, x)


@pytest.mark.parametrize("n", [5, 5000, 70_000])
def test_reductions_do_not_put_blame_on_what_they_reduce(n):
    x = np.linspace(1, 2, n).astype("f4")
    x[::3] = np.nan
    for f in (lambda x: (x * x[1]).max(), lambda x: np.fmin.reduce(x - x[1]), lambda x: (x * 2).argmax(),
              lambda x: np.minimum.accumulate(x + x[1]), lambda x: (x.reshape(-1, 5) * x[:5]).max(0)):
        assert messages(f, grumpy.asarray(x)) == messages(f, x) == []


def test_divisors_that_the_dtype_cannot_hold():
    for dtype, divisor in (("e", 1e200), ("f", 1e200), ("e", 70000), ("i1", 1e200)):
        x = np.ones(3, dtype)
        for f in (lambda x: x / divisor, lambda x: divisor / x, lambda x: np.divide(x, divisor)):
            assert messages(f, grumpy.asarray(x)) == messages(f, x)


@pytest.mark.parametrize("n", [1, 5000])
def test_powers_of_float16_report_what_rounding_meets(n):
    for base, exponent in ((300, 2), (0.1416, -6), (2, 3), (0.125, 9)):
        a, b = np.full(n, base, "e"), np.full(n, exponent, "e")
        with np.errstate(under="warn"):
            assert messages(lambda x: np.power(x, grumpy.asarray(b)), grumpy.asarray(a)) == messages(
                lambda x: np.power(x, b), a)


@pytest.mark.parametrize("name, call", [
    ("multiply", lambda single, double: single.__imul__(double)),
    ("add", lambda single, double: np.add(double, double, out=single)),
    ("multiply", lambda single, double: np.multiply(double, 1e300, out=single)),
    ("cast", lambda single, double: single.__setitem__(slice(None), double)),
])
def test_what_a_result_loses_is_the_operations(name, call):
    for wrap in (np.array, grumpy.asarray):
        single, double = wrap(np.ones(3, "f4")), wrap(np.full(3, 1e300))
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            call(single, double)
            np.asarray(single)
        assert [str(w.message) for w in seen] == [f"overflow encountered in {name}"]


def test_a_number_under_where_reports_nothing_that_is_not_written():
    a, nowhere = np.array([0.0, 1, 2, 0]), np.zeros(4, bool)
    with np.errstate(all="raise"):
        for f, swapped in ((np.divide, False), (np.floor_divide, False), (np.divide, True), (np.log2, None)):
            g = grumpy.array(a) * 1
            operands = (g,) if swapped is None else (1.0, g) if swapped else (g, 0.0)
            out = f(*operands, out=grumpy.array(a), where=nowhere)
            np.testing.assert_array_equal(np.asarray(out), a)
        some = np.divide(grumpy.array(a) * 1, 2, out=grumpy.array(a), where=a > 1)
        np.testing.assert_array_equal(np.asarray(some), [0, 1, 1, 0])
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in divide"):
        grumpy.evaluate(np.divide(grumpy.array(a) * 1, 0, out=grumpy.array(a), where=a > 1))

"""NumPy's functions that are made of recorded operations: the same results for every dtype and odd
argument, nothing forwarded, and nothing evaluated while they are recorded."""
import warnings

import numpy as np
import pytest

import grumpy
from grumpy.testing import assert_same, compare

DTYPES = ["?", "b", "B", "h", "H", "i", "I", "l", "L", "e", "f", "d", "F", "D"]
ROUND = {"e": 1e-2, "f": 1e-5, "F": 1e-5}


def data(dtype, shape=(5, 6)):
    """Small values of a dtype, negative ones too where it has them."""
    values = np.random.default_rng(7).integers(0 if dtype in "?BHIL" else -4, 5, shape).astype(dtype)
    if dtype in "FD":
        values += 1j * values[::-1]
    return values


# Functions of one array: recorded, without looking at a value.
LAZY = {
    "gradient": np.gradient,
    "gradient spacing": lambda a: np.gradient(a, 2, 0.5),
    "gradient axis": lambda a: np.gradient(a, 0.5, axis=-1, edge_order=2),
    "cov": np.cov,
    "cov columns": lambda a: (np.cov(a, rowvar=False, bias=True), np.cov(a, ddof=0), np.cov(a[0], a[1])),
    "corrcoef": lambda a: np.corrcoef(a, rowvar=False),
    "meshgrid": lambda a: np.meshgrid(a[0], a[:, 1]),
    "meshgrid sparse": lambda a: np.meshgrid(a[0], a[:, 1], [1, 2], sparse=True, indexing="ij"),
    "meshgrid views": lambda a: np.meshgrid(a[0], a[:, 1], copy=False),
    "tril": lambda a: (np.tril(a), np.tril(a, -1), np.tril(a, 20), np.tril(a[0]), np.tril(a.reshape(5, 2, 3))),
    "triu": lambda a: (np.triu(a), np.triu(a, 2), np.triu(a, -20), np.triu(a[0], 1), np.triu(a[:0])),
    "select": lambda a: (np.select([a > 2, a < 1], [a, a * a]), np.select([a > 2], [a], 7), np.select(
        [a > 2, a[0] < 1], [1, a])),
    "choose mask": lambda a: np.choose(a > 1, [a, 5]),
    "choose modes": lambda a: (np.choose([[2], [-1], [0], [1], [7]], [a, a + a, [9]], mode="wrap"),
                               np.choose([1, 5, -3, 0, 0, 1], (a, 1.5), mode="clip")),
    "fill_diagonal": lambda a: (np.fill_diagonal(a, 1), np.fill_diagonal(a[1:], [1, 0]), a),
    "place": lambda a: (np.place(a, a > 2, 1), a),
    "putmask": lambda a: (np.putmask(a, a > 2, a + a), np.putmask(a, a == 0, 1), a),
    "insert": lambda a: (np.insert(a, 1, 1, axis=0), np.insert(a, -1, a[0], axis=0), np.insert(a, 2, 1)),
    "delete": lambda a: (np.delete(a, 1, axis=0), np.delete(a, slice(1, 4), axis=1), np.delete(a, -2)),
    "delete some": lambda a: (np.delete(a, [1, -1, 1], axis=1), np.delete(a, np.array([0, 29])),
                              np.delete(a, (0, 4, 2), axis=0)),
    "unwrap": lambda a: (np.unwrap(a), np.unwrap(a, axis=0), np.unwrap(a, discont=2, period=4)),
    "polyval": lambda a: np.polyval([1, 2, 3], a),
    "polynomials": lambda a: (np.polyadd(a[0], [1, 2]), np.polysub(a[0], a[1]), np.polyder(a[0])),
    "vander": lambda a: (np.vander(a[0]), np.vander(a[0], 3, increasing=True), np.vander(a[0], 0)),
    "diag": lambda a: (np.diag(a[0]), np.diag(a[0], -2), np.diag(a), np.diagflat(a), np.diagflat(a, 3)),
    "block": lambda a: (np.block([[a, a], [a, a]]), np.block([a, a[:, :1]]), np.block([a[0], 1])),
    "piecewise": lambda a: np.piecewise(a, [a < 1, a > 2], [1, 2, 3]),
    "apply_along_axis": lambda a: (np.apply_along_axis(lambda r: r + r[0], 1, a),
                                   np.apply_along_axis(lambda r: r.max(), 0, a)),
    "apply_over_axes": lambda a: np.apply_over_axes(np.sum, a, [0, 1]),
    "resize": lambda a: (np.resize(a, (4, 4)), np.resize(a, 70), np.resize(a, (0, 3))),
    "ix_": lambda a: np.ix_(a[0], [1, 2]),
    "pad": lambda a: [np.pad(a, 2, mode=m) for m in ("edge", "reflect", "wrap", "symmetric", "maximum")],
    "pad sides": lambda a: np.pad(a, ((1, 2), (0, 3)), constant_values=((1, 2), (3, 4))),
    "ediff1d": lambda a: np.ediff1d(a, to_end=a[0, :2], to_begin=a[0, :1]),
    "cumulative": lambda a: (np.cumulative_sum(a, axis=0), np.cumulative_prod(a[:, :3], axis=1),
                             np.cumulative_sum(a, axis=1, include_initial=True)),
    "facts": lambda a: (np.common_type(a, a), np.min_scalar_type(a), np.einsum_path("ij,kj", a, a)[0],
                        np.diag_indices_from(a[:, :5]), np.tril_indices_from(a), np.triu_indices_from(a, 1)),
    "norms": lambda a: (np.linalg.matrix_norm(a), np.linalg.vector_norm(a, axis=1, ord=1)),
    "fftshift": lambda a: (np.fft.fftshift(a), np.fft.ifftshift(a, axes=1)),
    "convolve": lambda a: [np.convolve(a[0], [1, 2, 3], m) for m in ("full", "same", "valid")],
    "correlate": lambda a: [np.correlate(v, w, m) for m in ("full", "same", "valid")
                            for v, w in ((a[0], np.array([1, 2])), (np.array([1, 2, 1, 3]), a[0]))],
    "i0": np.i0,
    "permute_dims": np.permute_dims,
    "full_like": lambda a: (np.full_like(a, a[0]), np.full_like(a, [[1]]), np.full_like(a, a[:, 0], shape=(2, 5))),
    "min_scalar_type": np.min_scalar_type,
}

# What must look at values on the way (bounds, counts, an error that depends on data).
LOOKING = {
    "gradient places": lambda a: np.gradient(a, np.array([0, 1, 3, 4, 8.0]), axis=0),
    "cov weights": lambda a: np.cov(a, fweights=[1, 2, 1, 3, 1, 1], aweights=np.arange(6.0)),
    "choose": lambda a: np.choose(np.array([0, 2, 1, 0, 1, 2]), [a, a + a, a * a]),
    "take_along_axis": lambda a: (np.take_along_axis(a, np.array([[1, 0], [5, -1]] * 2 + [[2, 2]]), 1),
                                  np.take_along_axis(a, np.array([7, 3]), None)),
    "put_along_axis": lambda a: (np.put_along_axis(a, np.array([[1, 0]] * 5), 1, 1), a),
    "put": lambda a: (np.put(a, [1, 7, -2], [1, 0]), np.put(a, [[40]], 1, "wrap"), np.put(a, 99, 1, "clip"), a),
    "take": lambda a: (np.take(a, [[1, -2]], 1), np.take(a, [7, -9, 44], 0, mode="wrap"),
                       np.take(a, [7, -9, 44], mode="clip")),
    "insert many": lambda a: (np.insert(a, [1, 4], [1, 0]), np.insert(a, [1, 2], a[:, :2], axis=1)),
    "delete many": lambda a: (np.delete(a, np.arange(40) % 7 % 5, axis=1), np.delete(a, a[0] > 1, axis=1)),
    "isin": lambda a: (np.isin(a, [1, 2]), np.isin(a, a[0, :2], invert=True)),
    "piecewise functions": lambda a: np.piecewise(a, [a < 1], [lambda x: x + x, lambda x: x * 0]),
    "real_if_close": lambda a: (np.real_if_close(a), np.real_if_close(a + 0j)),
    "trim_zeros": lambda a: np.trim_zeros(a[0]),
    "nan arguments": lambda a: (np.nanargmax(a, 0), np.nanargmin(a)),
    "linspace": lambda a: (np.linspace(a[0], a[1], 7), np.linspace(a[0, 0], 3, 4, endpoint=False)),
    "spaces": lambda a: (np.logspace(a[0], 2, 4), np.geomspace(a[0] + 10, a[1] + 20, 5), np.logspace(0, a[1], 3)),
    "matrix_power": lambda a: (np.linalg.matrix_power(a[:, :5], 3), np.linalg.matrix_power(a[:, :5], 0)),
    "scimath": lambda a: (np.lib.scimath.sqrt(a), np.lib.scimath.power(a, 2), np.lib.scimath.arccos(a)),
    "pad ramp": lambda a: np.pad(a, 2, mode="linear_ramp"),
}


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*LAZY, *LOOKING])
def test_every_dtype(name, dtype):
    call = LAZY.get(name) or LOOKING[name]
    compare(call, data(dtype), rtol=ROUND.get(dtype, 1e-13), atol=ROUND.get(dtype, 1e-13))


@pytest.mark.parametrize("name", [*LAZY, *LOOKING])
@pytest.mark.parametrize("of", [
    lambda a: a.T[:5], lambda a: np.asfortranarray(a), lambda a: a[::-1, ::-1], lambda a: a[0], lambda a: a[:0],
    lambda a: a[0, 0, ...], lambda a: a[:1, :1], lambda a: a[None]],
    ids=["transposed", "fortran", "reversed", "vector", "empty", "0-d", "one", "3-d"])
def test_odd_arrays(name, of):
    call = LAZY.get(name) or LOOKING[name]
    for dtype in "dl":
        compare(call, of(data(dtype)), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", LAZY)
def test_nothing_is_forwarded_or_evaluated(name):
    for dtype in "dl":
        g = grumpy.array(data(dtype)) + np.dtype(dtype).type(1)
        grumpy.report().reset()
        LAZY[name](g)
        report = grumpy.report()
        assert not report.forwards and not report.conversions
        assert report.evaluations == 0


@pytest.mark.parametrize("name", LOOKING)
def test_nothing_is_forwarded(name):
    g = grumpy.array(data("d"))
    grumpy.report().reset()
    LOOKING[name](g)
    assert not grumpy.report().forwards


@pytest.mark.parametrize("name", [*LAZY, *LOOKING])
@pytest.mark.parametrize("make", [
    lambda a: a.astype(object), lambda a: a.astype("g"), lambda a: a.astype("m8[s]")],
    ids=["object", "longdouble", "timedelta"])
def test_other_kinds_are_numpys(name, make):
    call = LAZY.get(name) or LOOKING[name]
    compare(call, make(data("l")))


@pytest.mark.parametrize("call", [
    lambda a: np.gradient(a, axis=7), lambda a: np.gradient(a, 1, 2, 3), lambda a: np.gradient(a, edge_order=4),
    lambda a: np.gradient(a[:, :1]), lambda a: np.cov(a[None]), lambda a: np.cov(a, fweights=[1.5] * 6),
    lambda a: np.cov(a, aweights=-np.ones(6)), lambda a: np.select([a > 1], []), lambda a: np.select([a], [a]),
    lambda a: np.select([], []), lambda a: np.choose(np.array([0, 3]), [a[0, :2], 1]), lambda a: np.choose(a, [a]),
    lambda a: np.choose(a > 1, []), lambda a: np.take_along_axis(a, np.array([[9]]), 1),
    lambda a: np.take_along_axis(a, np.array([1.5]), None), lambda a: np.put_along_axis(a, np.array([[9]]), 1, 1),
    lambda a: np.put(a, [99], 1), lambda a: np.put(a, [1.5], 1), lambda a: np.put(a, [1], 1, mode="?"),
    lambda a: np.place(a, a[0] > 1, 1), lambda a: np.place(a, a > 1, []), lambda a: np.putmask(a, [True], 1),
    lambda a: np.putmask(a, a > 1, 1j), lambda a: np.fill_diagonal(a[0], 1), lambda a: np.insert(a, 9, 1, axis=0),
    lambda a: np.insert(a, 1, a, axis=7), lambda a: np.insert(a, [1, 99], 1), lambda a: np.delete(a, 9, axis=0),
    lambda a: np.delete(a, [1, 99], axis=1), lambda a: np.delete(a, 1.5), lambda a: np.convolve(a, [1]),
    lambda a: np.convolve(a[0], []), lambda a: np.convolve(a[0], [1], "?"), lambda a: np.correlate(a[0], 3),
    lambda a: np.vander(a), lambda a: np.diag(a[None]), lambda a: np.diag(a[0], 1.5), lambda a: np.tril(a[0, 0]),
    lambda a: np.block([[a, a], [a]]), lambda a: np.block([a, a[0, :2]]), lambda a: np.block([]),
    lambda a: np.piecewise(a, [a > 1], [1, 2, 3]), lambda a: np.apply_along_axis(np.sum, 5, a),
    lambda a: np.apply_along_axis(np.sum, 0, a[:0, :0]), lambda a: np.apply_along_axis(lambda x: 1 / 0, 0, a),
    lambda a: np.apply_over_axes(lambda a, axis: a[0, 0, 0], a, 0), lambda a: np.resize(a, (-1, 2)),
    lambda a: np.ix_(a), lambda a: np.pad(a, -1, mode="edge"), lambda a: np.pad(a, 1, mode="?"),
    lambda a: np.pad(a[:0], 1, mode="edge"), lambda a: np.i0(a + 1j), lambda a: np.cumulative_sum(a),
    lambda a: np.nanargmax(a * np.nan, 0), lambda a: np.nanargmin(a[:0]), lambda a: np.linspace(a, a, -1),
    lambda a: np.linalg.matrix_power(a, 2), lambda a: np.linalg.matrix_power(a[:, :5], 1.5),
    lambda a: np.fft.fftshift(a, axes=5), lambda a: np.diag_indices_from(a), lambda a: np.tril_indices_from(a[0]),
    lambda a: np.meshgrid(a[0], indexing="?"), lambda a: np.trim_zeros(a[0], "x"),
    lambda a: np.einsum_path("ij,jk", a, a)])
def test_errors_are_numpys(call):
    compare(call, data("d"))


def memory(x):
    """What a program can tell of an array's memory."""
    return x.flags.c_contiguous, x.flags.f_contiguous


@pytest.mark.parametrize("name", sorted({*LAZY} - {"delete some"}))  # NumPy promises no order for index arrays
@pytest.mark.parametrize("of", [lambda a: a, np.asfortranarray, lambda a: a[:, ::2]], ids="CFS")
def test_views_copies_and_memory_order(name, of):
    def results(a):
        got = LAZY[name](a)
        return [x for x in (got if isinstance(got, (tuple, list)) else [got])
                if isinstance(x, (np.ndarray, grumpy.ndarray)) and x.ndim]

    plain = of(data("d"))
    wrapped = grumpy.array(plain, order="K") if plain.base is None else grumpy.array(data("d"))[:, ::2]
    try:
        expected = results(plain)
    except ValueError:
        pytest.skip("not for this shape")
    for got, want in zip(results(wrapped), expected, strict=True):
        assert memory(got) == memory(want)
        assert np.may_share_memory(got, wrapped) == np.may_share_memory(want, plain)


def test_mixed_arguments():
    a, v = data("d"), np.arange(6.0)
    for g in (grumpy.array(v), v, [0, 1, 2, 3, 4, 5]):
        for call in (lambda x, y: np.cov(x, y), lambda x, y: np.hstack([x[0], y]),
                     lambda x, y: np.select([x > 1], [y], x), lambda x, y: np.insert(x, 1, y, axis=0),
                     lambda x, y: np.meshgrid(x[0], y), lambda x, y: np.polyval(y, x),
                     lambda x, y: np.convolve(x[0], y), lambda x, y: np.choose(x > 1, [x, y]),
                     lambda x, y: np.linspace(x, y, 3), lambda x, y: np.append(x, [y, y])):
            want = call(a, np.asarray(g))
            got = call(grumpy.array(a), g)
            assert_same(got, want, rtol=1e-13)
            assert all(isinstance(x, grumpy.ndarray) for x in (got if isinstance(got, tuple) else [got]))


@pytest.mark.parametrize("call", [
    lambda m, g: np.cov(m[0], g[0]), lambda m, g: np.insert(m, 1, g[0], axis=0), lambda m, g: np.gradient(m, g[0]),
    lambda m, g: np.select([m > 1], [g]), lambda m, g: np.polyval(g[0], m), lambda m, g: np.choose(g > 1, [m, g]),
    lambda m, g: np.append(m, g), lambda m, g: np.take_along_axis(m, np.argsort(g, 1), 1)])
def test_beside_subclasses_numpy_decides(call):
    m = np.ma.masked_greater(data("d"), 3)
    compare(lambda g: np.ma.getdata(call(m, g)), data("d"), rtol=1e-13)


def test_dtypes_that_are_not_native_may_be_asked_for():
    compare(lambda a: (np.cov(a, dtype="g"), np.linspace(a, a, 3, dtype=object), np.tri(3, dtype="g")), data("d"))


def test_warnings_name_the_callers_line():
    with pytest.warns(RuntimeWarning, match="Degrees of freedom") as caught:
        np.cov(grumpy.array(np.ones((2, 1))))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("dtype", ["b", "H", "l", "L", "f", "d"])
@pytest.mark.parametrize("bins", [1, 7, 50])
def test_histograms_count_alike(dtype, bins):
    """Values on the edges of bins and next to them, inside and outside a range."""
    rng = np.random.default_rng(bins)
    values = rng.integers(0, 100, 600).astype(dtype)
    if dtype in "fd":
        values = (values / values.dtype.type(10)).astype(dtype)
        values[::3] = np.nextafter(values[::3], values.dtype.type(np.inf))
    for arguments in ({}, {"range": (2, 9)}, {"range": (0.5, 7.7)}, {"density": True}, {"range": (3, 3)},
                      {"range": (values[5], values[5] + values[6])}):
        grumpy.report().reset()
        compare(lambda a: np.histogram(a, bins, **arguments), values)
        assert not grumpy.report().forwards
    compare(lambda a: (np.histogram(a, "auto"), np.histogram(a, [0, 2, 5]), np.histogram(a, weights=a)), values)


@pytest.mark.parametrize("size", [3, 12, 5000])
@pytest.mark.parametrize("dtype", ["l", "f", "D"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 8, 20])
def test_convolutions(kernel, dtype, size):
    rng = np.random.default_rng(size)
    a, v = ((rng.standard_normal(n) * 9 + (1j if dtype == "D" else 0)).astype(dtype) for n in (size, kernel))
    for mode in ("full", "same", "valid"):
        compare(lambda x: (np.convolve(x, v, mode), np.convolve(v, x, mode)), a, rtol=1e-5, atol=1e-4)
        compare(lambda x: (np.correlate(x, v, mode), np.correlate(v, x, mode)), a, rtol=1e-5, atol=1e-4)


def test_what_is_not_finite_stays_beyond_the_ends():
    for v in (np.array([1.0, np.inf, 2.0]), np.array([np.nan, 1.0])):
        compare(lambda x: (np.convolve(x, v), np.correlate(x, v, "full")), np.arange(9.0))
        compare(lambda x: (np.convolve(x, v), np.correlate(x, v, "full")), np.array([1, np.inf, 0, np.nan, 3]))


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_joins_keep_the_memory_order(axes):
    a = np.arange(24.0).reshape(2, 3, 4).transpose(axes)
    for call in (lambda x: np.concatenate([x, x], 1), lambda x: np.stack([x, x], 1), lambda x: np.cumsum(x, 0),
                 lambda x: np.concatenate([x, x[:, :1]], 1), np.empty_like, np.zeros_like):
        want, got = call(a), call(grumpy.array(a, order="K"))
        assert want.strides == got.strides, (axes, want.strides, got.strides)


@pytest.mark.parametrize("make", [
    lambda **like: np.arange(5, **like), lambda **like: np.arange(1, 9, 2, "f", **like),
    lambda **like: np.eye(3, 4, 1, **like), lambda **like: np.identity(3, "i", **like),
    lambda **like: np.tri(3, 4, -1, **like), lambda **like: np.full((2, 3), 7, **like),
    lambda **like: np.zeros((2, 2), order="F", **like), lambda **like: np.ones(3, "?", **like),
    lambda **like: np.fromiter(range(3), int, **like), lambda **like: np.fromfunction(lambda i: i, (3,), **like),
    lambda **like: np.frombuffer(b"abcd", "u1", **like), lambda **like: np.ascontiguousarray([1, 2], **like)])
def test_like(make):
    g = grumpy.array([1.0])
    grumpy.report().reset()
    got = make(like=g)
    assert isinstance(got, grumpy.ndarray) and not grumpy.report().forwards
    assert_same(got, make())

"""NumPy's functions through __array_function__ (semantics.md S2, S9)."""
import numpy as np
import pytest

import grumpy
from grumpy.testing import compare

A = (np.arange(24.0) * 7 % 11).reshape(4, 6)
B = np.arange(24).reshape(4, 6) % 5
N = np.where(A > 8, np.nan, A)
Z = A[:, :3] + 1j * A[:, 3:]
V = A[0]

EXACT = {
    "sum": lambda: (np.sum, A), "sum axis": lambda: (lambda a: np.sum(a, axis=1, keepdims=True), A),
    "sum ints": lambda: (lambda a: np.sum(a.astype("i1"), 0), B), "prod": lambda: (np.prod, B + 1),
    "min": lambda: (lambda a: (np.min(a), np.amin(a, 0), np.max(a, -1), np.amax(a)), A),
    "any": lambda: (lambda a: (np.any(a > 3), np.all(a, axis=0), np.any(a, 1)), A),
    "arg": lambda: (lambda a: (np.argmin(a), np.argmax(a, 0), np.argmax(a, axis=1, keepdims=True)), A),
    "cum": lambda: (lambda a: (np.cumsum(a), np.cumsum(a, 1), np.cumprod(a, 0)), B),
    "nan": lambda: (lambda a: (np.nanmin(a, 0), np.nanmax(a), np.nansum(a, 1), np.nanprod(a, 0)), N),
    "nan cum": lambda: (lambda a: (np.nancumsum(a, 1), np.nancumprod(a)), N),
    "ptp": lambda: (lambda a: (np.ptp(a), np.ptp(a, 1)), A),
    "count": lambda: (lambda a: (np.count_nonzero(a), np.count_nonzero(a, axis=0)), A),
    "where": lambda: (lambda a: (np.where(a > 3, a, 0), np.where(a > 3, 1, 2.5), np.where(a > 3)), A),
    "clip": lambda: (lambda a: (np.clip(a, 2, 5), np.clip(a, None, 3), np.clip(a, a_min=1, a_max=None),
                                np.clip(a, min=2, max=4), a.clip(2), a.clip(max=3)), A),
    "clip ints": lambda: (lambda a: (np.clip(a, -1000, 3), np.clip(a, 1, 10**6)), B.astype("i1")),
    "round": lambda: (lambda a: (np.round(a / 7, 2), np.around(a / 3), np.round(a * 99, -2), a.round(1)), A),
    "real": lambda: (lambda z: (np.real(z), np.imag(z), np.isreal(z), np.iscomplex(z), np.conj(z)), Z),
    "close": lambda: (lambda a: (np.isclose(a, a + 1e-9), np.allclose(a, a + 1), np.allclose(a, a),
                                 np.array_equal(a, a), np.array_equal(a, a[1:])), A),
    "nan to num": lambda: (lambda a: np.nan_to_num(a, nan=7.0), N),
    "concatenate": lambda: (lambda a, b: (np.concatenate([a, b]), np.concatenate((a, b), axis=1),
                                          np.concatenate([a, b], axis=None)), A, B),
    "stack": lambda: (lambda a, b: (np.stack([a, b], 1), np.vstack([a, b]), np.hstack((a, b)),
                                    np.dstack([a, b]), np.column_stack([a, b])), A, B),
    "join with lists": lambda: (lambda a: np.concatenate([a[0], [1, 2], (3.0,)]), A),
    "append": lambda: (lambda a: (np.append(a, 5), np.append(a, a[:1], 0)), A),
    "tile": lambda: (lambda a: (np.tile(a, 2), np.tile(a, (2, 1, 3)), np.tile(a[0], (3, 1))), A),
    "repeat": lambda: (lambda a: (np.repeat(a, 2), np.repeat(a, 3, axis=1), a.repeat([1, 0, 2, 1], 0)), A),
    "roll": lambda: (lambda a: (np.roll(a, 2), np.roll(a, -1, 1), np.roll(a, (1, 2), (0, 1)),
                                np.roll(a, 7, 0)), A),
    "pad": lambda: (lambda a: (np.pad(a, 1), np.pad(a, ((1, 0), (2, 3)), constant_values=9),
                               np.pad(a, 1, mode="edge")), A),
    "diff": lambda: (lambda a: (np.diff(a), np.diff(a, 2, 0), np.diff(a, prepend=0), np.ediff1d(a)), A),
    "like": lambda: (lambda a: (np.zeros_like(a), np.ones_like(a, int), np.full_like(a, 3.7, dtype="i4"),
                                np.zeros_like(a, shape=(2, 2)), np.copy(a)), A),
    "sort": lambda: (lambda a: (np.sort(a, 0), np.argsort(a, kind="stable"), np.median(a), np.unique(a),
                                np.percentile(a, 30), np.searchsorted(a[0, :2], 3)), A),
    "triangles": lambda: (lambda a: (np.tril(a), np.triu(a, 1), np.diag(a), np.diag(a[0]),
                                     np.trace(a), np.trace(a, 1, dtype=int)), A[:, :4]),
    "meshgrid": lambda: (lambda a: np.meshgrid(a, a[:2]), V),
    "bincount": lambda: (lambda b: np.bincount(b.ravel()), B),
    "histogram": lambda: (lambda a: np.histogram(a, 4), A),
    "shapes": lambda: (lambda a: (np.shape(a), np.ndim(a), np.size(a), np.size(a, 1)), A),
    "types": lambda: (lambda a: (np.result_type(a, np.float32), np.can_cast(a.dtype, "f4")), A),
    "outer": lambda: (lambda a: (np.outer(a, a), np.inner(a, a), np.vdot(a, a), np.kron(a, [1, 2])), V),
    "vdot complex": lambda: (lambda z: np.vdot(z, z), Z),
    "dot": lambda: (lambda a: (np.dot(a, a.T), np.dot(a, a[0]), np.dot(a[0], a[1]), np.dot(a, 2),
                               np.dot(a[:, 0], a)), A),
    "dot many": lambda: (lambda a: (np.dot(a.reshape(2, 2, 6), a.reshape(2, 6, 2)),
                                    np.dot(a.reshape(2, 2, 6), a[0])), A),
    "tensordot": lambda: (lambda a: (np.tensordot(a, a.T), np.tensordot(a, a, ((0, 1), (0, 1))),
                                     np.tensordot(a, a.T, 1), np.tensordot(a, a, 0)), A),
    "cross": lambda: (lambda a: np.cross(a[:, :3], a[:, 3:]), A),
    "windows": lambda: (lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, axis=1).sum(-1), A),
    "select": lambda: (lambda a: np.select([a < 3, a > 7], [a, -a], 5), A),
    "take along": lambda: (lambda a: np.take_along_axis(a, np.argsort(a, 1), 1), A),
    "insert": lambda: (lambda a: (np.insert(a, 1, 9, axis=0), np.delete(a, 0, axis=1)), A),
}
CLOSE = {
    "mean": lambda: (lambda a: (np.mean(a), np.mean(a, 0), np.mean(a, axis=(0, 1), keepdims=True)), A),
    "mean ints": lambda: (lambda a: (np.mean(a, 1), np.mean(a.astype("f2")), np.mean(a, dtype="f4")), B),
    "var": lambda: (lambda a: (np.var(a), np.std(a, 1), np.var(a, ddof=1), np.std(a, 0, keepdims=True)), A),
    "var ints": lambda: (lambda a: (np.var(a), np.std(a.astype("f4"), 0), a.var(1)), B),
    "var complex": lambda: (lambda z: (np.var(z), np.std(z, 0)), Z),
    "nan means": lambda: (lambda a: (np.nanmean(a, 1), np.nanvar(a), np.nanstd(a, 0), np.nanmean(a)), N),
    "average": lambda: (lambda a: (np.average(a, 1, weights=np.arange(1.0, 7)),
                                   np.average(a), np.average(a, weights=a + 1, returned=True)), A),
    "norms": lambda: (lambda a: (np.linalg.norm(a), np.linalg.norm(a, axis=1), np.linalg.norm(a, 1),
                                 np.linalg.norm(a, np.inf), np.linalg.norm(a[0], 3), np.linalg.norm(a, 2),
                                 np.linalg.norm(a, 1, axis=0), np.linalg.norm(a, keepdims=True)), A),
    "norm complex": lambda: (np.linalg.norm, Z),
    "angle": lambda: (lambda z: (np.angle(z), np.angle(z, deg=True)), Z),
    "trapezoid": lambda: (lambda a: (np.trapezoid(a), np.trapezoid(a, dx=0.5, axis=0)), A),
    "gradient": lambda: (np.gradient, A), "interp": lambda: (lambda a: np.interp(a, [0, 5], [1, 2]), A),
    "solve": lambda: (lambda a: np.linalg.solve(a[:, :4] + 9 * np.eye(4), a[:, 4]), A),
    "svd": lambda: (lambda a: np.linalg.svd(a)[1], A), "fft": lambda: (np.fft.fft, A),
    "cov": lambda: (np.cov, A), "corrcoef": lambda: (np.corrcoef, A),
}


@pytest.mark.parametrize("name", EXACT)
def test_exact(name):
    function, *args = EXACT[name]()
    compare(function, *args)


@pytest.mark.parametrize("name", CLOSE)
def test_close(name):
    function, *args = CLOSE[name]()
    compare(function, *args, rtol=1e-4 if "ints" in name else 1e-12, atol=1e-12)


EINSUM = ["ij->ji", "ij->", "ij->i", "ii->i", "ii", "ij,jk->ik", "ij,ij->ij", "ij,ij->i", "ij,ij", "i,j->ij",
          "ij,kj->ik", "bij,bjk->bik", "...ij,...jk->...ik", "ij,j", "ij,j->i", "ba", "ab,bc", "ii->",
          "abc,bd->acd", "ij,ik->jk", "ab,ab->a", "i,i", "ij,jk->ki", "ji,kj->ik", "ji,j->i", "ij,j->", "i,i->i", "ij...->...", "bij,bij->b"]


@pytest.mark.parametrize("subscripts", EINSUM)
@pytest.mark.parametrize("dtype", ["d", "l", "D"])
def test_einsum(subscripts, dtype):
    rng = np.random.default_rng(5)
    terms = subscripts.split("->")[0].split(",")
    operands = [rng.integers(0, 5, (4,) * (len(t.replace("...", "")) + ("..." in t))).astype(dtype)
                for t in terms]
    compare(lambda *o: np.einsum(subscripts, *o), *operands, rtol=1e-13)


def test_tensordot_of_a_vector_and_one_axis():
    a = np.arange(12.0).reshape(3, 4)
    for pair in ((a, a[0]), (a[:, 0], a), (a, a.T), (a[0], a[0]), (a.reshape(3, 2, 2), a[0, :2])):
        compare(lambda x, y: np.tensordot(x, y, 1), *pair)


@pytest.mark.parametrize("call", [
    lambda a: np.concatenate([a, a[0]]), lambda a: np.stack([a, a[0]]), lambda a: np.einsum("ij,jk", a, a),
    lambda a: np.dot(a, a), lambda a: np.sum(a, axis=5), lambda a: np.mean(a, axis=(0, 0)),
    lambda a: np.transpose(a, (0, 0)), lambda a: np.expand_dims(a, 9), lambda a: np.squeeze(a, 0),
    lambda a: np.split(a, 5), lambda a: np.moveaxis(a, 0, 4), lambda a: np.broadcast_to(a, (3, 3)),
    lambda a: np.max(a[:0]), lambda a: np.argmax(a[:0]), lambda a: np.take(a, 99), lambda a: np.reshape(a, 7),
    lambda a: np.tensordot(a, a, 3), lambda a: np.vdot(a, a[0]), lambda a: np.flip(a, 4),
    lambda a: np.cumsum(a, 3), lambda a: np.clip(a, 1), lambda a: np.matmul(a, 3), lambda a: np.where(a, a)],
    ids=range(23))
def test_errors_are_numpys(call):
    compare(call, A)


def test_empty_and_zero_dimensional():
    compare(lambda a: (np.sum(a), np.prod(a), np.any(a), np.all(a), np.cumsum(a)), np.zeros(0))
    compare(lambda a: (np.sum(a), np.max(a), np.cumsum(a), np.argmin(a), np.any(a)), np.float64(3) * np.ones(()))
    with pytest.warns(RuntimeWarning):
        compare(np.mean, np.zeros(0))


def test_out_arguments():
    compare(lambda a, out: np.sum(a, 0, out=out), A, np.zeros(6))
    compare(lambda a, out: np.mean(a, 1, out=out), A, np.zeros(4))
    compare(lambda a, out: np.clip(a, 1, 3, out=out), A, np.zeros((4, 6)))
    compare(lambda a, out: np.concatenate([a, a], out=out), A, np.zeros((8, 6)))
    compare(lambda a, out: np.dot(a, a.T, out=out), A, np.zeros((4, 4)))
    compare(lambda a, out: np.max(a, axis=0, out=out), A, np.zeros(6))
    out = np.zeros(6)
    assert np.sum(grumpy.array(A), 0, out=out) is out and out[0] == A[:, 0].sum()


def test_weights_that_sum_to_nothing():
    compare(lambda a: np.average(a, weights=np.zeros(6)), V)


def test_results_in_containers_are_wrapped():
    g = grumpy.array(A[:, :4])
    q = np.linalg.qr(g)
    assert type(q).__name__ == "QRResult" and isinstance(q.Q, grumpy.ndarray)
    assert all(isinstance(x, grumpy.ndarray) for x in np.nonzero(g))
    assert isinstance(np.allclose(g, g), bool)


def test_nested_arguments_are_unwrapped():
    g = grumpy.array(A)
    assert np.asarray(np.block([[g, g], [g, g]])).shape == (8, 12)
    assert np.asarray(np.piecewise(g, [g < 3, g >= 3], [0, lambda x: x])).shape == A.shape
    np.testing.assert_array_equal(np.asarray(np.lexsort((g[0], g[1]))), np.lexsort((A[0], A[1])))


@pytest.mark.parametrize("order", [None, 1, 2, np.inf, 3])
def test_norms_of_nothing(order):
    def norm(x):
        try:
            return np.linalg.norm(x, order)
        except ValueError as error:
            return str(error)

    assert norm(grumpy.asarray(np.zeros(0))) == norm(np.zeros(0))


def test_sections_and_axes_of_other_types():
    a = np.arange(12.0).reshape(3, 4)
    for sections in (np.array(2), np.int8(2), grumpy.asarray(np.array([1, 2])).max(), 2.0):
        for got, want in zip(np.split(grumpy.asarray(a), sections, 1), np.split(a, 2, 1), strict=True):
            np.testing.assert_array_equal(np.asarray(got), want)
        for got, want in zip(np.array_split(grumpy.asarray(a), sections), np.array_split(a, 2), strict=True):
            np.testing.assert_array_equal(np.asarray(got), want)
    compare(lambda x: np.average(x, [0, 1]), a)
    compare(lambda x: np.average(x, np.array([0])), a)

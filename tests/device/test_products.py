"""Large products run in the OpenBLAS that NumPy has brought, when it is there: with NumPy's bits."""
import os
import threading

import numpy as np
import pytest

import grumpy

SHAPES = [(700, 600, 500), (129, 257, 511), (1500, 1, 1500), (1, 1500, 1500)]
FORMS = [lambda a, b: a @ b, lambda a, b: a @ a.T, lambda a, b: b.T @ a.T, lambda a, b: np.dot(a, b),
         lambda a, b: a @ b[:, 0], lambda a, b: a[0] @ b]


def is_shared():
    """Does NumPy have the OpenBLAS of its wheels, and as many threads as grumpy?"""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    return blas == "scipy-openblas" and "OPENBLAS_NUM_THREADS" not in os.environ \
        and len(os.sched_getaffinity(0)) <= 64


def operands(dtype, m, n, k):
    rng = np.random.default_rng(m)
    x, y = (rng.standard_normal(shape) for shape in ((m, k), (k, n)))
    if np.dtype(dtype).kind == "c":
        x, y = x + 1j * x[::-1], y - 2j * y
    return x.astype(dtype), y.astype(dtype)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bits_are_numpys(dtype, shape):
    x, y = operands(dtype, *shape)
    g, h = grumpy.asarray(x), grumpy.asarray(y)
    for form in FORMS:
        expected, given = form(x, y), np.asarray(form(g, h))
        np.testing.assert_allclose(given, expected, rtol=1e-3 if x.real.itemsize == 4 else 1e-9,
                                   atol=1e-3 if x.real.itemsize == 4 else 1e-9)
        if is_shared():
            assert np.array_equal(given, expected)


@pytest.mark.parametrize("settings", [{"num_threads": 1}, {"num_threads": 3}, {"deterministic": True}], ids=str)
def test_other_budgets(settings):
    x, y = operands("f8", 300, 400, 500)
    with grumpy.config(**settings):
        given = np.asarray(grumpy.asarray(x) @ grumpy.asarray(y))
    np.testing.assert_allclose(given, x @ y, rtol=1e-9, atol=1e-9)


def test_what_was_there_does_not_matter():
    """The result's memory may hold anything before."""
    x, y = operands("f8", 300, 300, 300)
    grumpy.empty((300, 300))[:] = np.nan
    for _ in range(3):
        waste = np.asarray(grumpy.full((300, 300), np.nan) + 0.0)
        del waste
        assert np.isfinite(np.asarray(grumpy.asarray(x) @ grumpy.asarray(y))).all()


def test_beside_products_of_numpys_in_other_threads():
    x, y = operands("f8", 400, 400, 400)
    expected, wrong = x @ y, []

    def work(a, b):
        for _ in range(10):
            if not np.allclose(np.asarray(a @ b), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work, args=pair)
               for pair in ((x, y), (grumpy.asarray(x), grumpy.asarray(y)), (grumpy.asarray(x), grumpy.asarray(y)))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "i4", "u4", "i8", "f2"])
@pytest.mark.parametrize("m, k", [(1, 100), (8, 8), (20, 33), (5, 2000), (2000, 5), (316, 316), (100, 1025)])
def test_a_matrix_and_a_vector_of_other_dtypes(dtype, m, k):
    rng = np.random.default_rng(m)

    def numbers(*shape):
        return rng.random(shape) < 0.1 if dtype == "?" else rng.integers(-100, 100, shape).astype(dtype)

    a, x, y = numbers(m, k), numbers(k), numbers(m)
    if dtype == "f2":
        a, x, y = a % 3, x % 3, y % 3
    layouts = [grumpy.array(a), grumpy.array(a.T.copy()).T, grumpy.array(np.repeat(a, 2, 1))[:, ::2],
               grumpy.array(a[::-1].copy())[::-1], grumpy.array(a[:, ::-1].copy())[:, ::-1]]
    for g in layouts:
        for step in (1, 2):
            right, left = (grumpy.array(np.repeat(v, step))[::step] for v in (x, y))
            assert np.array_equal(g @ right, a @ x) and np.array_equal(left @ g, y @ a)
            assert np.array_equal(np.tensordot(g, right, 1), a @ x) and (g @ right).dtype == a.dtype


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i4"])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 8, 13])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 9, 12, 33])
def test_small_products(dtype, m, n):
    rng = np.random.default_rng(m * n)
    for k in (1, 3, 4, 8, 11):
        a, b = (4 * rng.normal(size=(m, k))).astype(dtype), (4 * rng.normal(size=(k, n))).astype(dtype)
        stacked = np.repeat(b[None], 3, axis=0)
        for x, y in ((a, b), (np.asfortranarray(a), np.asfortranarray(b)), (np.repeat(a, 2, 1)[:, ::2], b[:, ::-1]),
                     (a[::-1], stacked)):
            ours, theirs = np.asarray(grumpy.asarray(x) @ grumpy.asarray(y)), x @ y
            assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
            if dtype == "i4":
                assert np.array_equal(ours, theirs)
            else:
                assert (np.abs(ours - theirs) <= k * np.finfo(dtype).eps * (np.abs(x) @ np.abs(y))).all()
        g = grumpy.asarray(a)
        square = np.asarray(g @ g.T)
        assert np.array_equal(square, square.T)


def test_a_small_product_of_known_matrices_needs_no_plan():
    a, b = grumpy.asarray(np.arange(12.0).reshape(3, 4)), grumpy.asarray(np.arange(8.0).reshape(4, 2))
    grumpy.report().reset()
    assert np.array_equal(np.asarray(a @ b), np.arange(12.0).reshape(3, 4) @ np.arange(8.0).reshape(4, 2))
    assert np.array_equal(np.asarray(a @ b[:, 1]), np.arange(12.0).reshape(3, 4) @ np.arange(1.0, 8, 2))
    report = grumpy.report()
    assert (report.plans, report.library_calls, report.evaluations) == (0, 2, 2)
    huge = grumpy.asarray(np.full((2, 2), 1e200))
    with pytest.warns(RuntimeWarning, match="overflow encountered in matmul"):
        np.asarray(huge @ huge)


@pytest.mark.parametrize("left, right", [((2, 0), (3, 0, 4)), ((0,), (3, 0, 4)), ((3, 5, 0), (3, 0, 4)), ((2, 0), (0, 4)),
                                         ((5, 2, 0), (0,)), ((2, 3), (0, 3, 4)), ((2, 3), (4, 3, 0))])
@pytest.mark.parametrize("dtype", ["f8", "i4", "?"])
def test_dot_over_nothing_is_zero(left, right, dtype):
    np.asarray(grumpy.asarray(np.full(24, 7.0)) * 2)  # memory that is used again
    a, b = np.ones(left, dtype), np.ones(right, dtype)
    ours, theirs = np.asarray(np.dot(grumpy.asarray(a), grumpy.asarray(b))), np.dot(a, b)
    assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)


@pytest.mark.parametrize("m, k, n", [(2, 5, 3), (20, 30, 40), (1, 5, 3), (2, 5, 1)])
def test_products_of_float16_report_overflow(m, k, n):
    g, h = grumpy.asarray(np.full((m, k), 200, "e")), grumpy.asarray(np.full((k, n), 100, "e"))
    with pytest.warns(RuntimeWarning, match="overflow encountered in matmul"):
        assert np.isinf(np.asarray(g @ h)).all()
    with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow encountered in matmul"):
        np.asarray(g @ h)

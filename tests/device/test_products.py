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

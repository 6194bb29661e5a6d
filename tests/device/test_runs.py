"""Reductions of runs where they lie: NumPy's values, and one answer whatever the layout and threads."""
import warnings

import numpy as np
import pytest

import grumpy

SHAPES = [(1,), (7,), (63,), (64,), (65,), (500,), (2049,), (16385,), (40001,), (300, 3), (100, 8), (37, 64), (40, 316),
          (5, 1025), (2, 20000), (9, 130, 3)]
INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def numbers(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    if dtype == "?":
        return rng.random(shape) < 0.5
    if dtype[0] in "iu":
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        return rng.integers(least, most, shape, dtype=dtype, endpoint=True)
    return rng.normal(size=shape).astype(dtype)


def layouts(a):
    """The same elements as they are, behind one another at an odd place, and apart."""
    yield grumpy.array(a)
    shifted = grumpy.array(np.concatenate([a.ravel()[:1], a.ravel()]))
    yield shifted[1:].reshape(a.shape)
    apart = grumpy.array(np.repeat(a, 2, axis=-1))
    yield apart[..., ::2]
    padded = grumpy.array(np.concatenate([a, a[..., :1]], axis=-1))
    yield padded[..., :-1]


@pytest.mark.parametrize("dtype", ["?", *INTEGERS, "f4", "f8"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_order_free_reductions(dtype, shape):
    a = numbers(dtype, shape)
    names = ["min", "max", "argmin", "argmax", "all", "any"]
    for axis in (None, len(shape) - 1):
        want = [getattr(a, name)(axis) for name in names]
        bits = [op.reduce(a, axis) for op in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)] if dtype[0] != "f" else []
        for g in layouts(a):
            got = [getattr(g, name)(axis) for name in names]
            got += [op.reduce(g, axis) for op in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)] if bits else []
            for g_, w in zip(got, want + bits):
                assert np.array_equal(g_, w) and g_.dtype == w.dtype


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("n", [1, 30, 64, 1000, 20001])
def test_sums_and_products_wrap(dtype, n):
    a, b = numbers(dtype, n), numbers(dtype, n, 1)
    for x, y in zip(layouts(a), layouts(b)):
        assert np.array_equal(np.add.reduce(x, dtype=dtype), np.add.reduce(a, dtype=dtype))
        assert np.array_equal(np.multiply.reduce(x | 1, dtype=dtype), np.multiply.reduce(a | 1, dtype=dtype))
        assert np.array_equal(np.dot(x, y), np.dot(a, b))


@pytest.mark.parametrize("dtype", ["?", "i1", "i4", "u8", "f4", "f8"])
@pytest.mark.parametrize("n", [5, 31, 64, 100, 16384, 50000])
def test_one_element_decides(dtype, n):
    for at in sorted({0, n // 2, n - 2, n - 1}):
        a = np.zeros(n, dtype)
        a[at] = 1
        b = 1 - a if dtype != "?" else ~a
        for x, y in zip(layouts(a), layouts(b)):
            assert x.any() and not y.all() and x.argmax() == at == y.argmin()
            assert not x[:at].any() and (at == 0 or y[:at].all())


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [3, 64, 300, 5000, 40000])
def test_nan_wins(dtype, n):
    a = numbers(dtype, n)
    for at in (0, n // 2, n - 1):
        b = a.copy()
        b[at] = np.nan
        if at:
            b[-1] = np.nan
        for g in layouts(b):
            assert np.isnan(g.min()) and np.isnan(g.max()) and g.argmin() == g.argmax() == at
            assert g.any() and np.nanmax(g) == np.nanmax(b)


@pytest.mark.parametrize("byte", [1, 2, 128, 255])
def test_any_byte_but_zero_is_true(byte):
    a = np.zeros((20, 8), np.uint8)
    a[3, 5] = byte
    g = grumpy.asarray(a.view(bool))
    assert g.any(1).nonzero()[0].tolist() == [3] and g.argmax(1)[3] == 5 and g.argmax() == 29
    a[:] = byte
    a[7, 2] = 0
    g = grumpy.asarray(a.view(bool))
    assert g.all(1).tolist().count(False) == 1 and g.argmin(1)[7] == 2 and g.argmin() == 58


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("n", [64, 100, 2048, 2100, 30001, 200000])
def test_dots_are_sums_of_products_bit_by_bit(dtype, n):
    a, b = numbers(dtype, n), numbers(dtype, n, 1)
    results = set()
    for x, y in zip(layouts(a), layouts(b)):
        product = x * y
        grumpy.evaluate(product)
        results |= {float(np.dot(x, y)), float(x @ y), float(np.vdot(x, y)), float(np.inner(x, y)),
                    float(product.sum()), float(np.vecdot(x, y))}
    assert len(results) == 1
    np.testing.assert_allclose(results.pop(), np.dot(a.astype("f8"), b.astype("f8")), rtol=1e-3 if dtype == "f4" else 1e-9,
                               atol=1e-4 if dtype == "f4" else 1e-11)


@pytest.mark.parametrize("bad, text", [(np.inf, "invalid value encountered in dot"), (1e200, "overflow encountered in dot")])
@pytest.mark.parametrize("n", [100, 10000])
def test_a_dot_tells_of_its_errors_once(bad, text, n):
    a = np.zeros(n)
    b = np.zeros(n)
    b[n // 3] = bad
    if bad == 1e200:
        a[n // 3] = bad
    x, y = grumpy.array(a), grumpy.array(b)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        value = float(np.dot(x, y))
    assert not np.isfinite(value) and len(seen) == 1 and text in str(seen[0].message)

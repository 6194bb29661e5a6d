"""0-d results stand for NumPy's scalars (semantics.md S1)."""
import copy
import json
import math
import operator
import pickle
import warnings

import numpy as np
import pytest

import grumpy


@pytest.fixture
def g():
    return grumpy.asarray(np.arange(1.0, 7.0))


def test_numbers(g):
    s = g.sum()
    assert isinstance(s, grumpy.ndarray) and s.shape == ()
    assert float(s) == 21.0 and int(s) == 21 and bool(s) and complex(s) == 21
    assert f"{s:.2f}" == "21.00" and str(s) == "21.0" and repr(s) == "np.float64(21.0)"
    assert round(s, 1) == 21.0 and math.floor(s) == 21 and math.sqrt(s) == math.sqrt(21)
    assert json.dumps(float(s)) == "21.0"


def test_hash_and_keys(g):
    assert {21.0: "x"}[g.sum()] == "x"
    assert hash(g.max()) == hash(6.0)
    assert g.sum() in {21.0}
    with pytest.raises(TypeError, match="unhashable"):
        hash(g)
    with pytest.raises(TypeError, match="unhashable"):
        hash(grumpy.asarray(5.0))


def test_integers_index(g):
    k = g.argmax()
    assert operator.index(k) == 5 and list(range(k)) == [0, 1, 2, 3, 4]
    assert "abcdef"[k] == "f" and float(g[k]) == 6.0
    assert g[:k].shape == (5,)
    with pytest.raises(TypeError):
        operator.index(g.sum())


def test_augmented_assignment_rebinds(g):
    s = g.sum()
    t = s
    s += 1
    assert float(s) == 22 and float(t) == 21
    z = grumpy.asarray(5.0)
    y = z
    z += 1
    assert z is y and float(y) == 6.0


def test_read_only(g):
    s = g[3]
    assert not s.flags.writeable and s.base is None
    with pytest.raises(TypeError, match="does not support item assignment"):
        s[...] = 1
    g[3] = 100
    assert float(s) == 4.0


def test_where_numpy_gives_scalars(g):
    two = grumpy.asarray(np.ones((2, 2)))
    for x in (g.sum(), g[0], two[1, 1], np.add(g.sum(), 1), np.sqrt(grumpy.asarray(4.0)), g.mean(),
              np.dot(g, g), g @ g, grumpy.asarray(3.0)[()], two.sum()):
        hash(x)
    for x in (grumpy.asarray(5.0), grumpy.zeros(()), g[0, ...], two.reshape(4)[:1].reshape(()),
              two.sum()[...]):
        assert x.shape == ()
        with pytest.raises(TypeError):
            hash(x)


def test_promotion_is_not_weak(g):
    f = grumpy.asarray(np.ones(3, np.float32))
    assert (f * g.sum()).dtype == np.float64
    assert (f * f.sum()).dtype == np.float32
    assert (f * 2.0).dtype == np.float32


def test_integer_overflow_warns():
    s = grumpy.asarray(np.array([np.iinfo(np.int64).max])).max()
    with pytest.warns(RuntimeWarning, match="overflow encountered in scalar add"):
        s + 1


def test_division_by_zero_speaks_of_scalars(g):
    s = g[0] - 1
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in scalar divide"):
        float(1 / s)


def test_scalar_attributes(g):
    assert g.sum().is_integer() and g.argmax().bit_count() == 2
    assert g[1].as_integer_ratio() == (2, 1)
    assert not hasattr(g, "is_integer")
    with pytest.raises(TypeError, match="not iterable"):
        iter(g.sum())
    with pytest.raises(TypeError, match="object of type 'numpy.float64' has no len"):
        len(g.sum())
    for key in (0, slice(1), (None, 0)):
        with pytest.raises(IndexError, match="invalid index to scalar variable"):
            g.sum()[key]


def test_copies(g):
    s = g.sum()
    for t in (copy.copy(s), copy.deepcopy(s), pickle.loads(pickle.dumps(s)), s.copy()):
        assert float(t) == 21.0
        hash(t)


def test_comparisons_and_sorting(g):
    parts = [g[k] for k in (3, 1, 2)]
    assert [float(x) for x in sorted(parts)] == [2.0, 3.0, 4.0]
    assert max(parts) is parts[0]
    assert (g.sum() == 21) and g.sum() != 20 and g.sum() > 3


def test_element_of_an_object_array_is_the_object():
    class Thing:
        pass
    thing = Thing()
    a = np.empty(2, object)
    a[0] = thing
    assert grumpy.asarray(a)[0] is thing


def test_means_of_scalars_have_no_axis_zero(g):
    for x in (g.sum(), g[0], grumpy.asarray(np.array(2.0))):
        assert float(x.sum(axis=0)) == float(x)
        for call in (lambda x: x.mean(axis=0), lambda x: np.mean(x, axis=-1)):
            with pytest.raises(np.exceptions.AxisError):
                call(x)
        assert float(x.mean()) == float(x)


def test_integers_repeat_lists(g):
    n = g.argmax() - 3
    assert int(n) == 2
    inner = grumpy.asarray(np.zeros(2))
    for sequence in ([0, 1], (1,), [], [inner]):
        for got in (n * sequence, sequence * n):
            assert type(got) is type(sequence) and len(got) == 2 * len(sequence)
            assert all(x is y for x, y in zip(got, sequence * 2))
    for x in (g.sum(), g.all()):
        for call in (lambda x: x * [1, 2], lambda x: (1, 2) * x):
            with pytest.raises(TypeError, match="can't multiply sequence by non-int"):
                call(x)
    assert np.asarray(grumpy.asarray(np.array(2)) * [1, 2]).tolist() == [2, 4]


@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "f4"])
def test_powers_of_elements_have_numpys_dtype(dtype):
    x = np.ones(2, dtype)
    for exponent in (2, 1, 3, 2.0):
        got, want = grumpy.asarray(x)[0] ** exponent, x[0] ** exponent
        assert got.dtype == want.dtype and float(got) == want


@pytest.mark.parametrize("how", [{}, {"dtype": float}, {"order": "C"}, {"copy": True}])
def test_asarray_of_a_scalar_like_is_an_array_of_its_own(how):
    s = grumpy.asarray(np.array([1.0, 2.0])).sum()
    a = grumpy.asarray(s, **how)
    assert grumpy._core.is_pending(a)
    a[a > 2] = 7.0
    assert a.flags.writeable and a == 7.0 and s == 3.0
    assert grumpy.asarray(s, copy=False) is s


NUMBERS = [0.0, -0.0, 1.5, -3.0, 1e300, 5e-324, np.inf, np.nan, 2**53 + 1, 0, 1, -7, 2**62, -2**63]
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.lt,
             operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


def outcome(f, a, b):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            r = f(a, b)
            r = np.asarray(r)
        except (OverflowError, TypeError) as e:
            return type(e)
    zero = r == 0 if r.dtype.kind == "f" else False
    texts = [str(w.message).replace("scalar ", "") for w in seen]  # of mixed dtypes NumPy asks the ufunc
    return r.dtype, repr(r), bool(np.signbit(r)) if zero else None, texts


@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)
def test_operators_between_elements_are_numpys(f):
    arrays = [np.array([x for x in NUMBERS if isinstance(x, float)]), np.array([x for x in NUMBERS if isinstance(x, int)]),
              np.array([1.5, 3e38], "f4"), np.array([True, False])]
    wrapped = [grumpy.asarray(a.copy()) for a in arrays]
    for x, g in zip(arrays, wrapped):
        for i in range(len(x)):
            for y, h in zip(arrays, wrapped):
                for j in range(len(y)):
                    assert outcome(f, g[i], h[j]) == outcome(f, x[i], y[j]), (x[i], y[j])
            for number in [*NUMBERS, True]:
                assert outcome(f, g[i], number) == outcome(f, x[i], number), (x[i], number)
                assert outcome(f, number, g[i]) == outcome(f, number, x[i]), (number, x[i])


def test_item_counts_in_c_order():
    x = np.arange(24.0).reshape(2, 3, 4)
    for a in (x, x.T, x[:, ::-1, ::2], x[0, 1]):
        g = grumpy.asarray(x)
        g = g if a is x else g.T if a.shape == (4, 3, 2) else g[:, ::-1, ::2] if a.ndim == 3 else g[0, 1]
        assert [g.item(k) for k in range(-a.size, a.size)] == [a.item(k) for k in range(-a.size, a.size)]
        for wrong in (a.size, -a.size - 1):
            with pytest.raises(IndexError):
                g.item(wrong)
    pending = grumpy.asarray(x) + 1
    assert pending.item(5) == 6.0

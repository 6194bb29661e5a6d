"""Operators on arrays, Python numbers and NumPy's objects (semantics.md S1, S2)."""
import itertools
import operator

import numpy as np
import pytest

import grumpy
from grumpy.testing import assert_same, compare

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod]
COMPARE = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
BITS = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
INPLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv,
           operator.imod]
DTYPES = "?bBhHiIlLefdFD"


def values(dtype, n=6):
    return (np.arange(1, n + 1) % 5 + 1).astype(dtype)


@pytest.mark.parametrize("op", BINARY + COMPARE)
@pytest.mark.parametrize("left", DTYPES)
def test_dtypes_mix_as_in_numpy(op, left):
    for right in DTYPES:
        rtol = 1e-6 if {left, right} & set("FD") else 0
        compare(op, values(left), values(right)[::-1], rtol=rtol)


@pytest.mark.parametrize("op", BITS)
@pytest.mark.parametrize("left", "?bBhHiIlL")
def test_bit_operators(op, left):
    for right in "?bBhHiIlL":
        compare(op, values(left), values(right) % 4)


@pytest.mark.parametrize("op", BINARY + COMPARE)
@pytest.mark.parametrize("number", [2, 3.5, True, 1 + 2j, -1, np.float32(2), np.int8(3), np.float64(1.5)])
@pytest.mark.parametrize("dtype", "Blfd")
def test_numbers_on_either_side(op, number, dtype):
    rtol = 1e-6 if isinstance(number, complex) else 0
    compare(lambda a: op(a, number), values(dtype), rtol=rtol)
    compare(lambda a: op(number, a), values(dtype), rtol=rtol)


@pytest.mark.parametrize("number", [300, -1, 2**70])
def test_python_integers_beyond_the_dtype(number):
    compare(lambda a: a + number, values("B"))
    compare(lambda a: a < number, values("B"))
    compare(lambda a: a == number, values("B"))


@pytest.mark.parametrize("exponent", [2, 0.5, 1, -1, 0, 3, 2.0, 1.5])
@pytest.mark.parametrize("dtype", "fdl")
def test_power(exponent, dtype):
    if dtype == "l" and exponent == -1:
        compare(lambda a: a ** exponent, values(dtype))
        return
    compare(lambda a: a ** exponent, values(dtype), rtol=1e-6)


def test_negative_integer_power_is_refused_by_value():
    compare(lambda a, b: a ** b, np.array([2, 3]), np.array([1, -1]))
    compare(lambda a, b: a ** b, np.array([2, 3]), np.array([1, 2]))
    compare(lambda a: 2 ** a, np.array([1, -2]))


@pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs, operator.invert])
@pytest.mark.parametrize("dtype", DTYPES)
def test_unary(op, dtype):
    compare(op, values(dtype))


@pytest.mark.parametrize("op", INPLACE)
@pytest.mark.parametrize("left", "blfdD")
def test_in_place(op, left):
    for right in "?blfdD":
        rtol = 1e-6 if {left, right} & set("D") else 0
        if left in "D" and op in (operator.ifloordiv, operator.imod):
            continue

        def body(a, b):
            same = op(a, b)
            assert same is a
            return a
        if np.can_cast(np.result_type(left, right), left, "same_kind") and not (
                op is operator.itruediv and left in "bl"):
            compare(body, values(left), values(right), rtol=rtol)
        else:
            compare(lambda a, b, op=op: op(a, b), values(left), values(right))


def test_in_place_grows_no_shape():
    compare(lambda a, b: operator.iadd(a, b), np.ones(3), np.ones((2, 3)))
    compare(lambda a, b: operator.iadd(a, b), np.ones((2, 3)), np.ones(3))


def test_in_place_seen_through_views():
    def body(a):
        v = a[::2]
        a += 1
        v *= 10
        a[1:] += a[:-1]
        return a, v
    compare(body, np.arange(10.0))


def test_matmul_operators():
    rng = np.random.default_rng(0)
    for shapes in [((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (4, 5)),
                   ((2, 3, 4), (2, 4, 5)), ((4,), (2, 4, 5)), ((2, 3, 4), (4,))]:
        x, y = (rng.integers(0, 9, s).astype(float) for s in shapes)
        compare(operator.matmul, x, y)
        compare(operator.matmul, x.astype(int), y.astype(int))
    compare(operator.matmul, np.ones((2, 3)), np.ones((2, 3)))
    compare(operator.matmul, np.ones(3), 2.0)


def test_divmod():
    compare(divmod, values("l"), values("l")[::-1].copy())
    compare(lambda a: divmod(a, 3), values("d"))
    compare(lambda a: divmod(10, a), values("d"))


def test_lists_and_strings():
    compare(lambda a: a + [1, 2, 3], np.arange(3.0))
    compare(lambda a: [1, 2, 3] - a, np.arange(3))
    compare(lambda a: a == "x", np.arange(3))
    compare(lambda a: a == None, np.arange(3))  # noqa: E711
    compare(lambda a: a + "x", np.arange(3))


class Deferred:
    """Takes over binary operators, as pandas does."""
    __array_ufunc__ = None

    def __radd__(self, other):
        return "mine"

    def __rmatmul__(self, other):
        return "mine"


class Overriding:
    """Takes over ufuncs, as Dask does."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc.__name__, method, [type(i).__name__ for i in inputs]


class Prior:
    __array_priority__ = 100

    def __rmul__(self, other):
        return "prior"


def test_deferral_to_other_types():
    g = grumpy.asarray(np.arange(3.0))
    assert g + Deferred() == "mine"
    assert g @ Deferred() == "mine"
    assert g * Prior() == "prior"
    assert g + Overriding() == ("add", "__call__", ["ndarray", "Overriding"])
    assert np.add(g, Overriding()) == ("add", "__call__", ["ndarray", "Overriding"])


def test_plain_ndarrays_on_either_side():
    x = np.arange(4.0)
    g = grumpy.asarray(x.copy())
    for op in BINARY:
        with np.errstate(all="ignore"):
            assert_same(op(g, x + 1), op(x, x + 1))
            assert_same(op(x + 1, g), op(x + 1, x))


def test_an_operand_is_read_at_the_call():
    x = np.arange(4.0)
    g = grumpy.asarray(np.ones(4)) + x
    x[:] = 100
    assert np.asarray(g).tolist() == [1.0, 2.0, 3.0, 4.0]


def test_unsigned_to_signed_powers_are_floats():
    for base, exponent in itertools.product("BHIL", "bhil"):
        x, y = np.array([2, 3], base), np.array([-1, 2], exponent)
        for f in (lambda a, b: a ** b, np.power):
            try:
                expected = f(x, y)
            except ValueError:
                with pytest.raises(ValueError, match="negative integer powers"):
                    f(grumpy.array(x), grumpy.array(y))
            else:
                assert f(grumpy.array(x), grumpy.array(y)).tolist() == expected.tolist()


def test_subclasses_get_their_own_way():
    m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    g = grumpy.asarray(np.eye(2))
    assert type(g + m) is np.matrix
    assert type(m + g) is np.matrix
    masked = np.ma.array([1.0, 2.0], mask=[0, 1])
    assert type(np.add(grumpy.asarray(np.ones(2)), masked)) is np.ma.MaskedArray


def test_sparse_matrices():
    sparse = pytest.importorskip("scipy.sparse")
    s = sparse.csr_matrix(np.eye(3))
    g = grumpy.asarray(np.arange(9.0).reshape(3, 3))
    x = np.arange(9.0).reshape(3, 3)
    np.testing.assert_array_equal(np.asarray(g @ s), x @ s)
    np.testing.assert_array_equal(np.asarray(s @ g), s @ x)
    np.testing.assert_array_equal(np.asarray(s + g), s + x)


def test_memory_order_is_numpys():
    x = np.arange(24.0).reshape(2, 3, 4)
    for view in (lambda a: a.T, lambda a: a.transpose(1, 0, 2), lambda a: a[::-1], lambda a: a[:, ::2]):
        g, w = view(grumpy.array(x)), view(x)
        assert (g + 1).strides == (w + 1).strides
        assert (g + g).strides == (w + w).strides
        assert np.exp(g).strides == np.exp(w).strides
    f = grumpy.asarray(np.asfortranarray(np.ones((3, 4))))
    assert f.flags.f_contiguous and not f.flags.c_contiguous
    assert (f * 2).flags.f_contiguous


@pytest.mark.parametrize("dtype", ["?", "b", "u1", "i8", "f4", "D"])
@pytest.mark.parametrize("exponent", [2, 3, 1, 0, 0.5, 2.0, -1.0, True, np.int8(2), np.float32(2)], ids=repr)
def test_powers_have_numpys_dtype(dtype, exponent):
    compare(lambda a: a ** exponent, np.array([1, 0, 1, 1], dtype) + (np.dtype(dtype).kind != "b"), rtol=1e-6)


def test_fill_takes_one_value():
    for value in ([1, 2], (3, 4), np.arange(3), np.ones((2, 2))):
        with pytest.raises((TypeError, ValueError)) as want:
            np.zeros((2, 3)).fill(value)
        with pytest.raises(want.type):
            grumpy.asarray(np.zeros((2, 3))).fill(value)
    g = grumpy.asarray(np.zeros(3))
    g.fill(np.array(2))
    assert g.tolist() == [2, 2, 2]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", [0, 1, -1, 3, 2**30, -2**31, 2**40, 2**62, 2**63, True, 0.5, -1e300, np.inf, np.nan, 2j])
def test_a_number_beside_an_array_of_any_dtype(dtype, number):
    """Numbers take their own lane to the recorder, where they are cast at once."""
    plain = np.array([1, 0, 1, 1, 0, 1, 0]).astype(dtype)
    for op in (operator.add, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.gt, operator.eq):
        for swapped in (False, True):
            for _ in range(2):  # the second time the types are known
                x = grumpy.asarray(plain.copy())
                try:
                    with np.errstate(all="ignore"):
                        want = op(number, plain) if swapped else op(plain, number)
                except (TypeError, OverflowError) as e:
                    with pytest.raises(type(e)):
                        np.asarray(op(number, x) if swapped else op(x, number))
                    continue
                with np.errstate(all="ignore"):
                    got = np.asarray(op(number, x) if swapped else op(x, number))
                assert got.dtype == want.dtype
                np.testing.assert_array_equal(got, want)

"""Reads and writes by every form of index (semantics.md S2, S3)."""
import numpy as np
import pytest

import grumpy
from grumpy.testing import assert_same, compare

A = np.arange(60.0).reshape(3, 4, 5)
BASIC = [0, -1, slice(1, 3), slice(None, None, -1), slice(2, None, -2), None, ..., (0, 1), (0, 1, 2),
         (slice(None), 1), (..., 1), (None, ..., None), (1, None, 2), (slice(None), slice(3, 0, -2), ...),
         (), (np.int64(1),), np.uint8(2), slice(5, 1), (2, slice(1, 1))]
FANCY = [[0, 2], np.array([0, -1, 1]), np.array([[0, 1], [2, -3]]), (slice(None), [0, 3]),
         ([0, 1], [1, 2]), ([0, 1], [1, 2], [3, 4]), (np.array([[0], [1]]), np.array([1, 2])),
         A > 30, (A > 30).any(2), [True, False, True], (slice(None), A[0, :, 0] > 3), np.ix_([0, 2], [1, 3]),
         (0, [1, 2]), ([1, 2], slice(None), [0, 1]), np.array([], int), (..., [0, 1]), True, False,
         np.array(1), ([0, 1], 2), ([[0, 1]], [[1], [2]], 0)]
WRONG = [3, -4, (0, 4), (0, 0, 0, 0), "x", 1.5, [0, 3], np.array([1.0]), (slice(None), [9]),
         np.array([True, False]), 10**30, (..., ...), [[0, 1], [0]]]


@pytest.mark.parametrize("key", BASIC + FANCY, ids=repr)
def test_reads(key):
    compare(lambda a: a[key], A)


@pytest.mark.parametrize("key", BASIC + FANCY, ids=repr)
def test_writes_of_a_number(key):
    def body(a):
        a[key] = -1
        return a
    compare(body, A)


@pytest.mark.parametrize("key", BASIC + FANCY, ids=repr)
def test_writes_of_an_array(key):
    value = -np.arange(1.0, A[key].size + 1).reshape(np.shape(A[key]))

    def body(a):
        a[key] = value
        return a
    compare(body, A)


@pytest.mark.parametrize("key", WRONG, ids=repr)
def test_errors_are_numpys(key):
    compare(lambda a: a[key], A)

    def body(a):
        a[key] = 1
    compare(body, A)


@pytest.mark.parametrize("key", BASIC + FANCY, ids=repr)
def test_grumpy_keys(key):
    if isinstance(key, np.ndarray):
        want = A[key]
        assert_same(grumpy.array(A)[grumpy.asarray(key)], want)


def test_augmented_masks():
    def body(a):
        m = a > 20
        a[m] += 5
        a[~m] = 0
        a[a == 0] -= 1
        return a
    compare(body, A)


def test_mask_writes_of_trailing_axes():
    def body(a):
        a[np.array([True, False, True])] = np.arange(5.0)
        a[np.array([[True, False, True, False]] * 3)] = 7
        return a
    compare(body, A)


@pytest.mark.parametrize("dtype", "?bBlfdD")
@pytest.mark.parametrize("value", [1, 2.75, True, -3, np.float32(0.5), np.array([1, 2]), float("nan"), 2**40,
                                   1 + 2j, "7", [1, 2]], ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_assignment_casts(dtype, value):
    def body(a):
        a[:2] = value
        return a
    compare(body, np.zeros(4, dtype))


def test_assignment_of_complex_to_real_warns():
    g = grumpy.zeros(2)
    with pytest.warns(np.exceptions.ComplexWarning):
        g[:] = grumpy.asarray(np.array([1 + 2j, 3]))


def test_shapes_that_do_not_fit():
    def body(a):
        a[0] = np.ones(3)
    compare(body, A)

    def extra(a):
        a[0, 0] = np.ones((1, 1, 5))
    compare(extra, A)


def test_element_reads_are_copies():
    g = grumpy.array(A)
    x = g[0, 0, 0]
    g[0, 0, 0] = 99
    assert float(x) == 0.0
    y = g[0, 0, 0] + 0
    assert float(y) == 99.0


def test_iteration():
    g = grumpy.array(A)
    for row, want in zip(g, A):
        assert_same(row, want)
        row[0, 0] = 1
    assert np.asarray(g)[:, 0, 0].tolist() == [1.0, 1.0, 1.0]
    assert [float(x) for x in g[0, 0]] == [1.0, 1.0, 2.0, 3.0, 4.0]
    assert 3.0 in g and 1000 not in g


def test_flat():
    def body(a):
        a.flat[3] = -1
        a.flat[[0, 5]] = 9
        a.flat[10:12] = [7, 8]
        return a, a.flat[4], a.flat[::7]
    compare(lambda a: tuple(map(np.asarray, body(a))), A)
    g = grumpy.array(A)
    g.flat = 3
    assert float(g.sum()) == 180


def test_take_put_and_kin():
    compare(lambda a: np.take(a, [1, -1], axis=1), A)
    compare(lambda a: np.take(a, [[5, 59]]), A)
    compare(lambda a: a.take(2), A)
    compare(lambda a: np.take(a, [7], axis=1), A)
    compare(lambda a: np.take(a, [7], axis=1, mode="clip"), A)
    compare(lambda a: np.compress([True, False, True], a, axis=0), A)

    def put(a):
        a.put([0, 3], [10, 20])
        np.put(a, [1], -5)
        np.copyto(a[0], 3.5, where=a[0] > 8)
        np.place(a, a > 50, [1, 2])
        np.putmask(a, a < 5, 0)
        return a
    compare(put, A)


def test_index_of_a_lazy_integer_array():
    g = grumpy.array(A)
    index = (grumpy.asarray(np.array([0, 1, 0])) + 1) % 3
    assert_same(g[index], A[[1, 2, 1]])
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3"):
        g[index + 2]


@pytest.mark.parametrize("dtype", ["f8", "i4", "c16", "?"])
@pytest.mark.parametrize("shape", [(1,), (2,), (0,), (1, 1)])
def test_an_array_is_no_element(dtype, shape):
    def body(x, value):
        x[1] = value
        return x
    compare(body, np.zeros(3, dtype), np.ones(shape, dtype))


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "f4"])
@pytest.mark.parametrize("value", [np.int64(300), np.uint64(2**63), np.float64(1e10), np.float64("nan"), np.int8(-1)])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numpy_scalars_out_of_range(dtype, value):
    def body(x, value):
        x[1:] = value[0]
        return x
    compare(body, np.zeros(3, dtype), np.array([value]))


@pytest.mark.parametrize("key", [np.array([True]), np.array([0])])
def test_arrays_of_one_constant_are_written_at_index_arrays(key):
    for make in (lambda: grumpy.asarray(2.0), lambda: grumpy.full((), 2.0), lambda: grumpy.full(1, 2.0)):
        x = make()
        y = x.reshape(-1)
        y[grumpy.asarray(key)] = grumpy.asarray(np.array([5.0]))
        assert y[0] == 5.0 and x.reshape(1)[0] == 5.0


def test_elements_have_the_order_of_the_index_array():
    for xp in (np, grumpy):
        a, index = xp.arange(10), xp.arange(10).reshape(5, 2).T
        assert a[index].flags.f_contiguous
        assert a[index].tolist() == index.tolist()
        assert a.reshape(-1, 1)[index, 0].flags.f_contiguous
        cube = xp.arange(24).reshape(2, 3, 4).transpose(2, 0, 1)
        assert a[cube % 10].strides == (8, 96, 32)
        assert a[cube % 10].tolist() == (cube % 10).tolist()


def test_too_many_index_arrays():
    message = {}
    for xp in (np, grumpy):
        with pytest.raises(IndexError) as error:
            xp.ones((1,) * 64)[(xp.array([0]),) * 64]
        message[xp] = str(error.value)
    assert message[np] == message[grumpy]


def test_an_ellipsis_gives_an_array_of_no_axes():
    for xp in (np, grumpy):
        a, place = xp.arange(4), xp.asarray(2)
        with pytest.raises(TypeError):
            hash(a[..., place])
        assert hash(a[place]) == 2


@pytest.mark.parametrize("value", [300, -1, 2.5, np.int64(300), np.float64(1e300), True, 3 + 2j], ids=repr)
@pytest.mark.parametrize("casting", ["unsafe", "same_kind", "safe"])
@pytest.mark.parametrize("dtype", ["i1", "u1", "f4", "?"])
@pytest.mark.filterwarnings("ignore")
def test_copyto_casts_numbers_as_numpy_does(dtype, casting, value):
    def f(array, source):
        into = array(np.zeros(2, dtype))
        try:
            with np.errstate(all="ignore"):
                np.copyto(into[...], source, casting=casting)
        except (TypeError, OverflowError) as error:
            return type(error)
        return into.tolist()
    want = f(np.array, value)
    assert f(grumpy.asarray, value) == want
    if isinstance(value, np.generic):  # a scalar-like of grumpy's, too
        assert f(grumpy.asarray, grumpy.asarray(np.array([value, value])).max()) == want


@pytest.mark.parametrize("value", [[-1, 2], [300, 2], [1.5, 2], [float("nan"), 1], [1e300, 1], [[1, 2]], (1, 2), [[[3]]]], ids=repr)
@pytest.mark.parametrize("dtype", ["i1", "u1", "f4", "c8"])
@pytest.mark.parametrize("key", [slice(2), [0, 1], np.array([1, 1, 0], bool), (slice(2), None), ..., 1], ids=repr)
@pytest.mark.filterwarnings("ignore")
def test_listed_numbers_are_assigned_one_by_one(key, dtype, value):
    said = []
    for xp in (np, grumpy):
        a = xp.zeros(3, dtype)
        try:
            a[key] = value
        except (ValueError, OverflowError, TypeError) as error:
            said.append(repr(error))
        else:
            said.append(repr(a.tolist()))
    assert said[0] == said[1]


@pytest.mark.parametrize("value", [np.float64("nan"), np.int64(300), np.float64(2.5)], ids=repr)
def test_index_arrays_of_no_axes_assign_as_integers(value):
    said = []
    for xp in (np, grumpy):
        a = xp.zeros(3, "i1")
        try:
            a[xp.asarray(1)] = value
        except (ValueError, OverflowError) as error:
            said.append(repr(error))
        else:
            said.append(repr(a.tolist()))
    assert said[0] == said[1]

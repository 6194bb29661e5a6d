"""Manners of ndarray's methods that programs notice."""
import gc
import pickle
import sys

import numpy as np
import pytest

import grumpy


def same_on_both(f):
    """Whether f of grumpy's asarray gives what f of NumPy's array does."""
    return f(lambda *args, **kwargs: grumpy.asarray(np.array(*args, **kwargs))) == f(np.array)


@pytest.mark.parametrize("shape", [(), (None,), (3, 3), (9,), (2, 2), (20,), (0, 4), ("hi",), (-1,), ((2, -1),)], ids=str)
def test_resize(shape):
    def f(array):
        x = array(np.arange(9.0).reshape(3, 3))
        try:
            x.resize(*shape)
        except (TypeError, ValueError) as e:
            return type(e)
        return x.shape, x.tolist()
    assert same_on_both(f)


def test_resize_of_views_keeps_the_size():
    def f(array):
        x = array(np.arange(6))
        x[:4].resize((2, 2))
        y = x[2:]
        y.resize((2, 2))
        y[0, 0] = 9
        with pytest.raises(ValueError, match="does not own its data"):
            y.resize(7)
        with pytest.raises(ValueError, match="single-segment"):
            x[::2].resize(3)
        with pytest.raises(TypeError):
            x.resize(3, refcheck="no")
        with pytest.raises(TypeError):
            x.resize(refcheck="no")
        return x.tolist(), y.shape
    assert same_on_both(f)


def test_conjugate_takes_out_and_refuses_text():
    z = grumpy.asarray(np.array([1 - 1j, 2j]))
    out = np.empty_like(z)
    assert z.conjugate(out) is out
    assert out.tolist() == z.conj().tolist() == [1 + 1j, -2j]
    for dtype in ("S1", "U1", "M8[ns]"):
        with pytest.raises(TypeError, match="cannot conjugate non-numeric dtype"):
            grumpy.asarray(np.ones(3, "i8").astype(dtype)).conj()


def test_any_and_all_take_a_dtype():
    a = grumpy.asarray(np.ones(3, object))
    assert a.any(dtype=object, keepdims=True).dtype == a.all(dtype=object, keepdims=True).dtype == object
    assert grumpy.asarray(np.eye(2)).any(dtype=bool)


@pytest.mark.parametrize("dtype", ["u1", "i8", "f8"])
def test_round_copies_in_memory_order(dtype):
    a = grumpy.asarray(np.arange(12).astype(dtype).reshape(3, 4)).T
    assert np.round(a).flags.f_contiguous
    assert not np.shares_memory(a.round(), a)


def test_an_element_takes_no_list():
    def f(array):
        a = array([0.0])
        with pytest.raises(ValueError, match="setting an array element with a sequence"):
            a[0] = [1]
        a[:] = [1]
        return a.tolist()
    assert same_on_both(f)


@pytest.mark.parametrize("dtype", ["e", "f", "d", "F", "D"])
@pytest.mark.parametrize("x", [np.eye(3), np.eye(3) * 1j], ids=["real", "complex"])
@pytest.mark.parametrize("name", ["mean", "var", "std"])
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_moments_in_another_dtype(name, x, dtype):
    f = getattr(np, name)
    assert f(grumpy.asarray(x), axis=0, dtype=dtype).dtype == f(x, axis=0, dtype=dtype).dtype


def test_views_have_no_bytes_of_their_own():
    a = grumpy.asarray(np.ones(1000))
    assert sys.getsizeof(a[...]) < a.nbytes < sys.getsizeof(a) < sys.getsizeof(a.reshape(1000, 1, 1).copy())


def test_strings_of_no_characters_keep_their_width():
    records = np.zeros((2, 2), dtype=[("s", "S0"), ("n", "u1")])
    a = grumpy.asarray(records["s"])
    assert a.dtype == pickle.loads(pickle.dumps(a)).dtype == records["s"].dtype


def test_ufuncs_of_python_functions_die():
    def double(x):
        return 2 * x
    before = sys.getrefcount(double)
    for _ in range(10):
        assert np.frompyfunc(double, 1, 1)(grumpy.asarray(np.arange(3))).tolist() == [0, 2, 4]
    gc.collect()
    assert sys.getrefcount(double) == before


def test_array_function_has_numpys_parameter_names():
    a = grumpy.asarray(np.arange(3))
    assert a.__array_function__(func=np.sum, types=(grumpy.ndarray,), args=(a,), kwargs={}) == 3


def test_nothing_can_be_deleted():
    def f(array):
        a = array(np.arange(3.0))
        said = []
        for owner, name in [(a, "shape"), (a, "ndim"), (a, "other"), (a.flags, "writeable"), (a.flags, "c_contiguous")]:
            with pytest.raises(AttributeError) as error:
                delattr(owner, name)
            said.append(str(error.value))
        with pytest.raises(TypeError, match="Cannot delete iterator elements"):
            del a.flat[1]
        with pytest.raises(ValueError, match="cannot delete array elements"):
            del a[1]
        return said
    assert same_on_both(f)


def test_integers_with_fields_keep_them():
    dtype = np.dtype((np.int32, [("a", "<i2"), ("b", "<i2")]))
    def f(array):
        a = array([1 << 16, 2], dtype=dtype)
        return a.dtype.names, repr(a), a["b"].tolist(), (a + 1).tolist()
    assert same_on_both(f)
    assert grumpy.asarray(np.zeros(2, dtype)).dtype.names == ("a", "b")


def test_a_truth_is_no_length():
    def f(array):
        a = array(np.arange(4.0))
        said = []
        for shape in [((True, -1),), (True, 4), (np.True_, 4), ((2, 2.0),)]:
            with pytest.raises(TypeError) as error:
                a.reshape(*shape)
            said.append(str(error.value))
        return said
    assert same_on_both(f)


def test_transpose_takes_an_array_of_axes():
    def f(array):
        a = array(np.arange(24.0).reshape(2, 3, 4))
        axes = array([2, 0, 1])
        return a.transpose(axes).tolist(), a.transpose(np.array([1, 2, 0])).tolist(), np.transpose(a, axes).tolist()
    assert same_on_both(f)


def test_a_fraction_among_indices_is_reported_before_slices():
    def f(array):
        a = array(np.arange(4.0).reshape(2, 2))
        said = []
        for key in [np.s_[0.0:, 0.0], np.s_[0.0:, 0], np.s_[:"x"], np.s_[::0]]:
            with pytest.raises((IndexError, TypeError, ValueError)) as error:
                a[key]
            said.append((error.type, str(error.value)))
        return said
    assert same_on_both(f)


@pytest.mark.parametrize("mode, kwargs", [
    ("constant", {"constant_values": 3}), ("constant", {}), ("maximum", {"stat_length": 2}),
    ("linear_ramp", {"end_values": 5}), ("reflect", {"reflect_type": "odd"}), ("edge", {}),
    ("edge", {"stat_length": 2}), ("constant", {"other": 1}),
], ids=str)
def test_pad_takes_each_modes_arguments(mode, kwargs):
    def f(array):
        try:
            return np.pad(array([3.0, 1.0, 2.0]), (2, 3), mode, **kwargs).tolist()
        except Exception as error:
            return type(error), str(error)
    assert same_on_both(f)


def test_pad_keeps_the_memory_order():
    def f(array):
        a = array(np.arange(6.0).reshape(2, 3))
        said = []
        for x in (a, a.T, a[::-1]):
            y = np.pad(x, 2)
            said.append((y.tolist(), y.flags.c_contiguous, y.flags.f_contiguous))
        return said
    assert same_on_both(f)


def test_a_scalar_with_axes_is_an_array():
    s = grumpy.asarray(np.arange(3.0)).sum()
    s.shape = (1, 1)
    assert np.asarray(s).shape == s.shape == (1, 1)
    assert s.tolist() == [[3.0]]
    with pytest.raises(TypeError):
        hash(s)


def test_resize_is_refused_where_others_see_the_array():
    a = grumpy.arange(4)
    view = a[1:]
    for refused in (a, view):
        with pytest.raises(ValueError, match="cannot resize"):
            refused.resize(9)
    del refused, view
    other = a
    with pytest.raises(ValueError, match="refcheck=False"):
        a.resize(9)
    a.resize(6, refcheck=False)
    assert a.tolist() == [0, 1, 2, 3, 0, 0]
    alone = grumpy.arange(2)
    alone.resize(3)
    assert alone.tolist() == [0, 1, 0]


def test_fill_stores_the_object_itself():
    value = grumpy.array(3)
    for xp in (np, grumpy):
        a = xp.array([None, None])
        a.fill(np.asarray(value))
        assert a[0].shape == ()
        assert a[1] is a[0]


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="new in NumPy 2.4")
def test_astype_of_the_same_values():
    a = grumpy.array([1.0, 2.0, 2.5])
    assert a[:2].astype(int, casting="same_value").tolist() == [1, 2]
    with pytest.raises(ValueError, match="same_value"):
        a.astype(int, casting="same_value")


def test_squeeze_of_nothing_is_the_array_itself():
    a = grumpy.ones((2, 3))
    assert a.squeeze() is a

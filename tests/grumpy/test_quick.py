"""Calls that are answered before a Python function is entered, beside those that are not: both as NumPy's."""
import numpy as np
import pytest

import grumpy

CALLS = {
    "shape": np.shape, "ndim": np.ndim, "size": np.size, "size of axis": lambda a: np.size(a, 0),
    "empty_like": np.empty_like, "empty_like of dtype": lambda a: np.empty_like(a, "i2"),
    "zeros_like": np.zeros_like, "zeros_like of shape": lambda a: np.zeros_like(a, shape=(2,)),
    "ones_like": np.ones_like, "ones_like in order": lambda a: np.ones_like(a, order="F"),
    "full_like": lambda a: np.full_like(a, 3), "full_like of a fraction": lambda a: np.full_like(a, 2.5),
    "full_like of a complex": lambda a: np.full_like(a, 1j), "full_like of an array": lambda a: np.full_like(a, a[:1]),
    "full_like of a large one": lambda a: np.full_like(a, 2**40 + 1), "full_like of NaN": lambda a: np.full_like(a, np.nan),
    "full_like of truth": lambda a: np.full_like(a, True), "full_like of -0.0": lambda a: 1 / np.full_like(a, -0.0),
    "copy": np.copy, "copy in order": lambda a: np.copy(a, "F"),
    "atleast_1d": np.atleast_1d, "atleast_2d": np.atleast_2d, "atleast_3d": np.atleast_3d,
    "atleast_1d of two": lambda a: np.atleast_1d(a, a),
    "ravel": np.ravel, "ravel in order": lambda a: np.ravel(a, "F"), "a.ravel": lambda a: a.ravel(),
    "transpose": np.transpose, "T": lambda a: a.T, "mT": lambda a: a.mT,
    "flip": np.flip, "flip last": lambda a: np.flip(a, -1), "flip by name": lambda a: np.flip(a, axis=0),
    "flip both": lambda a: np.flip(a, (0, 1)), "flip nothing": lambda a: np.flip(a, ()),
    "expand_dims": lambda a: np.expand_dims(a, 0), "expand_dims last": lambda a: np.expand_dims(a, axis=-1),
    "expand_dims twice": lambda a: np.expand_dims(a, (0, 1)), "expand_dims beyond": lambda a: np.expand_dims(a, 7),
    "swapaxes": lambda a: np.swapaxes(a, 0, -1), "swapaxes by name": lambda a: np.swapaxes(a, axis1=0, axis2=1),
    "moveaxis": lambda a: np.moveaxis(a, 0, -1), "moveaxis back": lambda a: np.moveaxis(a, 2, 0),
    "moveaxis of two": lambda a: np.moveaxis(a, (0, 1), (1, 0)), "moveaxis of true": lambda a: np.moveaxis(a, True, 0),
    "no such keyword": lambda a: np.flip(a, axes=0), "no axis": lambda a: np.expand_dims(a),
}
GIVEN = {
    "one": np.arange(4.0), "two": np.arange(6).reshape(2, 3), "three": np.arange(24, dtype="f4").reshape(2, 3, 4),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "strided": np.arange(24.0).reshape(4, 6)[::-2, 1::2],
    "empty": np.zeros((3, 0)), "zero": np.array(3.0), "bool": np.array([True, False]), "large": np.arange(3000.0),
    "strings": np.array([["a", "bc"]]),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning",
                            "ignore:.*discards the imaginary part")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_as_numpys(call, given):
    g = grumpy.asarray(given.copy("K"))
    try:
        want = call(given.copy("K"))
    except Exception as error:
        with pytest.raises(type(error)):
            call(g)
        return
    got = call(g)
    if isinstance(want, np.generic):
        assert grumpy._core.stands_for_scalar(got) and got == want
        return
    if not isinstance(want, np.ndarray):
        assert type(got) is type(want)
        if type(want) is not tuple or not isinstance(next(iter(want), None), np.ndarray):
            assert got == want
        return
    assert type(got) is grumpy.ndarray
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    assert want.size == 0 or got.strides == want.strides
    assert want.base is None or got.base is g
    if call not in (CALLS["empty_like"], CALLS["empty_like of dtype"]):
        np.testing.assert_array_equal(np.asarray(got), want)


@pytest.mark.parametrize("name", ["ravel", "a.ravel", "T", "mT", "transpose", "flip", "expand_dims", "swapaxes", "moveaxis"])
def test_views_write_through_and_keep_what_may_be_written(name):
    def f(array):
        a = array(np.arange(24.0).reshape(2, 3, 4))
        CALLS[name](a)[0] = -1
        a.flags.writeable = False
        return a, CALLS[name](a).flags.writeable
    got, want = f(grumpy.array), f(np.array)
    np.testing.assert_array_equal(np.asarray(got[0]), want[0])
    assert got[1] is want[1] is False


@pytest.mark.parametrize(("call", "recorded"), [
    (np.zeros_like, 0), (np.ones_like, 0), (np.empty_like, 0), (np.flip, 0), (np.shape, 0), (np.ravel, 0)])
def test_nothing_is_recorded_for_small_arrays(call, recorded):
    g = grumpy.asarray(np.arange(10.0))
    grumpy.report().reset()
    made = call(g)
    report = grumpy.report()
    assert (report.recorded, report.kernels, report.forwards) == (0, 0, [])
    assert not grumpy._core.is_pending(made)


def test_large_arrays_of_one_value_are_computed_when_needed():
    g = grumpy.asarray(np.arange(2000.0))
    grumpy.report().reset()
    y = np.ones_like(g) + g
    assert grumpy.report().kernels == 0
    assert np.asarray(y)[1999] == 2000.0 and grumpy.report().kernels == 1


def test_the_functions_behind_are_told():
    told = grumpy._core.native_functions()
    assert told[np.flip].__name__ == "flip" and told[np.concatenate].__module__ == "grumpy.functions.joining"

"""One element of an array whose value is known is read and written at once, unless somebody still needs the old value."""
import numpy as np
import pytest

import grumpy

DTYPES = "?bhilBHILefdFD"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_loop_over_elements_evaluates_nothing(dtype):
    x, g = np.ones(37, dtype), grumpy.asarray(np.ones(37, dtype))
    grumpy.report().reset()
    for a in (x, g):
        for i in range(36):
            a[i + 1] = a[i] + a[i + 1]
            a[i % 3] = i % 2
    report = grumpy.report()
    assert report.evaluations == report.kernels == 0
    np.testing.assert_array_equal(g, x)
    assert np.asarray(np.log(g.astype(complex) + 1)).size == 37  # the padding follows the last element


def test_whoever_needs_the_old_value_keeps_it():
    g = grumpy.asarray(np.arange(6.0))
    pending, copied, taken = g * 2, g.copy(), g[2]
    window, reversed_ = g[1:4], g[::-1]
    g[2] = 100
    assert pending.tolist() == [0, 2, 4, 6, 8, 10]
    assert copied.tolist() == [0, 1, 2, 3, 4, 5] and float(taken) == 2
    assert window.tolist() == [1, 100, 3] and reversed_.tolist() == [5, 4, 3, 100, 1, 0]
    window[1] = 7
    reversed_[0] = -1
    assert g.tolist() == [0, 1, 7, 3, 4, -1]
    out = np.asarray(g)
    g[0] = 9
    out[1] = 8
    assert out[0] == 9 and g[1] == 8
    kept = grumpy.array(g)
    g[3] = 0
    assert kept[3] == 3


def test_values_are_those_numpy_would_write():
    for dtype in DTYPES:
        for value in (1, True, 2.5, np.float32(0.1), np.float64(1e300), np.int64(-1), 3j, np.array(2.0), np.array([3.0]), "4"):
            outcomes = []
            for a in (np.zeros(4, dtype), grumpy.asarray(np.zeros(4, dtype))):
                with np.errstate(all="ignore"):
                    try:
                        a[3] = grumpy.asarray(value) if type(a) is grumpy.ndarray and type(value) is np.ndarray else value
                        outcomes.append(np.asarray(a).tolist())
                    except (TypeError, ValueError, OverflowError) as error:
                        outcomes.append(type(error))
            assert str(outcomes[0]) == str(outcomes[1]), (dtype, value)


@pytest.mark.parametrize(("dtype", "value"), [("f4", np.float64(1e300)), ("F", np.float64(1e300)), ("i4", np.array(1e300)),
                                              ("u1", np.float64("nan")), ("e", -2**63), ("e", np.uint64(2**63))])
def test_values_that_do_not_fit_are_told_of(dtype, value):
    told = []
    for a in (np.zeros(3, dtype), grumpy.asarray(np.zeros(3, dtype))):
        with np.errstate(all="warn"), pytest.warns(RuntimeWarning) as record:
            a[1] = value
            np.asarray(a)
        told.append([str(w.message) for w in record])
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="in cast"):
            a[1] = value
    assert told[0] == told[1]


def test_readonly_and_out_of_bounds():
    g = grumpy.asarray(np.arange(3))
    with pytest.raises(IndexError):
        g[3] = 1
    g.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        g[0] = 1
    borrowed = np.arange(3.0)
    shared = grumpy.asarray(borrowed, copy=False)
    shared[1] = 5
    assert borrowed[1] == 5

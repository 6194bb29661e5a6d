"""Write a test body once, run it on NumPy and on grumpy, and compare."""
import functools

import numpy as np

import grumpy
from grumpy._core import to_numpy

BY_CLASS = ("assert_equal", "assert_almost_equal", "assert_approx_equal")  # they ask for numpy.ndarray


def assert_same(got, want, rtol=0.0, atol=0.0):
    """Check that a grumpy result is the NumPy one: shape, dtype and values, NaN equal to NaN.

    Parameters
    ----------
    got : grumpy.ndarray or nested tuples, lists, dicts of them
    want : numpy.ndarray, scalar, or the same nesting of them
    rtol, atol : float
        Tolerances; 0 asks for equal values (signed zeros too).
    """
    if isinstance(want, (tuple, list)):
        assert len(got) == len(want), f"{len(got)} results, expected {len(want)}"
        for g, w in zip(got, want):
            assert_same(g, w, rtol, atol)
        return
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        for key in want:
            assert_same(got[key], want[key], rtol, atol)
        return
    if isinstance(want, (np.ndarray, np.generic)):
        assert isinstance(got, (grumpy.ndarray, np.generic, np.ndarray)), f"got a {type(got).__name__}"
        g = np.asarray(got)
        assert g.dtype == want.dtype, f"dtype {g.dtype}, expected {want.dtype}"
        assert g.shape == want.shape, f"shape {g.shape}, expected {want.shape}"
        if rtol or atol:
            np.testing.assert_allclose(g, want, rtol, atol)
        else:
            np.testing.assert_array_equal(g, want)
            if g.dtype.kind == "f":
                zero = g == 0
                np.testing.assert_array_equal(np.signbit(g[zero]), np.signbit(np.asarray(want)[zero]))
        return
    assert got == want, f"{got!r}, expected {want!r}"


def _wrap(x):
    if isinstance(x, (tuple, list)):
        return type(x)(_wrap(i) for i in x)
    return grumpy.array(x) if isinstance(x, np.ndarray) else x


def _copy(x):
    if isinstance(x, (tuple, list)):
        return type(x)(_copy(i) for i in x)
    return x.copy(order="K") if isinstance(x, np.ndarray) else x


def compare(body, *arguments, rtol=0.0, atol=0.0):
    """Run ``body`` on NumPy and on grumpy arrays and check that the results agree.

    Parameters
    ----------
    body : callable
        Takes the arguments; what it returns is compared, and so are the arguments afterwards.
        When it raises on NumPy it must raise the same class with the same text on grumpy.
    *arguments
        ndarrays are copied for NumPy and wrapped for grumpy, also in tuples and lists.
    """
    plain, wrapped = _copy(arguments), _wrap(arguments)
    try:
        want = body(*plain)
    except Exception as e:
        try:
            np.asarray(body(*wrapped))
        except Exception as f:
            assert type(f) is type(e), f"{f!r}, expected {e!r}"
            assert str(f) == str(e), f"{f}, expected {e}"
            return
        raise AssertionError(f"no error, expected {e!r}") from e
    got = body(*wrapped)
    assert_same(got, want, rtol, atol)
    for w, p in zip(wrapped, plain):
        if isinstance(p, np.ndarray):
            assert_same(w, p, rtol, atol)


def __getattr__(name):
    """The names of numpy.testing, for programs that call grumpy np."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(np.testing, name)
    if name in BY_CLASS:
        def compare(*args, **kwargs):
            __tracebackhide__ = True
            return found(*to_numpy(args), **to_numpy(kwargs))
        return functools.update_wrapper(compare, found)
    return found

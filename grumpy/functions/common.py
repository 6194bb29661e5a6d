"""What several of these files need."""
import functools
import operator

import numpy as np
from numpy._core.umath import _extobj_contextvar

from grumpy._core import Forward

NoValue = np._NoValue


def normal_axis(axis, ndim):
    """A non-negative axis; Forward where NumPy must raise its error."""
    axis = operator.index(axis)
    if not -ndim <= axis < ndim:
        raise Forward("an axis out of bounds")
    return axis % ndim


def normal_axes(axes, ndim):
    """A tuple of distinct non-negative axes; Forward where NumPy must raise its error."""
    axes = tuple(normal_axis(a, ndim) for a in (axes if np.iterable(axes) else (axes,)))
    if len(set(axes)) != len(axes):
        raise Forward("a repeated axis")
    return axes


def only_default(**arguments):
    """Forward unless every argument is None or not given."""
    for name, value in arguments.items():
        if value is not None and value is not NoValue:
            raise Forward(f"{name}=")


with np.errstate(all="ignore"):
    _quiet_state = _extobj_contextvar.get()  # one object: the core knows it again


def silent(function):
    """A function of NumPy's that reports no floating-point errors, whatever it is made of here."""
    @functools.wraps(function)
    def quiet(*args, **kwargs):
        token = _extobj_contextvar.set(_quiet_state)
        try:
            return function(*args, **kwargs)
        finally:
            _extobj_contextvar.reset(token)
    return quiet


def is_inexact(dtype):
    """Floating or complex?"""
    return dtype.kind in "fc"

"""What several of these files need."""
import functools
import operator

import numpy as np

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


def silent(function):
    """A function of NumPy's that reports no floating-point errors, whatever it is made of here."""
    @functools.wraps(function)
    def quiet(*args, **kwargs):
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)
    return quiet


def is_inexact(dtype):
    """Floating or complex?"""
    return dtype.kind in "fc"

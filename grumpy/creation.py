"""Arrays made from nothing: NumPy's creation functions, giving grumpy arrays."""
import inspect

import numpy as np

from grumpy import _core
from grumpy._core import asanyarray

__all__ = ["arange", "asanyarray", "ascontiguousarray", "asfortranarray", "empty", "empty_like",
           "eye", "frombuffer", "fromfunction", "fromiter", "full", "full_like", "geomspace",
           "identity", "indices", "linspace", "logspace", "meshgrid", "ones", "ones_like", "tri",
           "zeros", "zeros_like"]


def ascontiguousarray(a, dtype=None, *, like=None):
    """The input as an array in C order, of at least one axis; as numpy.ascontiguousarray."""
    g = _core.asarray(a, dtype, "C")
    return g if g.ndim else g.reshape(1)


def asfortranarray(a, dtype=None, *, like=None):
    """The input as an array in Fortran order, of at least one axis; as numpy.asfortranarray."""
    g = _core.asarray(a, dtype, "F")
    return g if g.ndim else g.reshape(1)


def empty(shape, dtype=float, order="C", *, device=None, like=None):
    """Uninitialised array; the grumpy form of numpy.empty."""
    check_device(device)
    if order == "F" and not isinstance(shape, int):
        return _core.new_array(tuple(shape)[::-1], dtype).T
    return _core.new_array(shape, dtype)


def full(shape, fill_value, dtype=None, order="C", *, device=None, like=None):
    """Array of one value; the grumpy form of numpy.full."""
    check_device(device)
    value = _core.to_numpy(fill_value)
    if np.ndim(value):
        return _core.asarray(np.full(_core.to_numpy(shape), value, dtype, order))
    if dtype is None:
        dtype = np.asarray(value).dtype
    if order == "F" and not isinstance(shape, int):
        return _core.full_array(tuple(shape)[::-1], dtype, value).T
    return _core.full_array(shape, dtype, value)


def zeros(shape, dtype=float, order="C", *, device=None, like=None):
    """Array of zeros; the grumpy form of numpy.zeros."""
    return full(shape, 0, float if dtype is None else dtype, order, device=device)


def ones(shape, dtype=None, order="C", *, device=None, like=None):
    """Array of ones; the grumpy form of numpy.ones."""
    return full(shape, 1, float if dtype is None else dtype, order, device=device)


def empty_like(prototype, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """Uninitialised array like another; the grumpy form of numpy.empty_like."""
    check_device(device)
    return np.empty_like(_core.asarray(prototype), dtype, order, subok, shape)


def zeros_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """Array of zeros like another; the grumpy form of numpy.zeros_like."""
    check_device(device)
    return np.zeros_like(_core.asarray(a), dtype, order, subok, shape)


def ones_like(a, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """Array of ones like another; the grumpy form of numpy.ones_like."""
    check_device(device)
    return np.ones_like(_core.asarray(a), dtype, order, subok, shape)


def full_like(a, fill_value, dtype=None, order="K", subok=True, shape=None, *, device=None):
    """Array of one value like another; the grumpy form of numpy.full_like."""
    check_device(device)
    return np.full_like(_core.asarray(a), fill_value, dtype, order, subok, shape)


def check_device(device):
    """ValueError unless arrays can be on this device."""
    if device not in (None, "auto", "cpu"):
        raise ValueError(f"device {device!r} is not available")


def _from_numpy(function):
    """NumPy's function, its arrays taken over as grumpy's."""
    def create(*args, device=None, **kwargs):
        check_device(device)
        return _core.wrapped(function(*_core.to_numpy(args), **_core.to_numpy(kwargs)))

    create.__name__ = create.__qualname__ = function.__name__
    create.__module__ = "grumpy"
    try:
        create.__signature__ = _with_device(inspect.signature(function))
    except ValueError:  # NumPy before 2.4 tells none of its builtins'
        pass
    create.__doc__ = (f"The grumpy form of numpy.{function.__name__}: the same arguments, a grumpy "
                      "array.")
    return create


def _with_device(signature):
    """NumPy's signature, and device=."""
    device = inspect.Parameter("device", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters = [p for p in signature.parameters.values() if p.name not in ("device", "like")]
    if parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        parameters.insert(-1, device)
    else:
        parameters.append(device)
    return signature.replace(parameters=parameters)


arange = _from_numpy(np.arange)
eye = _from_numpy(np.eye)
frombuffer = _from_numpy(np.frombuffer)
fromfunction = _from_numpy(np.fromfunction)
fromiter = _from_numpy(np.fromiter)
geomspace = _from_numpy(np.geomspace)
identity = _from_numpy(np.identity)
indices = _from_numpy(np.indices)
linspace = _from_numpy(np.linspace)
logspace = _from_numpy(np.logspace)
meshgrid = _from_numpy(np.meshgrid)
tri = _from_numpy(np.tri)

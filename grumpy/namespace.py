"""NumPy's names in the modules of grumpy: its functions, giving grumpy arrays.

A name that a module of grumpy does not define itself is made from NumPy's at its first use. The
function that stands for it calls NumPy's, which hands calls with grumpy arrays on to grumpy (or takes them
as ndarrays, where it does not), and wraps what comes back; so lists, numbers and ndarrays are taken,
too.
"""
import functools
import importlib
import types

import numpy as np

from grumpy._core import to_numpy, wrapped

UFUNC_METHODS = ("reduce", "accumulate", "reduceat", "outer", "at")
UFUNC_FACTS = ("identity", "nargs", "nin", "nout", "ntypes", "signature", "types")


class IndexTrick:
    """numpy.r_, c_, mgrid or ogrid, giving grumpy arrays."""

    def __init__(self, numpys):
        self._numpys = numpys
        self.__doc__ = numpys.__doc__

    def __getitem__(self, key):
        return wrapped(self._numpys[to_numpy(key)])


class vectorize(np.vectorize):
    """The grumpy form of numpy.vectorize: the same arguments, grumpy arrays as results."""

    def __call__(self, *args, **kwargs):
        return wrapped(super().__call__(*to_numpy(args), **to_numpy(kwargs)))


def _dispatches(function):
    """Does NumPy hand calls of this function with grumpy arrays on to grumpy?"""
    return type(function) is type(np.sum) or isinstance(function, np.ufunc) or isinstance(
        getattr(function, "__self__", None), np.ufunc)


def from_numpy(function, module, name):
    """NumPy's function or ufunc, its results wrapped."""
    if _dispatches(function):
        def call(*args, **kwargs):
            return wrapped(function(*args, **kwargs))
    else:
        def call(*args, **kwargs):
            return wrapped(function(*to_numpy(args), **to_numpy(kwargs)))

    functools.update_wrapper(call, function, ("__doc__",), ())
    call.__module__, call.__name__ = module, name.rsplit(".")[-1]
    call.__qualname__ = name
    if isinstance(function, np.ufunc):
        call.resolve_dtypes = function.resolve_dtypes
        for fact in UFUNC_FACTS:
            setattr(call, fact, getattr(function, fact))
        for method in UFUNC_METHODS:
            setattr(call, method, from_numpy(getattr(function, method), module, f"{name}.{method}"))
    return call


def member(of, module, name):
    """What `name` of NumPy's module `of` is in grumpy's module `module`.

    Raises
    ------
    AttributeError
        Where NumPy has no such name, or it is private.
    """
    found = None if name.startswith("_") else getattr(of, name, None)
    if found is None and (name.startswith("_") or not hasattr(of, name)):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if found is np.vectorize:
        return vectorize
    if any(found is trick for trick in (np.r_, np.c_, np.mgrid, np.ogrid)):
        return IndexTrick(found)
    if isinstance(found, (type, types.ModuleType)) or not callable(found) or found is np.bmat:
        return found  # bmat: it looks at its caller's variables, and gives a matrix
    return from_numpy(found, module, name)


def extend(namespace, of, submodules=()):
    """Gives a module of grumpy the names of NumPy's module `of` that it does not define itself.

    Parameters
    ----------
    namespace : dict
        The globals of the module; `__getattr__`, `__dir__` and a longer `__all__` are put there.
    of : module
    submodules : tuple of str
        Modules of our own that are imported at their first use.
    """
    module = namespace["__name__"]
    made = {}  # NumPy's function: ours

    def get(name):
        if name in submodules:
            try:
                return importlib.import_module(f"{module}.{name}")  # which binds the name
            except ModuleNotFoundError as error:
                raise AttributeError(f"module {module!r} has no attribute {name!r}: {error}") from error
        value = member(of, module, name)
        if type(value) is types.FunctionType:  # one object under all of NumPy's names for it
            value = made.setdefault(getattr(of, name), value)
        namespace[name] = value
        return value

    def names():
        return sorted({*namespace, *of.__all__, *submodules})

    namespace["__all__"] = sorted({*namespace["__all__"], *(n for n in of.__all__ if n[0] != "_")})
    namespace["__getattr__"], namespace["__dir__"] = get, names

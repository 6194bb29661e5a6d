"""Special functions: the ufuncs of scipy.special, giving grumpy arrays; needs SciPy.

Where SCIPY_ARRAY_API is set, scipy.special looks for its functions here before it converts. As there,
results without axes are arrays, which can be written to.
"""
import functools

import numpy as np
from scipy.special import _ufuncs

from grumpy._core import asarray

__all__ = sorted(name for name in _ufuncs.__all__ if isinstance(getattr(_ufuncs, name), np.ufunc))


def _giving_arrays(ufunc, name):
    def call(*args, **kwargs):
        out = ufunc(*args, **kwargs)
        return tuple(map(asarray, out)) if type(out) is tuple else asarray(out)

    functools.update_wrapper(call, ufunc, ("__doc__",), ())
    call.__module__, call.__name__, call.__qualname__ = __name__, name, name
    return call


globals().update({name: _giving_arrays(getattr(_ufuncs, name), name) for name in __all__})

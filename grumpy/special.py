"""Special functions: the ufuncs of scipy.special, giving grumpy arrays; needs SciPy.

Where SCIPY_ARRAY_API is set, scipy.special looks for its functions here before it converts.
"""
import types

import numpy as np
from scipy.special import _ufuncs

from grumpy import namespace

__all__ = []

_found = {name: getattr(_ufuncs, name) for name in _ufuncs.__all__}
_found = {name: ufunc for name, ufunc in _found.items() if isinstance(ufunc, np.ufunc)}
namespace.extend(globals(), types.SimpleNamespace(__all__=list(_found), **_found))

"""grumpy: NumPy programs, recorded, fused and compiled.

``grumpy.asarray(x)`` wraps an array; NumPy's functions, operators and indexing then record what is
to be done, and values are computed when they are read, by kernels fused and compiled for the whole
of what was recorded. The module has NumPy's names (``import grumpy as np``) and those of the array
API standard.
"""
import os as _os

import numpy as _np

from grumpy import _core
from grumpy._core import array, asarray, dispatch_count, evaluate, ndarray
from grumpy import creation, errors, inspect, namespace, standard
from grumpy import functions  # noqa: F401  fills the table of NumPy's functions
from grumpy.creation import *  # noqa: F403
from grumpy.inspect import show
from grumpy.reporting import report
from grumpy.settings import config
from grumpy.standard import *  # noqa: F403
from grumpy import linalg

__version__ = "0.1.0"
__array_api_version__ = "2025.12"
__all__ = ["array", "asarray", "config", "dispatch_count", "errors", "evaluate", "fft", "inspect",
           "linalg", "ndarray", "random", "report", "show", *creation.__all__, *standard.__all__]

_core.set_package_folder(_os.path.dirname(_os.path.abspath(__file__)))
_core.set_error_classes(errors.CompileError, errors.DeviceError, errors.InternalError,
                        errors.ForwardError)
_core.check_settings()
# As in NumPy, what few programs need is not loaded with the rest.
namespace.extend(globals(), _np, submodules=("fft", "random", "special", "testing"))

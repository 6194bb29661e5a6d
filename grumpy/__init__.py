"""grumpy: NumPy programs, recorded, fused and compiled.

``grumpy.asarray(x)`` wraps an array; NumPy's functions, operators and indexing then record what is
to be done, and values are computed when they are read, by kernels fused and compiled for the whole
of what was recorded.
"""
import os as _os

from grumpy import _core
from grumpy._core import array, asarray, dispatch_count, evaluate, ndarray
from grumpy import creation, errors, functions, inspect  # noqa: F401  functions fills the table
from grumpy.creation import *  # noqa: F403
from grumpy.inspect import show
from grumpy.reporting import report
from grumpy.settings import config

__version__ = "0.1.0"
__all__ = ["array", "asarray", "config", "dispatch_count", "errors", "evaluate", "inspect", "ndarray",
           "report", "show", *creation.__all__]

_core.set_package_folder(_os.path.dirname(_os.path.abspath(__file__)))
_core.set_error_classes(errors.CompileError, errors.DeviceError, errors.InternalError,
                        errors.ForwardError)
_core.check_settings()

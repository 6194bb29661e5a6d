"""Exceptions that have no counterpart in NumPy."""


class CompileError(RuntimeError):
    """A kernel could not be compiled."""


class DeviceError(RuntimeError):
    """A device is missing or has failed."""


class InternalError(RuntimeError):
    """A mistake of grumpy's own; its text asks for a report."""


class ForwardError(RuntimeError):
    """A call would be forwarded to NumPy under ``grumpy.config(forward="error")``."""


__all__ = ["CompileError", "DeviceError", "ForwardError", "InternalError"]
for _name in __all__:
    globals()[_name].__module__ = "grumpy.errors"

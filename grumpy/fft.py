"""Fourier transforms: the names of numpy.fft, giving grumpy arrays."""
import numpy as np

from grumpy import namespace
from grumpy._core import wrapped
from grumpy.creation import check_device

__all__ = ["fftfreq", "rfftfreq"]


def fftfreq(n, d=1.0, device=None, *, dtype=None):
    """Frequencies of a transform; the grumpy form of numpy.fft.fftfreq, with a dtype."""
    check_device(device)
    return wrapped(np.fft.fftfreq(n, d).astype(dtype or float, copy=False))


def rfftfreq(n, d=1.0, device=None, *, dtype=None):
    """Frequencies of a real transform; the grumpy form of numpy.fft.rfftfreq, with a dtype."""
    check_device(device)
    return wrapped(np.fft.rfftfreq(n, d).astype(dtype or float, copy=False))


namespace.extend(globals(), np.fft)

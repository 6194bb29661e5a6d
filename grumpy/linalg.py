"""Linear algebra: the names of numpy.linalg, giving grumpy arrays."""
import collections

import numpy as np

from grumpy import namespace
from grumpy._core import asarray

__all__ = ["eig", "eigvals"]

_Eig = collections.namedtuple("EigResult", "eigenvalues eigenvectors")


def _as_complex(x):
    return x.astype(np.result_type(x.dtype, np.complex64), copy=False)


def eig(a):
    """Eigenvalues and eigenvectors, always complex; numpy.linalg.eig gives real ones if all are."""
    return _Eig(*map(_as_complex, np.linalg.eig(asarray(a))))


def eigvals(a):
    """Eigenvalues, always complex; numpy.linalg.eigvals gives real ones if all are."""
    return _as_complex(np.linalg.eigvals(asarray(a)))


namespace.extend(globals(), np.linalg)

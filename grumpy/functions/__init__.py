"""NumPy's functions on grumpy arrays: each turns NumPy's signature into recorded operations.

A function raises Forward for arguments that only NumPy handles; the call is then forwarded and
counted (semantics.md S9), unless NumPy's own code does with recorded operations what is asked (retold).
Functions that are not here are always forwarded.
"""
from grumpy.functions import (  # noqa: F401
    convolution, creation, elementwise, histograms, indexing, joining, linalg, reductions, retold, shaping,
    writing)

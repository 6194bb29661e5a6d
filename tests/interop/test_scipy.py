"""SciPy on wrapped arrays, in a process where its array API support is on."""
import os
import subprocess
import sys

import pytest

pytest.importorskip("scipy")

PROGRAM = """
import numpy as np
import grumpy
from scipy import fft, integrate, ndimage, signal, special, stats

rng = np.random.default_rng(0)
x, y, image = rng.random(50), rng.normal(size=50), rng.normal(size=(16, 16))
for f, *arrays in (
        (special.erf, x), (special.logsumexp, y), (special.xlogy, x, y),
        (stats.skew, y), (stats.zscore, y), (lambda a, b: stats.ttest_ind(a, b).pvalue, x, y),
        (fft.dct, y), (lambda a: fft.fftn(a), image),
        (signal.detrend, y), (signal.convolve, x, y), (signal.hilbert, y),
        (lambda a: ndimage.gaussian_filter(a, 2.0), image), (lambda a: ndimage.label(a > 0)[0], image),
        (integrate.trapezoid, y), (integrate.cumulative_trapezoid, y)):
    got = f(*map(grumpy.asarray, arrays))
    assert type(got) is grumpy.ndarray, (f, type(got))
    np.testing.assert_allclose(np.asarray(got), f(*arrays), rtol=1e-9, atol=1e-12)
"""


def test_functions_stay_wrapped():
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True,
                          env=dict(os.environ, SCIPY_ARRAY_API="1"))
    assert done.returncode == 0, done.stderr

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


SPECIAL = """
import numpy as np
import grumpy
from scipy import special

x = np.linspace(0.1, 0.9, 100)
g = grumpy.asarray(x)
for call in (lambda a: special.erf(a) * 2 + a, lambda a: special.xlogy(a, 2 * a) - 1,
             lambda a: special.betainc(a, 2.0, a) + a):
    np.asarray(call(g))
    grumpy.report().reset()
    lazy = call(g)
    now = grumpy.report()
    assert (now.kernels, now.forwards, now.conversions) == (0, [], []), now
    np.testing.assert_allclose(np.asarray(lazy), call(x), rtol=1e-14)
    assert grumpy.report().kernels == 1, grumpy.report()
assert type(grumpy.special.ndtr([0.5])) is grumpy.ndarray
one = special.erf(g.sum())
one[...] = 5  # not a scalar-like
assert one == 5
assert [type(part) for part in grumpy.special.sici(g)] == [grumpy.ndarray] * 2
"""


def test_special_functions_stay_lazy_and_fuse():
    done = subprocess.run([sys.executable, "-P", "-c", SPECIAL], capture_output=True, text=True,
                          env=dict(os.environ, SCIPY_ARRAY_API="1"))
    assert done.returncode == 0, done.stderr


def test_there_is_no_special_without_scipy():
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import sys; sys.modules['scipy'] = None\n"
         "import grumpy; assert not hasattr(grumpy, 'special')"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

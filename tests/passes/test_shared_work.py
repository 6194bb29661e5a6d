"""What several outputs have in common is computed once; a cube that is only summed is not stored."""
import numpy as np
import pytest

import grumpy


def counted(f):
    before = grumpy.report()
    result = f()
    after = grumpy.report()
    return result, after.kernels - before.kernels, after.bytes_moved - before.bytes_moved


def test_both_prices_come_from_one_kernel():
    rng = np.random.default_rng(0)
    price, strike, t = (grumpy.asarray(rng.uniform(1, 2, 500)) for _ in range(3))

    def cdf(d):
        k = 1.0 / (1.0 + 0.2316419 * np.abs(d))
        poly = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
        w = 1.0 - 0.3989422804014327 * np.exp(-0.5 * d * d) * poly
        return np.where(d < 0, 1.0 - w, w)

    def run():
        root = np.sqrt(t)
        d1 = (np.log(price / strike) + 0.12 * t) / (0.2 * root)
        n1, n2 = cdf(d1), cdf(d1 - 0.2 * root)
        now = strike * np.exp(-0.1 * t)
        both = price * n1 - now * n2, now * (1.0 - n2) - price * (1.0 - n1)
        del root, d1, n1, n2, now
        grumpy.evaluate(*both)
        return both

    _, kernels, moved = counted(run)
    assert kernels == 1
    assert moved < 6 * 500 * 8        # three read, two written, and scalars


@pytest.mark.parametrize("d, k", [(8, 8), (32, 16)])
def test_the_cube_of_distances_is_never_stored(d, k):
    n = 2000
    points = grumpy.asarray(np.random.default_rng(1).normal(size=(n, d)))
    centers = points[:k].copy()
    grumpy.evaluate(points, centers)

    def run():
        diff = points[:, None, :] - centers[None, :, :]
        return np.asarray(np.argmin(np.sum(diff * diff, axis=2), axis=1))

    _, kernels, moved = counted(run)
    assert kernels == 2               # distances, labels
    # Points and centers once; distances written and read; labels. The cube is n * k * d elements.
    assert moved <= 8 * (n * d + k * d + 2 * n * k + n)

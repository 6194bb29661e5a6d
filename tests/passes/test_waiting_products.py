"""Large products that are added up do not all wait in memory for one kernel."""
import numpy as np
import pytest

import grumpy


@pytest.mark.parametrize("n, kernels", [(20, 1), (400, 2)])
def test_sums_of_products(n, kernels):
    a = np.random.default_rng(2).normal(size=(9, n, 3))
    g = grumpy.asarray(a)

    def total(x):
        out = np.zeros_like(x[0, :1, :1])
        for k in range(9):
            out = out + x[k] @ x[k].T
        return out

    got = total(g)
    before = grumpy.report()
    grumpy.evaluate(got)
    after = grumpy.report()
    assert after.library_calls - before.library_calls == 9
    assert after.kernels - before.kernels == kernels
    np.testing.assert_allclose(np.asarray(got), total(a), rtol=1e-12)

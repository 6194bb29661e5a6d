"""Arrays that are asked for after an evaluation has left them are kept by the next one."""
import numpy as np

import grumpy


def counts(function):
    grumpy.report().reset()
    function()
    report = grumpy.report()
    return report.evaluations, report.kernels


def adam(param, grad, m, v):
    m *= 0.9
    m += 0.1 * grad
    v *= 0.999
    v += 0.001 * (grad * grad)
    param -= 0.01 * m / (np.sqrt(v) + 1e-8)
    return param, m, v


def test_an_optimizers_state_is_one_kernel_from_the_second_step_on():
    rng = np.random.default_rng(3)
    plain = [rng.uniform(1, 2, 3001) for _ in range(4)]
    ours = [grumpy.asarray(a) for a in plain]
    steps = []
    for _ in range(6):
        steps.append(counts(lambda: [np.asarray(a) for a in adam(*ours)]))
        adam(*plain)
    assert steps[0][0] == 3 and steps[1:] == [(1, 1)] * 5
    for ours_, plain_ in zip(ours, plain, strict=True):
        np.testing.assert_allclose(ours_, plain_, rtol=1e-12)


def test_what_nobody_asks_for_is_not_kept():
    x = grumpy.asarray(np.linspace(1, 2, 3003))

    def f():
        named = x * 2
        return np.asarray(named + 1)

    moved = []
    for _ in range(4):
        grumpy.report().reset()
        f()
        moved.append(grumpy.report().bytes_moved)
    assert max(moved) < 3 * 8 * 3003


def test_what_is_larger_than_its_operands_is_not_kept():
    """The differences of all pairs, which somebody looks at as well."""
    x = grumpy.asarray(np.linspace(1, 2, 203))
    for _ in range(4):
        pairs = x[:, None] - x[None, :]
        total = pairs.sum(axis=1)
        grumpy.report().reset()
        np.asarray(total)
        assert grumpy.report().bytes_moved < 203 * 203 * 8
        np.asarray(pairs)

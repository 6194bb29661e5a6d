"""Into how few kernels programs fall, what they store, and what they never store."""
import re

import numpy as np
import pytest

import grumpy
from grumpy.inspect import show


def array(*shape):
    return grumpy.asarray(np.random.default_rng(len(shape)).normal(size=shape))


def partitions(*arrays):
    """The text of the partitions alone, and the shapes of what they store or reduce to."""
    text = show(*arrays, "partitions")
    shapes = dict(re.findall(r"^(%\d+) \S+ [a-z]+\d*(\[.*?\])", text, re.M))
    shapes |= dict(re.findall(r"^(%\d+) .*? [a-z]\d+(\[.*?\])", text, re.M))
    kept = re.findall(r"^  (?:stores|updates|reductions) (.*)$", text, re.M)
    stored = {shapes[name] for names in kept for name in names.split()}
    return text, stored


def kernels(*arrays):
    """How many kernels run for these arrays, and what they move at least."""
    grumpy.report().reset()
    grumpy.evaluate(*arrays)
    report = grumpy.report()
    assert report.evaluations == 1 and not report.forwards
    return report.kernels, report.library_calls, report.bytes_moved


def count(text):
    return len(re.findall(r"^partition \d+", text, re.M))


# ---- the paper's listings, whose graphs are its Figures 1 and 2

def listing_1(x, y):
    return x * x + 2 * x * y + y * y


def listing_2(x, w1, b1, w2, b2):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))
    return sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2)


def test_figure_1(golden):
    y = listing_1(array(4, 3), array(4, 3))
    golden(show(y, "partitions"), "figure_1")
    assert kernels(y)[:2] == (1, 0)


def test_figure_2(golden):
    y = listing_2(array(5, 4), array(4, 3), array(3), array(3, 2), array(2))
    golden(show(y, "partitions"), "figure_2")
    # Each dense layer: a product, then one kernel for the bias and the sigmoid.
    assert kernels(y)[:2] == (2, 2)


# ---- chains that must stay few

def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def layer_norm(x):
    mean = x.mean(axis=1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5)


@pytest.mark.parametrize("f, most", [(softmax, 3), (layer_norm, 3), (lambda x: x.var(axis=1), 1),
                                     (lambda x: x.std(), 1)])
def test_few_passes_over_the_data(f, most):
    """Beside kernels over rows or single numbers, which cost next to nothing."""
    y = f(array(40, 30))
    assert len(re.findall(r"^partition \d+: .* over \(40,30\)", partitions(y)[0], re.M)) <= most
    assert kernels(y)[0] <= 2 * most


def test_reductions_over_the_same_data_share_a_kernel():
    x = array(40, 30)
    assert kernels(*[(x * x).sum(axis=1), x.max(axis=1), (x + 1).min(axis=1)])[0] == 1


def test_one_kernel_has_several_outputs():
    """Adam: three arrays in one pass over memory."""
    w, g, m, v = (abs(array(1000)) for _ in range(4))
    grumpy.evaluate(w, g, m, v)
    m2 = 0.9 * m + 0.1 * g
    v2 = 0.999 * v + 0.001 * g * g
    w2 = w - 0.01 * (m2 / 0.1) / (np.sqrt(v2 / 0.001) + 1e-8)
    text, _ = partitions(w2, m2, v2)
    assert count(text) == 1
    ran = kernels(w2, m2, v2)
    assert ran[:2] == (1, 0)
    assert 0 <= ran[2] - 7 * 8 * 1000 < 200  # and the scalars


def test_the_cube_of_kmeans_is_never_stored():
    n, k, d = 500, 7, 3
    x, centres = array(n, d), array(k, d)
    difference = x[:, None, :] - centres[None]  # named, so alive: still not stored
    labels = (difference**2).sum(axis=2).argmin(axis=1)
    _, stored = partitions(labels)
    assert f"[{n},{k},{d}]" not in stored
    _, _, nbytes = kernels(labels)
    assert nbytes < n * k * d * 8
    assert grumpy._core.is_pending(difference)
    want = ((np.asarray(x)[:, None, :] - np.asarray(centres)[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (np.asarray(labels) == want).all()


def test_a_shared_node_is_computed_once():
    x = array(100)
    shared = np.exp(np.sin(x))
    a, b = shared.sum(), shared.max()
    assert kernels(a, b)[0] == 1


def test_fusion_does_not_cross_a_write_it_would_change():
    x = grumpy.array(np.arange(10.0))
    before = x * 2
    x[2:5] = -1
    after = x * 2
    assert (np.asarray(before) == np.arange(10.0) * 2).all()
    assert np.asarray(after)[2:5].tolist() == [-2.0] * 3


def test_dead_intermediates_are_not_stored():
    x = array(1000)
    y = np.tanh(np.sqrt(x * x + 1) - x)
    ran = kernels(y)
    assert ran[:2] == (1, 0)
    assert 0 <= ran[2] - 2 * 8 * 1000 < 100  # and the scalars

"""The workloads that the measuring scripts share: ordinary NumPy functions, their data and sizes.

They are the rows of docs/performance.md. Where a program of bench/ does the same it is used as it
is. A workload's data are made for one size; `small` is a size at which only correctness shows.
"""
import dataclasses
import functools
from collections.abc import Callable

import numpy as np
from black_scholes import black_scholes, black_scholes_polynomial
from char_rnn import gradients
from elementwise import binomial, sine_of_angle
from harness import Case
from jacobi import jacobi, neighbours
from kmeans import nearest


@dataclasses.dataclass(frozen=True)
class Workload:
    """One function, how its arguments are made, and the sizes at which it is measured."""

    name: str
    group: str  # W1 to W19
    run: Callable
    make: Callable  # make(**size) -> the arguments
    sizes: tuple  # of dict; the last one is the largest
    small: dict
    first: int = 0  # index of the size at which first calls are measured: some milliseconds
    mutates: bool = False
    rtol: float = 1e-9
    flips: float = 0.0

    def case(self, size):
        """The workload at one size as a program of the harness."""
        return Case(self.name, lambda small: self.make(**size), self.run, label(size),
                    mutates=self.mutates, rtol=self.rtol, flips=self.flips)


def label(size):
    """A size in words: powers of two and of ten as such."""
    def short(value):
        if isinstance(value, int) and value >= 1024 and value & (value - 1) == 0:
            return f"2^{value.bit_length() - 1}"
        if isinstance(value, int) and value >= 10_000 and set(str(value)[1:]) == {"0"}:
            return f"{value:.0e}".replace("e+0", "e")
        return str(value)

    return ", ".join(f"{key}={short(value)}" for key, value in size.items())


# --- The functions ------------------------------------------------------------------------------


def kmeans_gather(points, centroids):
    """One step of Lloyd's algorithm: the mean of the rows that a mask selects."""
    labels = nearest(points, centroids)
    moved = np.empty_like(centroids)
    for k in range(centroids.shape[0]):
        moved[k] = np.mean(points[labels == k], axis=0)
    return moved, labels


def kmeans_where(points, centroids):
    """The same step with shapes that do not depend on the data."""
    labels = nearest(points, centroids)
    moved = []
    for k in range(centroids.shape[0]):
        mine = labels == k
        moved.append(np.sum(np.where(mine[:, None], points, 0.0), axis=0) / np.sum(mine))
    return np.stack(moved), labels


def jacobi_until(grid, iterations):
    """Jacobi iteration that looks after each sweep at how much it has changed."""
    center, north, east, west, south = neighbours(grid)
    for _ in range(iterations):
        swept = 0.2 * (center + north + east + west + south)
        delta = np.sum(np.abs(swept - center))
        center[:] = swept
        if delta < 1e-300:
            break
    return grid, delta


def rnn_step(inputs, targets, wxh, whh, why, bh, by, h, rate):
    """One training step of the character network: forwards, backwards, weights moved."""
    weights = (wxh, whh, why, bh, by)
    loss, grads, _ = gradients(inputs, targets, weights, h)
    return [loss] + [w - rate * np.clip(g, -5.0, 5.0) for w, g in zip(weights, grads)]


def sigmoid_layer(w, a, b):
    """A dense layer: a matrix times a rectified vector, and the logistic function."""
    return 1.0 / (1.0 + np.exp(-(np.transpose(w).dot(np.maximum(a, 0)) + b)))


def sgd_update(param, grad):
    """A step of gradient descent in place."""
    param -= grad
    return param


def adam_update(param, grad, m, v):
    """A step of Adam in place, in the form that keeps running means."""
    m += (1 - 0.9) * (grad - m)
    v += (1 - 0.999) * (grad * grad - v)
    param -= 0.001 * m / (np.sqrt(v) + 1e-8)
    return param, m, v


def relu(x):
    return np.fmax(x, 0)


def tanh_relu(x):
    return np.tanh(np.fmax(x, 0))


def angle_in_place(x, y):
    """y / sqrt(x**2 + y**2) with two temporaries that are used again and again."""
    r = x * x
    square = np.multiply(y, y)
    np.add(r, square, out=r)
    np.sqrt(r, out=r)
    np.divide(y, r, out=r)
    return r


def angle_blocked(x, y, block=4096):
    """y / sqrt(x**2 + y**2), a piece at a time, so that temporaries stay in the cache."""
    out = np.empty_like(x)
    for start in range(0, x.shape[0], block):
        piece = slice(start, start + block)
        out[piece] = y[piece] / np.sqrt(x[piece]**2 + y[piece]**2)
    return out


def angle_blocked_in_place(x, y, block=4096):
    """Pieces that stay in the cache, computed in the result itself and one small temporary."""
    out, scratch = np.empty_like(x), np.empty_like(x[:block])
    for start in range(0, x.shape[0], block):
        a, b, r = x[start:start + block], y[start:start + block], out[start:start + block]
        s = scratch[:r.shape[0]]
        np.multiply(a, a, out=s)
        np.multiply(b, b, out=r)
        np.add(r, s, out=r)
        np.sqrt(r, out=r)
        np.divide(b, r, out=r)
    return out


def add(a, b):
    return a + b


def reduction(name, axis=None):
    """np.sum, np.mean, ... of one array over an axis."""
    def reduce(x):
        return getattr(np, name)(x, axis=axis)

    return reduce


def sum_squared_difference(x, y):
    return np.sum((x - y)**2)


def cumsum(axis=None):
    return lambda x: np.cumsum(x, axis=axis)


def cumsum_expression(x, y):
    return np.cumsum(x * y - 0.5 * x)


def twenty_operations(x, y):
    """Twenty operations, each of whose results is needed."""
    total, difference = x + y, x - y
    product = total * difference
    quotient = product / total
    grown = (quotient + x) * 2.0 - 1.0
    root = np.sqrt(grown * grown + y) + product
    mixed = (root * total - quotient) / 3.0 + x
    return (np.abs(mixed) + 1.0) * y - x + 0.5


def matmul(a, b):
    return a @ b


def gram(a, b):
    return a.T @ b


def dense(x, w):
    return np.tanh(x @ w + 1.0)


# --- Their data ---------------------------------------------------------------------------------


def rng():
    return np.random.default_rng(20)


def options(n):
    r = rng()
    return r.uniform(10, 50, n), r.uniform(10, 50, n), r.uniform(1, 2, n), 0.1, 0.2


def clusters(n, d, k):
    r = rng()
    centers = r.normal(0, 4, (k, d))
    points = centers[r.integers(0, k, n)] + r.normal(0, 1, (n, d))
    return points, centers + r.normal(0, 0.5, (k, d))


def grid(n, iterations):
    return rng().uniform(0, 1, (n, n)), iterations


def network(hidden, batch, steps, symbols=64):
    r = rng()

    def weights(*shape):
        return r.normal(0, 0.05, shape)

    one_hot = np.eye(symbols)[r.integers(0, symbols, (2, steps, batch))]
    return (one_hot[0], one_hot[1], weights(symbols, hidden), weights(hidden, hidden),
            weights(hidden, symbols), weights(hidden), weights(symbols),
            np.zeros((batch, hidden)), 0.1)


def layer(rows, cols):
    return floats(rows, cols), floats(rows), floats(cols)


def floats(*shape, scale=0.1):
    return (scale * rng().standard_normal(shape)).astype(np.float32)


def matrices(n, dtype="f8"):
    r = rng()
    return r.normal(size=(n, n)).astype(dtype), r.normal(size=(n, n)).astype(dtype)


def optimiser(n, count):
    return (floats(n, scale=1.0), floats(n, scale=0.01),
            *(np.abs(floats(n, scale=0.01)) for _ in range(count - 2)))


def uniform_pair(n):
    r = rng()
    return r.uniform(0.5, 1.5, n), r.uniform(1.0, 2.0, n)


def vector(n):
    return (rng().normal(1.0, 1.0, n),)


def matrix(n):
    return (rng().normal(1.0, 1.0, (n, n)),)


def tall(n, k):
    r = rng()
    return r.normal(size=(n, k)), r.normal(size=(n, k))


def over(key, *values):
    return tuple({key: value} for value in values)


# --- The table ----------------------------------------------------------------------------------

PRICES = over("n", 2**10, 2**16, 2**20, 2**24)
POINTS = tuple(dict(n=100_000, d=d, k=k) for d, k in ((8, 8), (16, 16), (32, 16)))
FEW = dict(n=500, d=3, k=4)
WEIGHTS = over("n", 64, 1728, 2**12, 2**18, 2**24)
ANGLES = over("n", 10**3, 10**4, 10**5, 10**6, 10**7)
SQUARE, LONG = over("n", 4096), over("n", 10**7)
SOME = dict(n=100)


def reductions():
    for name, axis, where in [
            ("sum", None, "1d"), ("sum", None, "2d"), ("sum", 0, "axis 0"), ("sum", 1, "axis 1"),
            ("mean", 0, "axis 0"), ("std", None, "1d"), ("std", None, "2d"),
            ("var", 0, "axis 0"), ("var", 1, "axis 1"), ("max", 1, "axis 1")]:
        sizes = SQUARE if where != "1d" else over("n", 1000, 10**7) if name == "sum" else LONG
        yield Workload(f"{name} {where}", "W11", reduction(name, axis),
                       vector if where == "1d" else matrix, sizes, SOME, first=len(sizes) - 1)


WORKLOADS = {w.name: w for w in [
    Workload("black-scholes", "W1", black_scholes, options, PRICES, SOME, first=1),
    Workload("black-scholes polynomial", "W1", black_scholes_polynomial, options, PRICES, SOME,
             first=1),
    Workload("k-means gather", "W2", kmeans_gather, clusters, POINTS, FEW, flips=1e-4),
    Workload("k-means where", "W2", kmeans_where, clusters, POINTS, FEW, flips=1e-4),
    Workload("jacobi", "W3", jacobi, grid,
             (dict(n=1000, iterations=100), dict(n=2000, iterations=20),
              dict(n=4000, iterations=10)), dict(n=30, iterations=4), mutates=True),
    Workload("jacobi delta", "W3", jacobi_until, grid,
             (dict(n=1000, iterations=100), dict(n=4000, iterations=10)),
             dict(n=30, iterations=4), mutates=True),
    Workload("rnn step", "W4", rnn_step, network,
             (dict(hidden=128, batch=32, steps=16), dict(hidden=512, batch=32, steps=16),
              dict(hidden=1024, batch=64, steps=16)), dict(hidden=8, batch=4, steps=3),
             rtol=1e-7),
    Workload("sigmoid layer", "W5", sigmoid_layer, layer,
             (dict(rows=200, cols=10), dict(rows=2000, cols=1000), dict(rows=16384, cols=4096)),
             dict(rows=20, cols=10), first=1, rtol=1e-4),
    Workload("binomial row", "W6", binomial, lambda n: (rng().normal(size=(n, n)), vector(n)[0]),
             over("n", 1024, 4096), SOME),
    Workload("binomial outer", "W6", binomial,
             lambda n: (rng().normal(size=(n, 1)), rng().normal(size=(1, n))),
             over("n", 64, 4096), SOME, first=1),
    Workload("binomial int32", "W6", binomial,
             lambda n: (rng().integers(-100, 100, n).astype(np.int32), np.array([20], np.int32)),
             over("n", 2, 10**6, 2 * 10**7), SOME, first=1),
    Workload("sgd", "W7", sgd_update, functools.partial(optimiser, count=2), WEIGHTS, SOME,
             first=3, mutates=True, rtol=1e-5),
    Workload("adam", "W7", adam_update, functools.partial(optimiser, count=4), WEIGHTS, SOME,
             first=3, mutates=True, rtol=1e-5),
    Workload("relu", "W8", relu, lambda n: (floats(n, scale=1.0),), WEIGHTS, SOME, first=3),
    Workload("tanh relu", "W8", tanh_relu, lambda n: (floats(n, scale=1.0),), WEIGHTS, SOME,
             first=3, rtol=1e-6),
    Workload("angle", "W9", sine_of_angle, uniform_pair, ANGLES, SOME, first=3),
    Workload("angle in place", "W9", angle_in_place, uniform_pair, ANGLES[-2:], SOME),
    Workload("angle blocked", "W9", angle_blocked, uniform_pair, ANGLES[-2:], dict(n=10_000)),
    Workload("angle blocked in place", "W9", angle_blocked_in_place, uniform_pair, ANGLES[-2:],
             dict(n=10_000)),
    Workload("add", "W10", add, uniform_pair, over("n", 10, 100, 1000, 10**5, 10**7), SOME,
             first=3),
    *reductions(),
    Workload("sum squared difference", "W11", sum_squared_difference, uniform_pair,
             over("n", 10**4, 10**7), SOME, first=1),
    Workload("cumsum 1d", "W12", cumsum(), vector, LONG, SOME),
    Workload("cumsum axis 0", "W12", cumsum(0), matrix, SQUARE, SOME),
    Workload("cumsum axis 1", "W12", cumsum(1), matrix, SQUARE, SOME),
    Workload("cumsum expression", "W12", cumsum_expression, uniform_pair, LONG, SOME),
    Workload("twenty operations", "W17", twenty_operations, uniform_pair,
             over("n", 10, 100, 1000), SOME),
    Workload("matmul", "W19", matmul, matrices,
             (dict(n=1024, dtype="f8"), dict(n=4096, dtype="f4")), SOME, rtol=1e-4),
    Workload("gemv", "W19", matmul, lambda n: (rng().normal(size=(n, n)), vector(n)[0]), SQUARE,
             SOME),
    Workload("gram", "W19", gram, tall, (dict(n=100_000, k=32),), dict(n=100, k=4)),
    Workload("dense layer", "W19", dense, matrices, over("n", 1024), SOME, rtol=1e-7),
]}


def choose(names):
    """The workloads whose name or group is in a comma-separated text; all without one."""
    if not names:
        return list(WORKLOADS.values())
    wanted = [name.strip() for name in names.split(",")]
    found = [w for w in WORKLOADS.values() if w.name in wanted or w.group in wanted]
    unknown = set(wanted) - {w.name for w in found} - {w.group for w in found}
    if unknown:
        raise SystemExit(f"no workload {', '.join(sorted(unknown))}; there are "
                         f"{', '.join(WORKLOADS)}")
    return found

"""What training does to weights and activations: SGD, Adam, ReLU and tanh, in float32."""
import numpy as np
from harness import Case


def sgd(weights, gradient):
    weights -= 0.01 * gradient
    return weights


def adam(weights, gradient, m, v):
    m[:] = 0.9 * m + 0.1 * gradient
    v[:] = 0.999 * v + 0.001 * gradient * gradient
    weights -= 0.001 * (m / (1 - 0.9**10)) / (np.sqrt(v / (1 - 0.999**10)) + 1e-8)
    return weights, m, v


def relu_tanh(x):
    return np.tanh(np.maximum(x, 0))


def numbers(count, small):
    """`count` float32 arrays; the second and the last are small and positive, as moments are."""
    rng = np.random.default_rng(7)
    n = 4096 if small else 2**24
    arrays = [rng.standard_normal(n, np.float32) for _ in range(count)]
    return (*arrays[:1], *(np.abs(a) * np.float32(0.01) for a in arrays[1:]))


CASES = [
    Case("SGD update", lambda small: numbers(2, small), sgd, "2^24 float32", mutates=True,
         rtol=1e-6),
    Case("Adam update", lambda small: numbers(4, small), adam, "2^24 float32", mutates=True,
         rtol=1e-6),
    Case("ReLU and tanh", lambda small: numbers(1, small), relu_tanh, "2^24 float32", rtol=1e-6),
]

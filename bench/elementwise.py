"""Listing 1 and one long formula: element by element, and nothing else."""
import numpy as np
from harness import Case


def binomial(x, y):
    """Listing 1."""
    return x * x + 2 * x * y + y * y


def sine_of_angle(x, y):
    return y / np.sqrt(x**2 + y**2)


def matrix_and_row(small):
    rng = np.random.default_rng(1)
    n = 128 if small else 4096
    return rng.normal(size=(n, n)), rng.normal(size=n)


def two_vectors(small):
    rng = np.random.default_rng(2)
    n = 10_000 if small else 10_000_000
    return rng.normal(size=n), rng.normal(size=n)


CASES = [
    Case("Listing 1: x*x + 2*x*y + y*y", matrix_and_row, binomial, "4096² and a row"),
    Case("y / sqrt(x**2 + y**2)", two_vectors, sine_of_angle, "10^7"),
]

"""The Mandelbrot set in complex numbers, with the points that have escaped masked out."""
import numpy as np
from harness import Case, plot


def mandelbrot(z, c, counts, iterations):
    """How long each point stays, all points computed and the escaped ones kept as they are."""
    for _ in range(iterations):
        stays = z.real * z.real + z.imag * z.imag <= 4.0
        z = np.where(stays, z * z + c, z)
        counts = counts + stays
    return counts


def mandelbrot_gathered(z, c, counts, iterations):
    """The same, computing only the points that have not escaped yet."""
    for _ in range(iterations):
        stays = np.abs(z) <= 2.0
        z[stays] = z[stays] * z[stays] + c[stays]
        counts[stays] += 1
    return counts


def plane(small):
    columns, rows = (60, 40) if small else (900, 600)
    c = np.linspace(-2.1, 0.9, columns) + 1j * np.linspace(-1.0, 1.0, rows)[:, None]
    return np.zeros_like(c), c, np.zeros(c.shape, np.int64), 20 if small else 80


def show(results, arguments):
    def draw(axes):
        axes.imshow(np.log1p(results[0]), cmap="twilight_shifted")
        axes.set_axis_off()

    return [plot(draw, "The Mandelbrot set", (6.0, 4.0))]


CASES = [
    Case("Mandelbrot, where", plane, mandelbrot, "900 x 600 complex, 80 steps", flips=1e-3,
         show=show),
    Case("Mandelbrot, mask", plane, mandelbrot_gathered, "900 x 600 complex, 80 steps",
         mutates=True, flips=1e-3),
]

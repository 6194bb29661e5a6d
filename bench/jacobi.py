"""Jacobi iteration in place on slices: heat on a plate, and a damaged photograph filled in."""
import numpy as np
from harness import Case, picture, plot
from photographs import photograph


def neighbours(grid):
    """Five views of one grid: its inside, and the inside moved by one in each direction."""
    center = grid[1:-1, 1:-1]
    north = grid[0:-2, 1:-1]
    east = grid[1:-1, 2:]
    west = grid[1:-1, 0:-2]
    south = grid[2:, 1:-1]
    return center, north, east, west, south


def jacobi(grid, iterations):
    """Replace every inner point by the mean of itself and its neighbours."""
    center, north, east, west, south = neighbours(grid)
    for _ in range(iterations):
        center[:] = 0.2 * (center + north + east + west + south)
    return grid


def inpaint(image, damaged, iterations):
    """Let the surroundings flow into the damaged pixels; the others stay as they are."""
    center, north, east, west, south = neighbours(image)
    holes = damaged[1:-1, 1:-1]
    for _ in range(iterations):
        center[:] = np.where(holes, 0.2 * (center + north + east + west + south), center)
    return image


def plate(small):
    """A plate with one hot edge and some warm spots."""
    n = 100 if small else 1000
    grid = np.zeros((n, n))
    grid[0] = 1.0
    rng = np.random.default_rng(6)
    for row, column in rng.integers(n // 10, n - n // 10, (12, 2)):
        grid[row - n // 30:row + n // 30, column - n // 30:column + n // 30] = rng.uniform(0.5, 1)
    return grid, 20 if small else 100


def damage(shape):
    """Where the photograph is scratched and stained: bool, (rows, columns, 1)."""
    rng = np.random.default_rng(11)
    rows, columns = np.ogrid[:shape[0], :shape[1]]
    damaged = np.zeros(shape[:2], bool)
    for _ in range(30):  # scratches: the pixels near a line through a random point
        row, column, angle = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(0, 3.2)
        across = (rows - row) * np.cos(angle) - (columns - column) * np.sin(angle)
        along = (rows - row) * np.sin(angle) + (columns - column) * np.cos(angle)
        damaged |= (np.abs(across) < 1.5) & (np.abs(along) < shape[1] / 5)
    for _ in range(25):  # stains
        row, column = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        damaged |= (rows - row) ** 2 + (columns - column) ** 2 < rng.uniform(3, 9) ** 2
    return damaged[:, :, None]


def damaged_photograph(small):
    image = photograph("flower.jpg", small)
    damaged = damage(image.shape)
    return np.where(damaged, 1.0, image), damaged, 30 if small else 300


def show_plate(results, arguments):
    def draw(axes):
        axes.figure.colorbar(axes.imshow(results[0], cmap="inferno"), label="temperature")

    return [plot(draw, "A plate with a hot edge after 100 Jacobi iterations", (5.0, 4.0))]


def show_inpainted(results, arguments):
    filled = results[0]
    original = photograph("flower.jpg", small=filled.shape[0] < 100)
    before = damaged_photograph(small=filled.shape[0] < 100)[0]

    def decibels(image):
        return 10 * np.log10(1 / np.mean((image - original) ** 2))

    return [picture(before, f"flower.jpg damaged: {decibels(before):.1f} dB from the original"),
            picture(filled, f"filled in by the stencil: {decibels(filled):.1f} dB")]


CASES = [
    Case("Jacobi", plate, jacobi, "1000² grid, 100 steps", mutates=True, show=show_plate),
    Case("In-painting, flower.jpg", damaged_photograph, inpaint, "427 x 640 x 3, 300 steps",
         mutates=True, show=show_inpainted),
]

"""Stars that attract each other, all pairs, by the leapfrog method."""
import numpy as np
from harness import Case, plot


def accelerations(position, mass, softening):
    """What every star feels from all the others; (stars, 3)."""
    diff = position[None, :, :] - position[:, None, :]
    distance2 = np.sum(diff * diff, axis=2) + softening * softening
    pull = mass / (distance2 * np.sqrt(distance2))
    return np.sum(diff * pull[:, :, None], axis=1)


def nbody(position, velocity, mass, steps, dt, softening):
    """Move the stars; positions and velocities at the end."""
    acceleration = accelerations(position, mass, softening)
    for _ in range(steps):
        velocity = velocity + 0.5 * dt * acceleration
        position = position + dt * velocity
        acceleration = accelerations(position, mass, softening)
        velocity = velocity + 0.5 * dt * acceleration
    return position, velocity


def galaxy(small):
    """A disc of stars around a heavy middle, nearly on circles."""
    rng = np.random.default_rng(1687)
    n = 64 if small else 1024
    radius = np.sqrt(rng.uniform(0.05, 1.0, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    mass = np.full(n, 0.2 / n)
    position = np.stack([radius * np.cos(angle), radius * np.sin(angle),
                         rng.normal(0, 0.02, n)], axis=1)
    speed = np.sqrt((1.0 + 0.2 * radius**2) / radius)
    velocity = np.stack([-speed * np.sin(angle), speed * np.cos(angle), np.zeros(n)], axis=1)
    position[0], velocity[0], mass[0] = 0.0, 0.0, 1.0
    return position, velocity, mass, 2 if small else 20, 0.02, 0.05


def show(results, arguments):
    start, end = np.asarray(arguments[0]), results[0]

    def draw(axes):
        axes.scatter(start[:, 0], start[:, 1], s=2, c="lightgray", label="start")
        axes.scatter(end[:, 0], end[:, 1], s=2, label="end")
        axes.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.2, 1.2))
        axes.legend(markerscale=4)

    return [plot(draw, f"{len(end)} stars after {arguments[3]} steps", (5.0, 4.0))]


CASES = [
    Case("n-body", galaxy, nbody, "1,024 stars, 20 steps", rtol=1e-10, show=show),
]

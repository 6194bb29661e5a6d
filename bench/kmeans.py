"""Lloyd's k-means on the pixels of a photograph: the picture in a few colours."""
import functools

import numpy as np
from harness import Case, picture
from photographs import photograph


def nearest(points, centroids):
    """The number of the centroid that is nearest to each point."""
    diff = points[:, None, :] - centroids[None, :, :]
    return np.argmin(np.sum(diff * diff, axis=2), axis=1)


def kmeans(points, centroids, iterations):
    """Move the centroids to the means of their points, again and again."""
    for _ in range(iterations):
        labels = nearest(points, centroids)
        new = np.empty_like(centroids)
        for k in range(centroids.shape[0]):
            members = points[labels == k]
            new[k] = np.mean(members, axis=0) if len(members) else centroids[k]
        centroids = new
    return centroids, labels


def quantise(name, colours, small):
    """The pixels of a photograph, and pixels spread over its brightness to begin with."""
    points = photograph(name, small).reshape(-1, 3)
    order = np.argsort(points.sum(axis=1), kind="stable")
    start = order[np.linspace(0, len(order) - 1, colours).astype(int)]
    return points, points[start], 3 if small else 10


def show(name, results, arguments):
    centroids, labels = results
    shape = (427, 640, 3) if len(labels) == 427 * 640 else (54, 80, 3)
    return [picture(np.asarray(arguments[0]).reshape(shape), f"{name}, as it was"),
            picture(centroids[labels].reshape(shape),
                    f"{name} in {len(centroids)} colours, by k-means")]


def case(name, colours):
    return Case(f"k-means, {name}", functools.partial(quantise, name, colours), kmeans,
                f"273,280 pixels, {colours} colours, 10 steps", rtol=1e-9, flips=1e-4,
                show=functools.partial(show, name))


CASES = [case("china.jpg", 16), case("flower.jpg", 8)]

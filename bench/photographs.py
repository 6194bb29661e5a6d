"""The two photographs that scikit-learn ships, as arrays with values from 0 to 1."""
import pathlib

import numpy as np


def photograph(name, small=False):
    """china.jpg or flower.jpg, (427, 640, 3) float64; small takes every eighth pixel."""
    import sklearn
    from PIL import Image

    path = pathlib.Path(sklearn.__file__).parent / "datasets" / "images" / name
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), np.float64) / 255.0
    return np.ascontiguousarray(pixels[::8, ::8] if small else pixels)

"""Small pictures by class: bars that lie at another height in each class, each picture with noise of its own."""

import numpy as np
from PIL import Image


def write_pictures(folder, classes, count, side=32, colour=False, first=0):
    """PNGs `folder`/CLASS/0.png and so on, `count` of each class; their noise follows from `first`."""
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            random = np.random.default_rng([place, first + number])
            pixels = random.integers(0, 60, (side, side, 3) if colour else (side, side))
            top = 4 + 2 * place
            pixels[top : top + 4, 6:-6] += 180
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{number}.png")

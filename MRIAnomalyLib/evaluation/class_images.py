"""Small pictures by class, as MNIST and CIFAR-10 come in folders: train/CLASS/*.png and test/CLASS/*.png (or .jpg)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..records import Array, SliceStack

SIZE_PX = 32  # pixels per side; smaller pictures get a dark rim
ENDINGS = (".png", ".jpg")
HELD_OUT = 0.1  # share of the training pictures that nothing is learned from, for the choice of settings
DARK = 0.05  # brightness up to which a pixel is background


@dataclass(frozen=True, eq=False)
class ClassImages:
    """Pictures and what each shows."""

    pixels: Array  # (N, C, SIZE_PX, SIZE_PX) uint8
    label: Array  # (N,) int, place of the class in the list of names

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Array) -> ClassImages:
        """The pictures at these rows."""
        return ClassImages(self.pixels[rows], self.label[rows])

    def stack(self, colour: bool) -> SliceStack:
        """As detectors take slices: brightness 0 to 1, every pixel in the mask, each picture a subject; in colour (N, 3, H, W) or not."""
        pixels = self.pixels.astype(np.float32) / 255
        if not colour:
            pixels = pixels.mean(1, keepdims=True)
        count, _, *sides = pixels.shape
        return SliceStack(pixels, np.ones((count, 1, *sides), bool), np.zeros(count, int), np.arange(count))


def read_images(folder: Path, classes: Sequence[str], most: int | None = None) -> ClassImages:
    """The pictures of all classes.

    Args:
        folder: with one folder a class.
        classes: their names.
        most: of each class; all without it.

    Raises:
        InputError: a class has no pictures, or one cannot be read or is larger than SIZE_PX pixels a side.
    """
    found, label = [], []
    for place, name in enumerate(classes):
        pictures = (path for path in (folder / name).glob("*") if path.suffix.lower() in ENDINGS)
        paths = sorted(pictures, key=lambda path: path.name)[:most]  # by name: thousands of paths compare slowly
        if not paths:
            raise InputError(f"{folder / name} holds no pictures (.png or .jpg): name the folder with train/{name} and test/{name} in it.")
        found += [_read(path) for path in paths]
        label += [place] * len(paths)
    if len({one.shape for one in found}) > 1:
        raise InputError(f"{folder} holds both grey and coloured pictures: all must be of one kind.")
    return ClassImages(np.stack(found), np.array(label))


def hold_out(images: ClassImages, seed: int = 0) -> tuple[ClassImages, ClassImages]:
    """What to learn from, and HELD_OUT of each class besides, drawn by this seed."""
    random, held = np.random.default_rng(seed), np.zeros(len(images), bool)
    for one in np.unique(images.label):
        rows = np.flatnonzero(images.label == one)
        held[random.permutation(rows)[: round(HELD_OUT * len(rows))]] = True
    return images.take(~held), images.take(held)


def trivial_scores(images: ClassImages) -> dict[str, Array]:
    """Scores (N,) of each picture that know nothing of what it shows, by name; where one of them tells classes apart, little is learned."""
    grey = images.stack(colour=False).pixels[:, 0]
    rows, columns = np.gradient(grey, axis=(1, 2))
    values = {"mean intensity": grey, "gradient energy": rows**2 + columns**2, "background share": grey <= DARK}
    return {name: value.mean((1, 2)) for name, value in values.items()} | {"spread of intensity": grey.std((1, 2))}


def _read(path: Path) -> Array:
    """(C, SIZE_PX, SIZE_PX) uint8, in the middle of a dark square."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a picture: take it out of the folder, or get the set again.") from error
    pixels = np.atleast_3d(pixels).transpose(2, 0, 1)
    missing = [SIZE_PX - side for side in pixels.shape[1:]]
    if min(missing) < 0:
        raise InputError(f"{path} is {pixels.shape[2]} by {pixels.shape[1]} pixels; at most {SIZE_PX} by {SIZE_PX} were expected.")
    return np.pad(pixels, [(0, 0), *((gap // 2, gap - gap // 2) for gap in missing)])

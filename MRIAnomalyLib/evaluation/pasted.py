"""Lesions on slices that are prepared already, for anatomy of any kind: the shapes of real strokes, somewhere in the foreground.

Where whole heads are at hand, `lesions.paint` is the truer way: there the preparation sees the lesion too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..files.reading import read_volume
from ..records import Array, SliceStack
from .lesions import BRIGHT, DARK

SOFT_EDGE = 0.01  # of the side of a slice
BLUR_PX = 0.4  # of an outline before its pixels become larger: small parts neither vanish nor swell
FIELD_MM = 192.0  # side of a slice of the brain models, which a shape keeps its share of


def shapes_of(outlines: Sequence[Path], size: int) -> list[Array]:
    """The largest axial cut of each lesion mask (rows, columns) bool, in pixels of slices of `size` pixels a side.

    Raises:
        InputError: a mask cannot be read.
    """
    shapes = []
    for outline in outlines:
        volume = read_volume(outline)
        cut = volume.array[(volume.array > 0).sum((1, 2)).argmax()].astype(np.float32)
        scale = volume.spacing_mm[1::-1] * size / FIELD_MM
        drawn = ndimage.zoom(ndimage.gaussian_filter(cut, BLUR_PX / scale), scale, order=1) > 0.5
        if drawn.any():
            shapes.append(drawn[ndimage.find_objects(drawn.astype(int))[0]])
    return shapes


def with_lesions(stack: SliceStack, shapes: Sequence[Array], seed: int) -> tuple[SliceStack, Array]:
    """The same slices with a lesion in each, one darker or brighter after the other, and where it is (N, H, W) bool.

    Args:
        stack: healthy slices.
        shapes: as `shapes_of` gives them.
        seed: of shape and place.
    """
    random, pixels, truths = np.random.default_rng(seed), stack.pixels.copy(), []
    for number, mask in enumerate(stack.mask[:, 0]):
        truth = _somewhere(mask, shapes[int(random.integers(len(shapes)))], random)
        pixels[number, 0] *= _factor(truth, mask, (DARK, BRIGHT)[number % 2])
        truths.append(truth)
    return replace(stack, pixels=pixels), np.array(truths)


def with_lesion(stack: SliceStack, shapes: Sequence[Array], change: float, seed: int) -> tuple[SliceStack, Array]:
    """The same slices with one lesion that goes through all of them, and where it is (N, H, W) bool.

    Args:
        stack: healthy slices of one person.
        shapes: as `shapes_of` gives them.
        change: of intensity inside, relative.
        seed: of shape and place.
    """
    random, masks = np.random.default_rng(seed), stack.mask[:, 0]
    drawn = _somewhere(np.all(masks, axis=0), shapes[int(random.integers(len(shapes)))], random)
    factors = [_factor(drawn & mask, mask, change) for mask in masks]
    return replace(stack, pixels=stack.pixels * np.array(factors, np.float32)[:, None]), drawn & masks


def _factor(truth: Array, mask: Array, change: float) -> Array:
    """(H, W) by which a slice is multiplied to show a lesion with a soft edge."""
    return 1 + change * ndimage.gaussian_filter(truth.astype(np.float32), SOFT_EDGE * len(mask)) * mask


def _somewhere(mask: Array, shape: Array, random: np.random.Generator) -> Array:
    """The shape on an empty slice, its innermost pixel on a random one of the mask; what lies outside the mask is cut off."""
    inmost = np.unravel_index(ndimage.distance_transform_edt(np.pad(shape, 1)).argmax(), np.add(shape.shape, 2))
    place = random.choice(np.argwhere(mask)) - inmost + 1
    rows, columns = (np.argwhere(shape) + place).T
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    drawn = np.zeros_like(mask)
    drawn[rows[inside], columns[inside]] = True
    return drawn & mask

"""Semi-synthetic lesions: real stroke outlines painted into healthy heads before any preparation.

The outline is carried from template space into the head's own space and the raw intensities are changed there, so that bias removal, tone
and registration all see the lesion, as they would in a patient.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..files.reading import read_volume
from ..prepare import brain
from ..prepare.geometry import resample
from ..prepare.placing import place_brain
from ..prepare.recipe import Recipe, standardise
from ..prepare.slices import cut_slices
from ..records import Array, Prepared

DARK, BRIGHT = -0.30, 0.25  # change of intensity inside
SOFT_EDGE_PX = 0.7  # of a 2 mm voxel
VOLUMES_ML = (3.0, 150.0)  # smaller ones vanish at the model's pixel size, larger ones are hemispheric infarcts


@dataclass(frozen=True, eq=False)
class Head:
    """A healthy head on the 2 mm grid with its brain mask: what stays the same whatever is painted into it."""

    array: Array  # (K, J, I)
    affine: Array
    mask: Array
    how: str = "deepbet"  # the mask was found


def lesion_outlines(folder: Path, count: int, seed: int) -> list[Path]:
    """Lesion masks in MNI152 space, drawn without repetition.

    Args:
        folder: holds cases.csv with columns `mask` and `lesion_volume_ml`.
        count: how many.
        seed: of the draw; different slices of one seeded order never share an outline.

    Raises:
        InputError: the folder holds too few.
    """
    with (folder / "cases.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if VOLUMES_ML[0] < float(row["lesion_volume_ml"]) < VOLUMES_ML[1]]
    if len(rows) < count:
        raise InputError(f"{folder} holds {len(rows)} lesion outlines of fitting size, {count} are needed.")
    order = np.random.default_rng(seed).permutation(len(rows))[:count]
    return [folder / rows[index]["mask"] for index in order]


def paint(head: Head, clean: Prepared, outline: Path, change: float, recipe: Recipe) -> tuple[Prepared, Array]:
    """The head with a lesion, prepared anew, and where the lesion is.

    Args:
        head: on its 2 mm grid.
        clean: the same head, prepared without a lesion: it places the outline.
        outline: a lesion mask in MNI152 space.
        change: relative change of intensity, DARK or BRIGHT.
        recipe: of the preparation.

    Returns:
        the prepared volume and the truth (N, H, W) bool on its grid, inside the brain.
    """
    lesion = read_volume(outline)
    to_template = np.linalg.inv(clean.template_to_world) @ head.affine
    inside = resample(lesion.array.astype(np.float32), lesion.affine, head.array.shape, to_template)
    soft = ndimage.gaussian_filter(inside, SOFT_EDGE_PX) * head.mask
    prepared = standardise(place_brain(head.array * (1 + change * soft), head.affine, head.mask, head.how), recipe)
    truth = cut_slices(soft, head.affine, prepared.template_to_world, recipe.grid, recipe.shape, brain.STEP_MM)[:, 0]
    return prepared, (truth > 0.5) & prepared.stack.mask[:, 0]

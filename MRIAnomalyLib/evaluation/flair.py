"""The FLAIR slices of stroke patients in `soop_flair`, as volumes that lie where they were taken from.

The set holds pictures of one axial level in MNI152 space, skull taken off. Each becomes a volume of one slice, so that it goes through the
same preparation as any scan. `python -m MRIAnomalyLib.evaluation.flair ROOT OUT` writes them, with a cases.csv per split.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.cases import Case
from ..prepare.brain import STEP_MM
from ..prepare.geometry import canonical
from ..prepare.recipe import Recipe, prepare
from ..prepare.slices import cut_slices
from ..records import Array, Prepared, Volume
from .scans import Scan
from .sets import SPLITS, drawn, rows_of
from .steps import Steps

LEVEL_MM = 18.0
# picture (column, row) -> RAS mm of the template, as the set's description says: x = column - 78, y = 76 - row
AFFINE = np.array([[1.0, 0, 0, -78], [0, -1, 0, 76], [0, 0, 1, LEVEL_MM], [0, 0, 0, 1]])
WITHOUT = {"calibration": 80, "validation": 45, "test": 45}  # people without lesion in this level; all others of them are for training


def flair(root: Path, split: str) -> list[Case]:
    """The people of one split, one picture each: lesion-free ones in all splits, those with lesions in validation and test only.

    Raises:
        InputError: the set is not there.
    """
    folder = root / "soop_flair"
    rows = [row for row in rows_of(folder / "cases.csv") if row["plane"] == "axial" and row["qc_fail"] == "0"]
    free, sick = ([row for row in rows if row["lesion_free_slice"] == known] for known in "10")
    half = len(sick) // 2
    parts = drawn(free, {**WITHOUT, "train": len(free)}), drawn(sick, {"validation": half, "test": len(sick) - half})
    return [
        Case(
            id=row["id"],
            subject=row["subject"],
            image=folder / row["image"],
            mask=folder / row["mask"] if row["mask"] else None,
            healthy=not row["mask"],
            sequence="FLAIR",
            site="SOOP",
        )
        for part in parts
        for row in part.get(split, [])
    ]


def picture_volume(picture: Path) -> Volume:
    """A picture of the set as a volume of one slice; InputError when it cannot be read."""
    return Volume(_grey(picture)[None], AFFINE, in_template_space=True)


def _grey(picture: Path) -> Array:
    """(rows, columns) float32, 0 to 255."""
    from matplotlib.image import imread

    try:
        return np.round(imread(picture) * 255).astype(np.float32)
    except OSError as error:
        raise InputError(f"{picture} cannot be read: name the folder that holds the data sets with --root.") from error


def scan_of_level(case: Case, recipe: Recipe, steps: Steps) -> Scan:
    """The picture of a case and its lesion as a model is shown them; `steps` is told."""
    prepared = prepare(picture_volume(case.image), recipe, force=True)
    truth = lesion_on(prepared, case, recipe)
    steps.one()
    return Scan(case, prepared, truth)


def lesion_on(prepared: Prepared, case: Case, recipe: Recipe) -> Array | None:
    """(N, H, W) bool, where a pixel of the model's grid is mostly lesion and brain; None without a lesion."""
    if case.mask is None:
        return None
    array, affine = canonical(Volume(_lesion(case.mask)[None].astype(np.float32), AFFINE), STEP_MM)
    inside = cut_slices(array, affine, prepared.template_to_world, recipe.grid, recipe.shape, STEP_MM)
    return (inside[:, 0] > 0.5) & prepared.stack.mask[:, 0]


def lesion_mm2(case: Case) -> int:
    """Area of the lesion in the level, by the set's own mask."""
    return int(_lesion(case.mask).sum()) if case.mask else 0


def _lesion(picture: Path) -> Array:
    return _grey(picture) > 0


def write_flair(root: Path, out: Path) -> None:
    """Every picture and lesion mask as NIfTI in `out`, and one table per split with paths relative to it."""
    out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        with (out / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "subject", "image", "mask", "sequence", "site"])
            for case in flair(root, split):
                image, mask = f"{case.id}_FLAIR.nii.gz", f"{case.id}_mask.nii.gz"
                _write(_grey(case.image), out / image)
                if case.mask:
                    _write(_lesion(case.mask), out / mask)
                writer.writerow([case.id, case.subject, image, mask if case.mask else "none", case.sequence, case.site])


def _write(picture: Array, path: Path) -> None:
    import nibabel as nib

    from ..files.nifti import MNI152_CODE

    image = nib.Nifti1Image(picture.T[..., None].astype(np.uint8), AFFINE)
    image.set_sform(AFFINE, MNI152_CODE)
    image.set_qform(AFFINE, MNI152_CODE)
    nib.save(image, path)


if __name__ == "__main__":
    write_flair(Path(sys.argv[1]), Path(sys.argv[2]))

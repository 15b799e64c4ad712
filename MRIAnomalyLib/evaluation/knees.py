"""The knees in `knee_mridata` as volumes: ten sagittal slices through the middle of each, fat-suppressed proton density.

Nobody says who of them is healthy: by the set's own lay look some show nothing or a little fluid, which is taken for normal here, and
some are visibly abnormal, which are in the test only. `python -m MRIAnomalyLib.evaluation.knees ROOT OUT` writes them, with a cases.csv
per split.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.cases import Case
from ..prepare.recipe import Recipe, prepare
from ..prepare.slices import grid_affine
from ..records import Array, Volume
from .scans import Scan
from .sets import SPLITS, drawn, rows_of
from .steps import Steps

NORMAL = ("no_obvious", "minor_fluid")  # the set's impressions that are taken for normal
ABNORMAL = "abnormal_visible"  # all others are left out
SAMPLE = "sub-14"  # of whom a slab comes with the set to be tried on: nobody learns from it
PIXEL_MM, STEP_MM = 0.625, 0.6  # approximate: the set says so
# Whose slices run from lateral to medial, by a lay look at the axial slices: the tendons of gracilis and semitendinosus and the great
# saphenous vein lie on the medial side. The slices bear it out: how they change on the way is alike once all run one way.
LATERAL_FIRST = frozenset(f"sub-{number:02d}" for number in (1, 4, 6, 8, 9, 11, 13, 15, 17))
RIGHT_MM = 90.0  # from the midline to a right knee on a table
EACH = {"train": 3, "calibration": 2, "validation": 1}  # people of each impression, in which the splits are alike; the test gets the rest


def knees(root: Path, split: str) -> list[dict[str, str]]:
    """The rows of cases.csv of one split; those of visibly abnormal knees in the test alone.

    Raises:
        InputError: the set is not there.
    """
    rows = rows_of(_folder(root) / "cases.csv")
    chosen = [row for row in rows if row["visual_impression"] == ABNORMAL] if split == "test" else []
    for impression in NORMAL:
        people = [row for row in rows if row["visual_impression"] == impression]
        others = [row for row in people if row["subject"] != SAMPLE]
        if split == "test":
            chosen += [row for row in people if row["subject"] == SAMPLE]
        chosen += drawn(others, {**EACH, "test": len(others)}).get(split, [])
    return sorted(chosen, key=lambda row: row["subject"])


def normal_knees(root: Path, *splits: str) -> list[Case]:
    """The people of these splits who are taken for normal; InputError when the set is not there."""
    rows = [row for split in splits for row in knees(root, split) if row["visual_impression"] in NORMAL]
    return [
        Case(id=row["subject"], subject=row["subject"], image=_folder(root) / row["file"], healthy=True, sequence="PDFS", site="mridata")
        for row in rows
    ]


def scan_of_slab(case: Case, recipe: Recipe, steps: Steps) -> Scan:
    """The knee of a case as a model is shown it; `steps` is told."""
    prepared = prepare(slab(case.image, case.subject), recipe, force=True)
    steps.one()
    return Scan(case, prepared)


def slab(path: Path, subject: str) -> Volume:
    """The slices of one person, (10, 256, 256), from medial to lateral: as those of a right knee, as the set does not say which it is.

    Raises:
        InputError: they cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            slices: Array = held["sagittal"]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} cannot be read: name the folder that holds the data sets with --root.") from error
    if subject in LATERAL_FIRST:
        slices = slices[::-1]
    first_mm = RIGHT_MM - (len(slices) - 1) / 2 * STEP_MM
    return Volume(slices.astype(np.float32), grid_affine("sagittal", slices.shape[-1], PIXEL_MM, STEP_MM, first_mm, (0.0, 0.0)))


def _folder(root: Path) -> Path:
    return root / "knee_mridata"


def write_knees(root: Path, out: Path) -> None:
    """Every slab as NIfTI in `out`, and one table per split with paths relative to it."""
    out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        with (out / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "subject", "image", "mask", "label", "sequence", "site"])
            for row in knees(root, split):
                image, impression = f"{row['subject']}_PDFS.nii.gz", row["visual_impression"]
                write_series(slab(_folder(root) / row["file"], row["subject"]), out / image)
                mask = "none" if impression in NORMAL else ""
                writer.writerow([row["subject"], row["subject"], image, mask, impression, "PDFS", "mridata"])


def write_series(volume: Volume, path: Path) -> None:
    """A volume of 8 bits as NIfTI."""
    import nibabel as nib

    nib.save(nib.Nifti1Image(volume.array.T.astype(np.uint8), volume.affine), path)


if __name__ == "__main__":
    write_knees(Path(sys.argv[1]), Path(sys.argv[2]))

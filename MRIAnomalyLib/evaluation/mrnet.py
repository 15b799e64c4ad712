"""The knees of MRNet (Stanford; Bien et al., PLoS Medicine 2018) as volumes, for training, calibration and detection.

The set's folder holds `train/axial/0000.npy` (slices, 256, 256; 8 bits), likewise `valid` and the other planes, and beside them
`train-abnormal.csv`, `train-acl.csv`, `train-meniscus.csv` (exam, 0 or 1; no header). It says neither where a slice lies nor how thick it
is, nor which knee it is: every series is taken for one field of 160 mm whose slices lie evenly over the extent of a knee. Exams are taken
for people, as the set does not say which are of one person. `python -m MRIAnomalyLib.evaluation.mrnet ROOT OUT` writes them by plane, with
a cases.csv per split.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..prepare.recipe import recipe_from
from ..prepare.slices import grid_affine
from ..records import Array, Volume
from .knees import write_series
from .sets import SPLITS, drawn

SEQUENCES = {"sagittal": "T2", "coronal": "T1", "axial": "PD"}  # plane -> of its series
FINDINGS = ("abnormal", "acl", "meniscus")
FIELD_MM = 160.0  # from side to side of a slice: usual for a knee
SHARES = {"calibration": 0.3, "validation": 0.2}  # of the normal exams of `train`; the rest is learned from


def exams(root: Path, part: str) -> list[dict[str, str]]:
    """The exams of "train" or "valid": `subject` (the exam's number) and `label`: "normal", or what was found, such as "abnormal acl".

    Raises:
        InputError: a table of labels is not there or not as the set has it.
    """
    found: dict[str, list[str]] = {}
    for finding in FINDINGS:
        table = root / f"{part}-{finding}.csv"
        try:
            with table.open(newline="", encoding="utf-8-sig") as file:
                for exam, value in csv.reader(file):
                    found.setdefault(exam, []).extend([finding] if int(value) else [])
        except (OSError, ValueError) as error:
            raise InputError(f"{table} cannot be read as MRNet's labels (exam, 0 or 1): name the folder of the set.") from error
    return [{"subject": exam, "label": " ".join(names) or "normal"} for exam, names in sorted(found.items())]


def split_exams(root: Path) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Per split its exams, each with the folder that holds it. Abnormal ones of `train` are in the validation; `valid` is the test."""
    own = exams(root, "train")
    normal = [exam for exam in own if exam["label"] == "normal"]
    parts = drawn(normal, {**{split: round(share * len(normal)) for split, share in SHARES.items()}, "train": len(normal)})
    parts["validation"] = [*parts["validation"], *(exam for exam in own if exam["label"] != "normal")]
    parts["test"] = exams(root, "valid")
    return {split: [("valid" if split == "test" else "train", exam) for exam in parts[split]] for split in SPLITS}


def series(path: Path, plane: str) -> Volume:
    """One series with the place that its slices are taken to have; InputError when it cannot be read."""
    try:
        slices: Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} cannot be read: name the folder of MRNet, with train/axial/0000.npy in it.") from error
    if slices.ndim != 3 or slices.shape[1] != slices.shape[2]:
        raise InputError(f"{path} holds an array of shape {slices.shape}, where (slices, 256, 256) was expected.")
    recipe = recipe_from({"anatomy": "knee", "sequence": SEQUENCES[plane]})
    extent_mm = recipe.slices * recipe.step_mm
    step_mm = extent_mm / len(slices)
    affine = grid_affine(plane, slices.shape[-1], FIELD_MM / slices.shape[-1], step_mm, (step_mm - extent_mm) / 2, (0.0, 0.0))
    return Volume(slices.astype(np.float32), affine)


def write_mrnet(root: Path, out: Path) -> None:
    """Every series as NIfTI in `out`/PLANE, and one table per split there with paths relative to it."""
    splits = split_exams(root)
    for plane, sequence in SEQUENCES.items():
        folder = out / plane
        folder.mkdir(parents=True, exist_ok=True)
        for split in SPLITS:
            with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "subject", "image", "mask", "label", "sequence", "site"])
                for part, exam in splits[split]:
                    number, label = exam["subject"], exam["label"]
                    source, image = root / part / plane / f"{number}.npy", f"{part}-{number}_{sequence}.nii.gz"
                    write_series(series(source, plane), folder / image)
                    mask = "none" if label == "normal" else ""
                    writer.writerow([f"{part}-{number}", f"{part}-{number}", image, mask, label, sequence, "MRNet"])


if __name__ == "__main__":
    write_mrnet(Path(sys.argv[1]), Path(sys.argv[2]))

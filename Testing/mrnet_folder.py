"""A folder as MRNet has it, with knees made of cylinders."""

import csv
from functools import cache

import numpy as np
from pseudo_knee import PIXELS, knee

from MRIAnomalyLib.evaluation import mrnet

NORMAL, ILL = 10, 2  # exams of `train`; `valid` has one of each, but where it is said


@cache
def arrays(number):
    """The series of one exam, plane -> (24, 80, 80): the middle 96 mm of the same knee, cut three ways as the set shows them."""
    whole = np.clip(knee(number, slices=PIXELS, step_mm=2.0).array / 2, 0, 255).astype(np.uint8)  # (right, down, back)
    inner = slice(16, 64, 2)
    coronal, axial = whole[::-1, :, ::-1][:, :, inner], whole[::-1, ::-1][:, inner]
    return {"sagittal": whole[inner], "coronal": coronal.transpose(2, 1, 0), "axial": axial.transpose(1, 2, 0)}


def write_folder(root, valid=(1, 1), findings=("abnormal", "acl")):
    """Exams with these findings after the normal ones, in `train` and in `valid`."""
    for part, normal, ill in (("train", NORMAL, ILL), ("valid", *valid)):
        labels = {name: [] for name in mrnet.FINDINGS}
        for number in range(normal + ill):
            for plane, slices in arrays(number).items():
                folder = root / part / plane
                folder.mkdir(parents=True, exist_ok=True)
                np.save(folder / f"{number:04d}.npy", slices)
            for name, rows in labels.items():
                rows.append((f"{number:04d}", int(number >= normal and name in findings)))
        for name, rows in labels.items():
            with (root / f"{part}-{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows(rows)

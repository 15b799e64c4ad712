"""A model of knees that learned for a moment and was compared with four people, under a licence that forbids commercial use.

`python knee_model.py FOLDER` makes it in that folder, for tests whose own process must not load PyTorch.
"""

import csv
import sys
from pathlib import Path

import nibabel as nib
from pseudo_knee import knee

from MRIAnomalyLib import learning
from MRIAnomalyLib.bundles.bundle import open_bundle

NAME = "knee-tiny-denoiser"  # none that ships: a job of its own would take that
_TINY = {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"}
_KNEE = {"anatomy": "knee", "sequence": "PDFS"}


def write_people(folder, numbers):
    """A table of people, each with a slab of their own noise."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / f"{numbers[0]}.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "image", "mask"])
        for number in numbers:
            write_knee(folder / f"{number}.nii", knee(number))
            writer.writerow([number, number, f"{number}.nii", "none"])
    return table


def write_knee(path, volume):
    """A scan as NIfTI; returns its path."""
    nib.save(nib.Nifti1Image(volume.array.T, volume.affine), path)
    return path


def make_knee_model(folder, scratch):
    """The bundle, in a folder of its own in `folder`; `scratch` is for what it is made of."""
    out, how = folder / NAME, {"resume": False, "max_minutes": None, "seed": 0, "checkpoints": scratch / "checkpoints"}
    learning.train("denoiser", write_people(scratch, range(1, 5)), out, config=_TINY, recipe=_KNEE, **how)
    learning.calibrate(out, write_people(scratch, range(100, 104)), device="cpu", few=True, overwrite=True)
    made = open_bundle(out)
    learning.save_as(made, out, {**made.model, "licence": "CC BY-NC 4.0"}, made.calibration(), overwrite=True)
    return open_bundle(out)


if __name__ == "__main__":
    make_knee_model(Path(sys.argv[1]) / "bundles", Path(sys.argv[1]) / "scratch")

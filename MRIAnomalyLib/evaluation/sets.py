"""The data sets the brain tables are made from, as folders beside each other under one root.

| folder              | what                                                                       |
|---------------------|----------------------------------------------------------------------------|
| `ixi_t1_2mm`        | healthy adults, one scanner; column `split` of subjects.csv                |
| `t1_other_scanners` | healthy adults of other scanners, by `dataset`                             |
| `t1_heads_1mm`      | one healthy head of another scanner                                        |
| `ms_ljubljana`, `ms_mslesseg` | patients with multiple sclerosis, with lesion masks              |
| `soop_lesion_masks` | stroke outlines in MNI152 space, for semi-synthetic lesions                |

`python -m MRIAnomalyLib.evaluation.sets ROOT OUT` writes cases.csv files of the splits, for `train` and `calibrate`.
"""

from __future__ import annotations

import csv
import itertools
import os
import sys
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.cases import Case

SPLITS = ("train", "calibration", "validation", "test")
SEED = 0  # of splits that are drawn


def healthy(root: Path, split: str) -> list[Case]:
    """The subjects of one split of the training scanner.

    Raises:
        InputError: the set is not there.
    """
    folder = root / "ixi_t1_2mm"
    return [
        Case(id=row["subject"], subject=row["subject"], image=folder / "t1" / f"{row['subject']}_T1.nii.gz", healthy=True, site="IXI")
        for row in rows_of(folder / "subjects.csv")
        if row["split"] == split
    ]


def other_scanners(root: Path) -> list[Case]:
    """Healthy adults whose scanners no model saw."""
    folder = root / "t1_other_scanners"
    cases = [
        Case(id=row["id"], subject=row["id"], image=folder / row["image"], healthy=True, site=row["dataset"])
        for row in rows_of(folder / "cases.csv")
    ]
    heads = sorted((root / "t1_heads_1mm").glob("*.nii.gz"))
    return cases + [Case(id="studyforrest", subject="studyforrest", image=head, healthy=True, site="studyforrest") for head in heads]


def patients(root: Path) -> list[Case]:
    """Patients with multiple sclerosis, T1 and lesion mask."""
    found = []
    for name in ("ms_ljubljana", "ms_mslesseg"):
        for image in sorted((root / name).glob("*_T1w.nii.gz")):
            mask = image.with_name(image.name.replace("_T1w", "_mask"))
            case = image.name.removesuffix("_T1w.nii.gz")
            found.append(Case(id=case, subject=case, image=image, mask=mask, site=name))
    return found


def write_cases(root: Path, out: Path) -> None:
    """One cases.csv per split, with paths relative to it."""
    out.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        with (out / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "subject", "image", "mask", "site"])
            for case in healthy(root, split):
                writer.writerow([case.id, case.subject, os.path.relpath(case.image, out), "none", case.site])


def drawn(rows: list[dict[str, str]], sizes: dict[str, int]) -> dict[str, list[dict[str, str]]]:
    """So many rows for each split, one after the other from a seeded order of the people (column `subject`); the last gets the rest."""
    people = sorted(rows, key=lambda row: row["subject"])
    order = [people[place] for place in np.random.default_rng(SEED).permutation(len(people))]
    ends = itertools.pairwise(np.cumsum([0, *sizes.values()]))
    return {name: order[first:last] for name, (first, last) in zip(sizes, ends, strict=True)}


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a set's table; InputError when the set is not there."""
    try:
        with table.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(f"{table} cannot be read: name the folder that holds the data sets with --root.") from error


if __name__ == "__main__":
    write_cases(Path(sys.argv[1]), Path(sys.argv[2]))

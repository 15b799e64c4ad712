import csv

import pytest


@pytest.fixture
def root(tmp_path):
    """Data sets as tables only: four people in each split, two of other scanners, 200 outlines."""
    tables = {
        "ixi_t1_2mm/subjects.csv": [
            ("subject", "split"),
            *((f"{split}{n}", split) for split in ("calibration", "validation", "test") for n in range(4)),
        ],
        "t1_other_scanners/cases.csv": [("id", "image", "dataset"), ("o1", "o1.nii.gz", "there"), ("o2", "o2.nii.gz", "there")],
        "soop_lesion_masks/cases.csv": [("mask", "lesion_volume_ml"), *((f"m{n}.nii.gz", 10) for n in range(200))],
    }
    for name, rows in tables.items():
        (tmp_path / name).parent.mkdir()
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    return tmp_path

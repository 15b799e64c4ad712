"""The knees of the training set: on a small made-up set of the same form."""

import csv

import numpy as np
import pytest
from pseudo_knee import knee

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation import knees
from MRIAnomalyLib.evaluation.steps import Steps
from MRIAnomalyLib.files.cases import read_cases
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.knee import place_knee
from MRIAnomalyLib.prepare.recipe import recipe_from

IMPRESSIONS = {
    "no_obvious": (1, 6, 8, 9, 13, 14, 15),
    "minor_fluid": (2, 3, 4, 11, 16, 17, 20),
    "abnormal_visible": (7, 10),
    "suspect": (5,),
}
ABNORMAL = {"sub-07", "sub-10"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    folder = root / "knee_mridata"
    folder.mkdir()
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "file", "visual_impression"])
        for impression, numbers in IMPRESSIONS.items():
            for number in numbers:
                name = f"sub-{number:02d}"
                writer.writerow([name, f"{name}.npz", impression])
                np.savez(folder / f"{name}.npz", sagittal=np.clip(knee(number).array, 0, 255).astype(np.uint8))
    return root


def test_everybody_is_in_one_split_and_nobody_learns_from_the_abnormal_the_suspect_or_the_sample(root):
    splits = {split: [row["subject"] for row in knees.knees(root, split)] for split in knees.SPLITS}
    people = [subject for subjects in splits.values() for subject in subjects]
    assert len(people) == len(set(people)) == 16
    assert {split: len(subjects) for split, subjects in splits.items()} == {"train": 6, "calibration": 4, "validation": 2, "test": 4}
    assert {*ABNORMAL, "sub-14"} < set(splits["test"])
    assert "sub-05" not in people
    assert splits == {split: [row["subject"] for row in knees.knees(root, split)] for split in knees.SPLITS}


def test_both_impressions_are_alike_in_what_is_learned_from_and_compared_with(root):
    for split, each in knees.EACH.items():
        told = [row["visual_impression"] for row in knees.knees(root, split)]
        assert [told.count(impression) for impression in knees.NORMAL] == [each, each]


def test_what_is_written_reads_back_as_the_slices_of_a_right_knee_from_medial_to_lateral(root, tmp_path):
    knees.write_knees(root, tmp_path)
    cases = {split: read_cases(tmp_path / f"{split}.csv") for split in knees.SPLITS}
    assert [case.healthy for case in cases["test"]] == [True, False, False, True]
    everybody = {case.subject: case for of_split in cases.values() for case in of_split}
    for subject, step in (("sub-14", 1), ("sub-15", -1)):
        volume = read_volume(everybody[subject].image)
        with np.load(root / "knee_mridata" / f"{subject}.npz") as held:
            assert np.array_equal(volume.array, held["sagittal"][::step])
    assert volume.affine @ [39.5, 39.5, 4.5, 1] == pytest.approx([knees.RIGHT_MM, 0, 0, 1], abs=1e-4)
    assert place_knee(volume).facts["side"] == 1.0
    assert volume.spacing_mm == pytest.approx([0.625, 0.625, 0.6], abs=1e-4)


def test_the_normal_knees_of_some_splits_are_prepared_as_a_model_is_shown_them(root):
    cases = knees.normal_knees(root, "calibration", "validation")
    assert len(cases) == 6 and all(case.healthy for case in cases)
    assert {case.subject for case in knees.normal_knees(root, "test")} == {row["subject"] for row in knees.knees(root, "test")} - ABNORMAL
    told = []
    scan = knees.scan_of_slab(cases[0], recipe_from({"anatomy": "knee", "sequence": "PDFS"}), Steps(1, told.append))
    assert scan.prepared.stack.pixels.shape == (10, 1, 64, 64)
    assert (scan.case, scan.truth, len(told)) == (cases[0], None, 1)


def test_a_set_that_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="--root"):
        knees.knees(tmp_path, "train")
    with pytest.raises(InputError, match="--root"):
        knees.slab(tmp_path / "sub-01.npz", "sub-01")

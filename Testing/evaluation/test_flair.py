"""The FLAIR slices of stroke patients: on a small made-up set of the same form."""

import csv

import numpy as np
import pytest
from PIL import Image
from pseudo_flair import one_slice

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation import flair
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.geometry import apply_affine, resample
from MRIAnomalyLib.prepare.recipe import prepare, recipe_from

ROWS, COLUMNS = 189, 157
RECIPE = recipe_from({"sequence": "FLAIR"})


def picture():
    """The level as the set keeps it: 8 bits, image left is the patient's left."""
    brain = one_slice()
    grey = resample(brain.array, brain.affine, (1, ROWS, COLUMNS), flair.AFFINE)[0]
    return np.clip(grey * 1.5, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Eight people without and six with a lesion, all with the same brain; one more whose normalisation failed, and one coronal slice."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "soop_flair" / "axial_z18"
    folder.mkdir(parents=True)
    Image.fromarray(picture()).save(folder / "brain.png")
    lesion = np.zeros((ROWS, COLUMNS), bool)
    lesion[60:80, 100:120] = True  # right of the middle of the picture: the patient's right
    Image.fromarray(lesion).save(folder / "lesion.png")
    with (folder.parent / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "subject", "image", "mask", "plane", "lesion_free_slice", "qc_fail"])
        for number in range(16):
            free, plane, failed = number < 8 or number > 13, "coronal" if number == 14 else "axial", number == 15
            mask = "" if free else "axial_z18/lesion.png"
            writer.writerow([f"sub-{number}_{plane}", f"sub-{number}", "axial_z18/brain.png", mask, plane, int(free), int(failed)])
    return root


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(flair, "WITHOUT", {"calibration": 3, "validation": 1, "test": 2})


def test_everybody_is_in_one_split_and_those_with_lesions_are_not_learned_from(root):
    splits = {split: flair.flair(root, split) for split in ("train", "calibration", "validation", "test")}
    people = [case.subject for cases in splits.values() for case in cases]
    assert len(people) == len(set(people)) == 14
    assert {split: (sum(case.healthy for case in cases), len(cases)) for split, cases in splits.items()} == {
        "train": (2, 2),
        "calibration": (3, 3),
        "validation": (1, 4),
        "test": (2, 5),
    }
    assert splits == {split: flair.flair(root, split) for split in splits}


def test_a_lesion_on_the_right_of_the_picture_is_on_the_patients_right(root):
    case = next(case for case in flair.flair(root, "validation") if not case.healthy)
    prepared = prepare(flair.picture_volume(case.image), RECIPE)
    truth = flair.lesion_on(prepared, case, RECIPE)
    row, column = np.argwhere(truth[0]).mean(0)
    assert apply_affine(RECIPE.grid, np.array([column, row, 0])) == pytest.approx([109.5 - 78, 76 - 69.5, 18], abs=1)
    assert truth.sum() * 9 == pytest.approx(400, rel=0.15)
    assert flair.lesion_mm2(case) == 400


def test_people_without_a_lesion_have_no_truth(root):
    case = next(case for case in flair.flair(root, "validation") if case.healthy)
    assert flair.lesion_on(None, case, RECIPE) is None
    assert flair.lesion_mm2(case) == 0


def test_what_is_written_reads_back_as_the_pictures_are(root, tmp_path):
    flair.write_flair(root, tmp_path)
    with (tmp_path / "validation.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["mask"] != "none")
    volume, held = read_volume(tmp_path / row["image"]), flair.picture_volume(root / "soop_flair" / "axial_z18" / "brain.png")
    assert volume.in_template_space
    assert np.array_equal(volume.array, held.array)
    assert np.array_equal(volume.affine, held.affine)
    assert read_volume(tmp_path / row["mask"]).array.sum() == 400


def test_a_set_that_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(InputError, match="--root"):
        flair.flair(tmp_path, "test")

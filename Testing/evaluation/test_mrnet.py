"""A folder as MRNet has it, with knees made of cylinders: from its arrays to a detector that judges one of them, in every plane."""

import numpy as np
import pytest
from mrnet_folder import ILL, write_folder
from pseudo_knee import PIXELS

from MRIAnomalyLib import detect, learning
from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation import mrnet
from MRIAnomalyLib.files.cases import read_cases
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.recipe import prepare, recipe_from

TINY = {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("MRNet")
    write_folder(root)
    return root


@pytest.fixture(scope="module")
def written(root, tmp_path_factory):
    out = tmp_path_factory.mktemp("written")
    mrnet.write_mrnet(root, out)
    return out


def test_exams_say_what_was_found_and_are_in_one_split(root):
    splits = {split: [exam for _, exam in of_split] for split, of_split in mrnet.split_exams(root).items()}
    assert {split: len(of_split) for split, of_split in splits.items()} == {"train": 5, "calibration": 3, "validation": 4, "test": 2}
    assert [exam["label"] for exam in splits["validation"]].count("abnormal acl") == ILL
    assert {exam["label"] for split in ("train", "calibration") for exam in splits[split]} == {"normal"}
    own = [exam["subject"] for split in ("train", "calibration", "validation") for exam in splits[split]]
    assert len(own) == len(set(own))


@pytest.mark.parametrize("plane", mrnet.SEQUENCES)
def test_a_series_keeps_its_pictures_upright_in_the_models_slices(root, plane):
    recipe = recipe_from({"anatomy": "knee", "sequence": mrnet.SEQUENCES[plane]})
    source = np.load(root / "train" / plane / "0001.npy")
    stack = prepare(mrnet.series(root / "train" / plane / "0001.npy", plane), recipe).stack
    middle, shown = source[len(source) // 2].astype(float), stack.pixels[recipe.slices // 2, 0]
    small = np.array([[middle[int(r), int(c)] for c in np.linspace(0.5, PIXELS - 0.5, 64)] for r in np.linspace(0.5, PIXELS - 0.5, 64)])
    assert np.corrcoef(small.ravel(), shown.ravel())[0, 1] > 0.8
    assert stack.mask.any((1, 2, 3)).sum() >= 20  # of 24 levels


@pytest.mark.parametrize("plane", mrnet.SEQUENCES)
def test_a_model_learns_is_calibrated_and_judges_a_series_of_its_plane(written, tmp_path, plane):
    folder, sequence = written / plane, mrnet.SEQUENCES[plane]
    out, how = tmp_path / f"knee-{sequence.lower()}-denoiser", {"resume": False, "max_minutes": None, "seed": 0}
    recipe = {"anatomy": "knee", "sequence": sequence, "size_px": 32, "pixel_mm": 5.0, "slices": 6, "step_mm": 16.0, "first_mm": -40.0}
    learning.train("denoiser", folder / "train.csv", out, config=TINY, recipe=recipe, checkpoints=tmp_path / "checkpoints", **how)
    learning.calibrate(out, folder / "calibration.csv", device="cpu", few=True, overwrite=True)
    case = next(case for case in read_cases(folder / "test.csv") if not case.healthy)
    result = detect(read_volume(case.image), model=out, device="cpu")
    assert sum(one.scored for one in result.slices) >= 5
    assert result.scored.array.any()
    assert result.verdict.startswith("Not calibrated")


def test_what_is_not_mrnet_is_refused_with_what_was_expected(root, tmp_path):
    with pytest.raises(InputError, match=r"train-abnormal\.csv cannot be read"):
        mrnet.exams(tmp_path, "train")
    with pytest.raises(InputError, match=r"train/axial/0000\.npy"):
        mrnet.series(tmp_path / "0000.npy", "axial")
    np.save(tmp_path / "flat.npy", np.zeros((256, 256), np.uint8))
    with pytest.raises(InputError, match=r"shape \(256, 256\)"):
        mrnet.series(tmp_path / "flat.npy", "axial")

"""A bundle from what a small training left; made-up slices stand for people."""

import csv
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ellipses import ellipses
from small_answers import prepared

from MRIAnomalyLib.bundles.bundle import open_bundle, verify
from MRIAnomalyLib.bundles.loading import choose_bundle
from MRIAnomalyLib.bundles.model import coded
from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import ExistsError, InputError
from MRIAnomalyLib.evaluation import finish as module
from MRIAnomalyLib.evaluation.finish import finish, read_about, trained
from MRIAnomalyLib.prepare.recipe import Recipe, recipe_from
from MRIAnomalyLib.training.transfer import Source

TEXTS = Path(__file__).resolve().parents[2] / "docs" / "bundles"
ABOUT = TEXTS / "brain-t1.toml"
SETTINGS = {"width": 4, "steps": 3, "batch_size": 4, "precision": "float32", "learning_rate": 1e-3}


def person(seed):
    """A few slices of someone."""
    levels = np.arange(0, Recipe().slices, 12)
    return prepared(replace(ellipses(len(levels), Recipe().size_px, seed), level=levels))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a training."""
    folder = tmp_path_factory.mktemp("run")
    detector = create("denoiser", SETTINGS)
    detector.fit(person(0).stack, checkpoint_folder=folder)
    return folder


@pytest.fixture(scope="module")
def finished(run, tmp_path_factory):
    """The bundle, and whose scans were read for it; each person is prepared without reading anything, one of validation has a lesion."""
    folder, read = tmp_path_factory.mktemp("cases"), []
    for split, count in (("train", 3), ("calibration", 20), ("validation", 2), ("test", 2)):
        rows = [(f"{split}{n}", f"{split}{n}", f"{split}{n}.nii.gz", "none" if n else "") for n in range(count)]
        with (folder / f"{split}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("id", "subject", "image", "mask"), *rows])
        for _, _, image, _ in rows:
            (folder / image).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "prepare_case", lambda case, recipe: person(len(case.id) + int(case.id[-1])))
        patch.setattr(module, "prepare_cases", lambda some, recipe: read.extend(some) or ((case, person(1)) for case in some))
        finish(run, folder / "brain-t1-denoiser", folder, read_about(ABOUT), minutes=75, hardware="one core")
    return SimpleNamespace(bundle=open_bundle(folder / "brain-t1-denoiser"), read=read)


def test_a_training_becomes_a_calibrated_bundle_with_a_card_that_tells_all(run, finished):
    bundle = choose_bundle(finished.bundle)
    verify(bundle)
    detector = create("denoiser", bundle.model["config"])
    detector.load_weights(bundle.weights())
    assert detector.config.steps == 3
    assert {split: len(people) for split, people in bundle.model["splits"].items()} == {
        "train": 3,
        "calibration": 20,
        "validation": 2,
        "test": 2,
    }
    assert coded("train0") in bundle.model["splits"]["train"]
    card = bundle.text("card.md")
    for said in ("the 3 healthy adults", "64 pixels of 3 mm", "on 20 healthy adults", "3 steps, 75 minutes on one core"):
        assert said in card
    assert "Nothing was measured yet" in card
    for picture, shown in {"losses": True, "reconstructions": True, "samples": False}.items():  # a denoiser draws nothing of its own
        assert (f"](card/{picture}.png)" in card) == shown
    assert "model brain-t1-denoiser of MRIAnomaly" in bundle.text("LICENSE")


def test_a_bundle_that_exists_is_not_replaced_unless_that_is_allowed(run, finished):
    folder = finished.bundle.folder
    with pytest.raises(ExistsError, match="--overwrite"):
        finish(run, folder, folder.parent, read_about(ABOUT), minutes=75, hardware="one core")


def test_the_time_of_a_scan_is_taken_of_whole_ones(finished):
    assert [case.id for case in finished.read] == ["calibration0", "calibration1", "calibration2"]
    (timing,) = finished.bundle.model["timing"].values()
    assert timing["seconds"] >= 0


def test_settings_are_those_of_the_training_and_others_may_be_laid_over_them(run):
    detector, steps, _ = trained(run, "denoiser", {"batch_size": 7})
    assert (detector.config.width, detector.config.learning_rate, detector.config.batch_size, steps) == (4, 1e-3, 7, 3)


def test_a_folder_without_a_training_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not hold a training's checkpoint"):
        trained(tmp_path, "denoiser", {})


def test_a_description_with_a_missing_or_unknown_entry_is_refused(tmp_path):
    (tmp_path / "about.toml").write_text('use = "To look."')
    with pytest.raises(InputError, match="does not describe a bundle"):
        read_about(tmp_path / "about.toml")


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_texts_of_the_bundles_that_ship_are_whole(path):
    about = read_about(path)
    facts = {**asdict(recipe_from(about.recipe)), "train": 98, "calibration": 46, "validation": 11, "test": 11}
    for text in (about.use, *about.limits):
        assert "{" not in text.format(**facts)
    assert "card of brain-x-y were learned from" in about.licence_text.format(name="brain-x-y")


def test_the_checkpoint_tells_from_which_bundle_a_training_started(run, tmp_path):
    detector = create("denoiser", SETTINGS)
    detector.source = Source("brain-t1-denoiser", "a" * 64, "denoiser", detector.settings(), detector.weights())
    detector.fit(person(0).stack, checkpoint_folder=tmp_path)
    assert trained(tmp_path, "denoiser", {})[2] == {"name": "brain-t1-denoiser", "weights_sha256": "a" * 64}
    assert trained(run, "denoiser", {})[2] is None

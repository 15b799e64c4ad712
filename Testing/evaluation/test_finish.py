"""A bundle from what a small training left; made-up slices stand for people."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ellipses import ellipses
from safetensors.numpy import save_file

from MRIAnomalyLib.bundles.bundle import open_bundle, verify
from MRIAnomalyLib.bundles.loading import choose_bundle
from MRIAnomalyLib.bundles.model import coded
from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import ExistsError, InputError
from MRIAnomalyLib.evaluation import finish as module
from MRIAnomalyLib.evaluation.finish import finish, read_about, trained
from MRIAnomalyLib.prepare.recipe import Recipe
from MRIAnomalyLib.records import Prepared

ABOUT = Path(__file__).resolve().parents[2] / "docs" / "bundles" / "brain-t1.toml"
SETTINGS = {"width": 4, "steps": 3, "batch_size": 4, "precision": "float32", "learning_rate": 1e-3}
FACTS = {"brain_ml": 1400.0, "extracted": 0.0, "correlation": 0.6, "scaling": 1.5, "fluid": 0.5, "grey": 0.8}


def person(seed):
    """A few slices of someone."""
    levels = np.arange(0, Recipe().slices, 12)
    stack = replace(ellipses(len(levels), Recipe().size_px, seed), level=levels)
    return Prepared(stack, np.eye(4), np.eye(4), stack.pixels, (np.ones(2), np.ones(2)), FACTS, (0, Recipe().slices - 1))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a training."""
    folder = tmp_path_factory.mktemp("run")
    detector = create("denoiser", SETTINGS)
    detector.fit(person(0).stack, checkpoint_folder=folder)
    save_file(detector.weights(), folder / "weights.safetensors")
    return folder


@pytest.fixture
def cases(tmp_path, monkeypatch):
    """Tables of people, each of whom is found and prepared without reading anything."""
    for split, count in (("train", 3), ("calibration", 20), ("validation", 2), ("test", 2)):
        with (tmp_path / f"{split}.csv").open("w", newline="") as file:
            rows = [(f"{split}{n}", f"{split}{n}", f"{split}{n}.nii.gz") for n in range(count)]
            csv.writer(file).writerows([("id", "subject", "image"), *rows])
        for *_, image in rows:
            (tmp_path / image).touch()
    monkeypatch.setattr(module, "head_of", lambda case: case)
    monkeypatch.setattr(module, "prepare_head", lambda case, recipe: person(len(case.id) + int(case.id[-1])))
    monkeypatch.setattr(module, "prepare_cases", lambda some, recipe: ((case, person(1)) for case in some))
    return tmp_path


def test_a_training_becomes_a_calibrated_bundle_with_a_card_that_tells_all(run, cases):
    out = cases / "brain-t1-denoiser"
    finish(run, out, cases, read_about(ABOUT), minutes=75, hardware="one core")
    bundle = choose_bundle(open_bundle(out))
    verify(bundle)
    assert bundle.model["config"]["steps"] == 3
    assert {split: len(people) for split, people in bundle.model["splits"].items()} == {
        "train": 3,
        "calibration": 20,
        "validation": 2,
        "test": 2,
    }
    assert coded("train0") in bundle.model["splits"]["train"]
    card = bundle.text("card.md")
    for said in (
        "the 3 healthy adults",
        "64 pixels of 3 mm",
        "on 20 healthy adults",
        "3 steps, 75 minutes on one core",
        "Nothing was measured yet",
    ):
        assert said in card
    for picture in ("losses", "samples", "reconstructions"):
        assert f"](card/{picture}.png)" in card
    assert "model brain-t1-denoiser of MRIAnomaly" in bundle.text("LICENSE")
    weights = create("denoiser", SETTINGS)
    weights.load_weights(bundle.weights())
    with pytest.raises(ExistsError, match="--overwrite"):
        finish(run, out, cases, read_about(ABOUT), minutes=75, hardware="one core")


def test_the_time_of_a_scan_is_that_of_whole_ones(run, cases, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "prepare_cases", lambda some, recipe: asked.extend(some) or ((case, person(1)) for case in some))
    finish(run, cases / "brain-t1-denoiser", cases, read_about(ABOUT), minutes=75, hardware="one core")
    assert [case.id for case in asked] == ["calibration0", "calibration1", "calibration2"]
    assert open_bundle(cases / "brain-t1-denoiser").model["timing"]["cpu"]["seconds"] >= 0


def test_settings_are_those_of_the_training_and_others_may_be_laid_over_them(run):
    detector, steps = trained(run, "denoiser", {"batch_size": 7})
    assert (detector.config.width, detector.config.learning_rate, detector.config.batch_size, steps) == (4, 1e-3, 7, 3)


def test_a_folder_without_a_training_is_refused(tmp_path):
    with pytest.raises(InputError, match="does not hold a training's checkpoint"):
        trained(tmp_path, "denoiser", {})


def test_a_description_with_a_missing_or_unknown_entry_is_refused(tmp_path):
    (tmp_path / "about.toml").write_text('use = "To look."')
    with pytest.raises(InputError, match="does not describe a bundle"):
        read_about(tmp_path / "about.toml")

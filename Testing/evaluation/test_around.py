"""Mask inversion on the generator of a bundle: what it hands over to be calibrated and written."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ellipses import ellipses
from small_answers import prepared

from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import ExistsError, UsageError
from MRIAnomalyLib.evaluation import around, finish
from MRIAnomalyLib.evaluation.around import mask_bundle
from MRIAnomalyLib.evaluation.finish import read_about

TEXTS = Path(__file__).resolve().parents[2] / "docs" / "bundles"
ABOUT = replace(read_about(TEXTS / "brain-t1.toml"), config={"fast_steps": 4, "pool": 20})
SOURCE = "brain-t1-anogan"


@pytest.fixture
def cases(tmp_path, monkeypatch):
    """A folder with a table of people, of whom each is prepared without reading anything."""
    rows = [(f"train{number}", f"train{number}", "x.nii", "none") for number in range(3)]
    with (tmp_path / "train.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "subject", "image", "mask"), *rows])
    (tmp_path / "x.nii").touch()
    monkeypatch.setattr(finish, "prepare_case", lambda case, recipe: prepared(ellipses(1, 64, int(case.id[-1]))))
    return tmp_path


@pytest.fixture
def written(monkeypatch):
    """What was handed over to be written."""
    written = []
    monkeypatch.setattr(around, "put_together", lambda *what: written.append(what))
    return written


def test_the_generator_of_the_bundle_is_taken_and_the_noise_measured(cases, written, monkeypatch):
    small = create("anogan", {"width": 4})
    monkeypatch.setattr(around, "load_detector", lambda bundle: small)
    mask_bundle(SOURCE, cases / "brain-t1-mask-inversion", cases, ABOUT)
    ((detector, out, *_, training, _, overwrite, loan),) = written
    assert (detector.name, detector.config.width, detector.config.fast_steps) == ("mask_inversion", 4, 4)
    for key, value in small.generator.state_dict().items():
        np.testing.assert_array_equal(detector.generator.state_dict()[key], value)
    assert detector.noise.scale.std() > 0
    assert (out.name, overwrite) == ("brain-t1-mask-inversion", False)
    assert training["steps"] == open_bundle(SOURCE).model["training"]["steps"]
    sha256 = open_bundle(SOURCE).model["files"]["weights.safetensors"]
    assert loan == {"name": SOURCE, "weights_sha256": sha256, "networks": ["generator"]}


def test_a_bundle_without_such_a_generator_and_a_folder_that_exists_are_refused(cases, written):
    with pytest.raises(UsageError, match="must be anogan or fanogan"):
        mask_bundle("brain-t1-denoiser", cases / "brain-t1-mask-inversion", cases, ABOUT)
    (cases / "there").mkdir()
    with pytest.raises(ExistsError, match="--overwrite"):
        mask_bundle(SOURCE, cases / "there", cases, ABOUT)
    assert written == []

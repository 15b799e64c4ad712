"""Mask inversion on the generator of a small bundle; made-up slices stand for people."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ellipses import ellipses
from small_answers import prepared

from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.loading import choose_bundle, load_detector
from MRIAnomalyLib.errors import ExistsError, UsageError
from MRIAnomalyLib.evaluation import finish
from MRIAnomalyLib.evaluation.around import mask_bundle
from MRIAnomalyLib.evaluation.finish import read_about

ABOUT = replace(
    read_about(Path(__file__).resolve().parents[2] / "docs" / "bundles" / "brain-t1.toml"), config={"fast_steps": 16, "pool": 20}
)
SOURCE = "brain-t1-anogan"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The bundle, of people with one slice each who are prepared without reading anything."""
    folder = tmp_path_factory.mktemp("cases")
    for split, count in (("train", 4), ("calibration", 19), ("validation", 2), ("test", 2)):
        with (folder / f"{split}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [("id", "subject", "image", "mask"), *((f"{split}{n}", f"{split}{n}", "x.nii", "none") for n in range(count))]
            )
    (folder / "x.nii").touch()

    def person(case):
        return prepared(ellipses(1, 64, len(case.id) + int(case.id[-1])))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finish, "prepare_case", lambda case, recipe: person(case))
        patch.setattr(finish, "prepare_cases", lambda some, recipe: ((case, person(case)) for case in some))
        mask_bundle(SOURCE, folder / "brain-t1-mask-inversion", folder, ABOUT)
    return open_bundle(folder / "brain-t1-mask-inversion")


def test_the_bundle_has_the_generator_of_the_other_and_a_calibration_of_its_own(made):
    detector, source = load_detector(choose_bundle(made)), load_detector(open_bundle(SOURCE))
    assert made.detector == "mask_inversion"
    assert detector.config.fast_steps == 16
    for key, value in source.generator.state_dict().items():
        np.testing.assert_array_equal(detector.generator.state_dict()[key], value)
    assert detector.noise.scale.std() > 0
    assert made.model["calibration"]["subjects"] == 19
    assert made.model["training"]["steps"] == open_bundle(SOURCE).model["training"]["steps"]
    assert "card/samples.png" in made.text("card.md")


def test_a_bundle_without_such_a_generator_and_a_folder_that_exists_are_refused(made, tmp_path, monkeypatch):
    with pytest.raises(ExistsError, match="--overwrite"):
        mask_bundle(SOURCE, made.folder, made.folder.parent, ABOUT)
    monkeypatch.setattr(finish, "prepare_case", lambda case, recipe: prepared(ellipses(1, 64)))
    with pytest.raises(UsageError, match="must be anogan or fanogan"):
        mask_bundle("brain-t1-denoiser", tmp_path / "brain-t1-mask-inversion", made.folder.parent, ABOUT)

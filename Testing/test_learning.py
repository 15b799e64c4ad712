"""From scans to a calibrated bundle, small enough for a test: one real brain stands in for many people."""

from dataclasses import replace

import numpy as np
import pytest

from MRIAnomalyLib import learning, resources
from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.loading import choose_bundle
from MRIAnomalyLib.errors import CalibrationError
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.recipe import Recipe, prepare

TINY = {
    "anogan": {"width": 4, "latent_dim": 4, "steps": 2, "batch_size": 4, "pool": 8, "fast_steps": 2, "precision": "float32"},
    "denoiser": {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"},
    "inpainter": {"width": 4, "steps": 2, "batch_size": 4, "patch_share": 0.5, "precision": "float32"},
}


@pytest.fixture(scope="module")
def one_brain():
    return prepare(read_volume(resources.sample("brain_t1_ms_lesions.nii.gz")), Recipe())


@pytest.fixture
def people(one_brain, monkeypatch):
    """Every case is the one brain with a noise of its own."""

    def prepared(cases, recipe, progress=None, stage="prepare"):
        for number, case in enumerate(cases):
            noise = np.random.default_rng(number).normal(0, 0.03, one_brain.stack.pixels.shape).astype(np.float32)
            yield case, replace(one_brain, stack=replace(one_brain.stack, pixels=one_brain.stack.pixels + noise * one_brain.stack.mask))

    def cases(names):
        found = [Case(id=name, subject=name, image=resources.sample("none")) for name in names]
        monkeypatch.setattr(learning, "read_cases", lambda path: found)
        monkeypatch.setattr(learning, "prepare_cases", prepared)

    return cases


def make_bundle(tmp_path, people, detector="anogan"):
    people(("a", "b"))
    how = {
        "config": TINY[detector],
        "recipe": None,
        "resume": False,
        "max_minutes": None,
        "seed": 0,
        "checkpoints": tmp_path / "checkpoints",
    }
    return learning.train(detector, tmp_path / "cases.csv", tmp_path / f"brain-t1-{detector}", **how)


def test_training_leaves_a_bundle_that_says_it_is_not_calibrated(tmp_path, people):
    bundle = open_bundle(make_bundle(tmp_path, people))
    assert bundle.model["splits"]["train"] == ["a", "b"]
    assert (bundle.folder / "card" / "losses.png").exists()
    with pytest.raises(Exception, match="not calibrated"):
        choose_bundle(bundle)


def test_calibration_needs_other_people_than_training(tmp_path, people):
    folder = make_bundle(tmp_path, people)
    people(["b", *map(str, range(20))])
    with pytest.raises(CalibrationError, match="1 of these people"):
        learning.calibrate(folder, tmp_path / "cases.csv", None, device="cpu")


@pytest.mark.parametrize("detector", TINY)
def test_a_calibrated_bundle_keeps_its_weights_and_can_be_chosen(tmp_path, people, detector):
    folder = make_bundle(tmp_path, people, detector)
    before = open_bundle(folder).weights()
    people(list(map(str, range(20))))
    learning.calibrate(folder, tmp_path / "cases.csv", tmp_path / "out", device="cpu")
    after = open_bundle(tmp_path / "out")
    assert all(np.array_equal(before[name], array) for name, array in after.weights().items())
    assert after.model["calibration"]["subjects"] == 20
    assert after.model["calibration"]["smallest_p"] == pytest.approx(1 / 21)
    assert choose_bundle(after) is after


def test_a_person_scanned_twice_counts_once():
    cases = [Case(id=name, subject=who, image=resources.sample("none")) for name, who in (("1", "a"), ("2", "a"), ("3", "b"))]
    assert [case.id for case in learning.one_per_subject(cases)] == ["1", "3"]

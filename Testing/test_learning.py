"""From scans to a calibrated bundle, small enough for a test: one real brain stands in for many people."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from MRIAnomalyLib import learning, resources
from MRIAnomalyLib.bundles.bundle import open_bundle
from MRIAnomalyLib.bundles.loading import choose_bundle
from MRIAnomalyLib.bundles.model import coded
from MRIAnomalyLib.detectors.memory import Redrawn
from MRIAnomalyLib.errors import BundleError, CalibrationError, UsageError
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.recipe import Recipe, prepare

TINY = {
    "anogan": {"width": 4, "latent_dim": 4, "steps": 2, "batch_size": 4, "pool": 8, "fast_steps": 2, "precision": "float32"},
    "fanogan": {"width": 4, "latent_dim": 4, "steps": 2, "encoder_steps": 2, "batch_size": 4, "precision": "float32"},
    "denoiser": {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"},
    "inpainter": {"width": 4, "steps": 2, "batch_size": 4, "precision": "float32"},
    "latent_regularised": {"width": 4, "latent_dim": 4, "steps": 2, "batch_size": 4, "precision": "float32"},
}
NEIGHBOURS = [f"neighbour_{number:02}" for number in range(20)]


@pytest.fixture(scope="module")
def one_brain():
    """Prepared, and of its slices every fourth, which is enough to learn from and four times as fast."""
    whole = prepare(read_volume(resources.sample("brain_t1_ms_lesions.nii.gz")), Recipe())
    return replace(whole, stack=whole.stack.take(np.arange(0, 60, 4)))


@pytest.fixture(scope="module")
def people(one_brain):
    """Sets whose scans are found: every case is the one brain with a noise of its own."""

    def prepared(cases, recipe, progress=None, stage="prepare"):
        for number, case in enumerate(cases):
            noise = np.random.default_rng(number).normal(0, 0.03, one_brain.stack.pixels.shape).astype(np.float32)
            yield case, replace(one_brain, stack=replace(one_brain.stack, pixels=one_brain.stack.pixels + noise * one_brain.stack.mask))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "prepare_cases", prepared)

        def found(names):
            cases = [Case(id=name, subject=name, image=resources.sample("none")) for name in names]
            patch.setattr(learning, "read_cases", lambda path: cases)

        yield found


def make_bundle(folder, people, names=("a", "b"), detector="anogan", name=None, **changes):
    people(names)
    checkpoints = folder / "checkpoints"
    how = {"config": TINY[detector], "recipe": None, "resume": False, "max_minutes": None, "seed": 0, "checkpoints": checkpoints}
    out = folder / (name or f"brain-t1-{detector.replace('_', '-')}")
    return learning.train(detector, folder / "cases.csv", out, **{**how, **changes})


@pytest.fixture(scope="module")
def calibration(tmp_path_factory, people):
    """A bundle calibrated in its place on a GPU that is too small for the first person already, and what was seen on the way."""
    folder = make_bundle(tmp_path_factory.mktemp("calibration"), people, ("mrs_smith", "mr_jones"))
    seen = SimpleNamespace(before=open_bundle(folder).weights(), asked=[], told=[])

    def cramped(detector, stack, *, device, steps):
        seen.asked.append(device)
        return Redrawn(detector.reconstruct(stack, steps=steps), "cpu", () if device == "cpu" else ("The GPU was small.",))

    people(NEIGHBOURS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "redraw", cramped)
        patch.setattr(learning, "pick_device", lambda wanted: "cuda")
        learning.calibrate(folder, folder.parent / "cases.csv", device="cuda", overwrite=True, warn=seen.told.append)
    seen.after = open_bundle(folder)
    return seen


def test_training_leaves_a_bundle_that_says_it_is_not_calibrated(tmp_path, people):
    bundle = open_bundle(make_bundle(tmp_path, people))
    assert bundle.model["splits"]["train"] == sorted([coded("a"), coded("b")])
    assert (bundle.folder / "card" / "losses.png").exists()
    with pytest.raises(Exception, match="not calibrated"):
        choose_bundle(bundle)


def test_a_name_that_no_bundle_can_have_is_refused_before_any_scan_is_read(tmp_path, people, monkeypatch):
    monkeypatch.setattr(learning, "prepare_cases", None)
    with pytest.raises(BundleError, match=r"'mine' is not a bundle's name: it must read <anatomy>-<sequence>-latent-regularised\."):
        make_bundle(tmp_path, people, detector="latent_regularised", name="mine")
    assert not list(tmp_path.iterdir())


def test_calibration_needs_other_people_than_training(tmp_path, people):
    folder = make_bundle(tmp_path, people)
    people(["b", *map(str, range(20))])
    with pytest.raises(CalibrationError, match="1 of these people"):
        learning.calibrate(folder, tmp_path / "cases.csv", tmp_path / "out", device="cpu")


def test_a_bundle_is_not_replaced_unless_that_is_allowed(tmp_path, people):
    folder = make_bundle(tmp_path, people)
    people(NEIGHBOURS)
    for out in (None, folder):
        with pytest.raises(UsageError, match="--overwrite"):
            learning.calibrate(folder, tmp_path / "cases.csv", out, device="cpu")


@pytest.mark.parametrize("out", [None, resources.resources_folder() / "bundles" / "brain-t1-anogan"])
def test_a_model_that_ships_is_never_replaced(tmp_path, people, out):
    people(NEIGHBOURS)
    with pytest.raises(UsageError, match="name a folder for the calibrated model with --out"):
        learning.calibrate("brain-t1-anogan", tmp_path / "cases.csv", out, overwrite=True)


def test_a_calibrated_bundle_keeps_its_weights_and_can_be_chosen(calibration):
    after = calibration.after
    assert all(np.array_equal(calibration.before[name], array) for name, array in after.weights().items())
    assert after.model["calibration"]["subjects"] == 20
    assert after.model["calibration"]["smallest_p"] == pytest.approx(1 / 21)
    assert choose_bundle(after) is after


def test_no_file_of_a_bundle_names_anybody(calibration):
    content = b"".join(path.read_bytes() for path in calibration.after.folder.rglob("*") if path.is_file())
    assert not re.search(rb"smith|jones|neighbour", content)
    assert calibration.after.model["splits"]["calibration"] == sorted(map(coded, NEIGHBOURS))


def test_want_of_memory_is_told_once_and_the_time_is_that_of_the_device_that_did_the_work(calibration):
    assert calibration.asked == ["cuda"] + 19 * ["cpu"]
    assert calibration.told == ["The GPU was small."]
    ((device, timing),) = calibration.after.model["timing"].items()
    assert device == "cpu"
    assert "core" in timing["hardware"]


def test_a_detector_that_predicts_a_spread_is_calibrated_by_its_own_deviation(tmp_path, people):
    folder = make_bundle(tmp_path, people, detector="inpainter")
    people(NEIGHBOURS)
    learning.calibrate(folder, tmp_path / "cases.csv", tmp_path / "out", device="cpu")
    after = open_bundle(tmp_path / "out")
    assert after.model["config"]["levels"] == Recipe().slices
    assert after.model["calibration"]["evidence"]["silent"] == ["atlas"]
    assert choose_bundle(after) is after


@pytest.mark.parametrize(("detector", "silent"), [("denoiser", ["atlas", "asymmetry"]), ("latent_regularised", ["atlas"])])
def test_a_detector_of_one_pass_goes_from_scans_to_a_calibrated_bundle(tmp_path, people, detector, silent):
    folder = make_bundle(tmp_path, people, detector=detector)
    people(NEIGHBOURS)
    learning.calibrate(folder, tmp_path / "cases.csv", tmp_path / "out", device="cpu")
    after = open_bundle(tmp_path / "out")
    assert after.detector == detector
    assert after.model["calibration"]["evidence"]["silent"] == silent
    assert choose_bundle(after) is after


@pytest.fixture(scope="module")
def parent(tmp_path_factory, people):
    return open_bundle(make_bundle(tmp_path_factory.mktemp("parent"), people))


def test_a_bundle_that_started_from_another_says_so_and_has_its_settings(tmp_path, people, parent):
    changes = {"config": {"steps": 3, "frozen_layers": 2}, "source": parent.folder, "seed": 4}
    child = open_bundle(make_bundle(tmp_path, people, ("b", "c"), **changes))
    assert child.model["config"] == {**parent.model["config"], **changes["config"], "seed": 4}
    sha = parent.model["files"]["weights.safetensors"]
    assert child.model["training"]["from"] == {"name": "brain-t1-anogan", "weights_sha256": sha}
    assert f"| Training started from | `brain-t1-anogan`, weights with SHA-256 {sha} |" in child.text("card.md")
    assert child.text("LICENSE").endswith(parent.text("LICENSE"))
    before, after = parent.weights(), child.weights()
    kept = {name for name in after if np.array_equal(before[name], after[name])}
    assert {name for name in after if re.match(r"discriminator\.layers\.[0-4]\.", name)} <= kept
    assert not {"generator.layers.0.weight", "discriminator.layers.5.weight"} & kept


def test_people_that_the_source_learned_from_are_none_to_calibrate_on(tmp_path, people, parent):
    folder = make_bundle(tmp_path, people, ("b", "c"), source=parent.folder)
    assert open_bundle(folder).model["splits"]["source"] == [coded("a")]
    people(["a", *map(str, range(20))])
    with pytest.raises(CalibrationError, match="1 of these people"):
        learning.calibrate(folder, tmp_path / "cases.csv", tmp_path / "out", device="cpu")


def test_a_source_that_does_not_fit_is_refused_before_any_scan_is_read(tmp_path, people, parent, monkeypatch):
    monkeypatch.setattr(learning, "prepare_cases", None)
    refused = {"keep its width of 4": {"config": {"width": 8}}, "set recipe.size_px to 64": {"recipe": {"size_px": 32}}}
    for said, changes in {**refused, "pixel_mm is thin; it must be a number": {"recipe": {"pixel_mm": "thin"}}}.items():
        with pytest.raises(UsageError, match=said):
            make_bundle(tmp_path, people, source=parent.folder, **changes)


def test_a_person_scanned_twice_counts_once():
    cases = [Case(id=name, subject=who, image=resources.sample("none")) for name, who in (("1", "a"), ("2", "a"), ("3", "b"))]
    assert [case.id for case in learning.one_per_subject(cases)] == ["1", "3"]

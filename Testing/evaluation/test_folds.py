import numpy as np
import pytest
from taught import normals, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.detectors.base import Detector
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.evaluation import flair, folds
from MRIAnomalyLib.evaluation.sets import SPLITS
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.prepare.recipe import Recipe, recipe_from

SMALL = {"size_px": 16, "slices": 1, "step_mm": 2.0}
SHORT = {"steps": 4, "batch_size": 4}


def people(split):
    """Five people of each split without a lesion, and in two of them three with."""
    free = [Case(id=f"{split}{number}", subject=f"{split}{number}", image=None, healthy=True) for number in range(5)]
    sick = [Case(id=f"{split}{number}", subject=f"{split}{number}", image=None, healthy=False) for number in range(5, 8)]
    return free + (sick if split in ("validation", "test") else [])


@pytest.fixture
def dealt(monkeypatch):
    monkeypatch.setattr(flair, "flair", lambda root, split: people(split))
    return folds.folds(None)


@pytest.fixture
def bundle(tmp_path):
    """Makes a bundle of a taught detector, for FLAIR or T1, that may borrow its generator."""

    def make(name, sequence="FLAIR", lender=None):
        detector = taught(name).detector
        recipe = {**SMALL, "sequence": sequence}
        label = f"brain-{sequence.lower()}-{name.replace('_', '-')}"
        changes = {"lender": lender} if lender else {}
        model = make_model(label, detector=name, config=detector.settings(), recipe=recipe, **changes)
        own = {key: array for key, array in detector.weights().items() if not lender or not key.startswith("generator.")}
        return save_bundle(tmp_path / label, model, own, {"scores": np.zeros(1)}, "# Card", {}, "None.")

    return make


def trainings(folder, resume=False, **settings):
    return folds.Trainings(folder / "kept", {**SHORT, **settings}, "cpu", resume)


def test_everyone_is_looked_at_in_one_fold_and_is_in_one_part_of_each(dealt):
    looked_at = [case.id for fold in dealt for case in fold.looked_at]
    assert sorted(looked_at) == sorted(case.id for split in SPLITS for case in people(split))
    for fold in dealt:
        parts = [case.subject for case in (*fold.train, *fold.calibration, *fold.looked_at)]
        assert len(parts) == len(set(parts)) == 20 + len([case for case in fold.looked_at if not case.healthy])


def test_nobody_with_a_lesion_is_learned_from_or_compared_with(dealt):
    assert all(case.healthy for fold in dealt for case in (*fold.train, *fold.calibration))
    assert [len(fold.train) for fold in dealt] == [12] * 5
    assert min(sum(not case.healthy for case in fold.looked_at) for fold in dealt) == 1


def test_the_same_people_are_dealt_alike_and_few_when_few_are_asked_for(dealt):
    assert folds.folds(None) == dealt
    few = folds.folds(None, most=5)
    assert [len(fold.looked_at) for fold in few] == [2] * 5


def test_a_bundle_for_flair_gives_its_settings_and_no_weights(bundle, tmp_path):
    before = bundle("denoiser")
    detector = trainings(tmp_path).detector(before)
    assert (detector.source, detector.config.width, detector.config.steps) == (None, 8, 4)
    assert detector.config.levels == 1  # the taught one knows two
    learned = {name for name, array in before.weights().items() if array.ndim == 4 and np.array_equal(array, detector.weights()[name])}
    assert not learned


def test_a_bundle_for_t1_gives_its_weights_too(bundle, tmp_path, monkeypatch):
    before = bundle("anogan", "T1")
    monkeypatch.setattr(folds, "recipe_here", lambda bundle: recipe_from({**SMALL, "sequence": "FLAIR"}))
    detector = trainings(tmp_path).detector(before)
    assert detector.source.name == "brain-t1-anogan"
    assert all(np.array_equal(array, before.weights()[name]) for name, array in detector.weights().items())


def test_pictures_are_prepared_as_is_usual_for_flair(bundle):
    here = folds.recipe_here(bundle("anogan", "T1"))
    assert here == recipe_from({"sequence": "FLAIR"}) != Recipe()


def test_a_training_is_done_once_and_taken_up_again(bundle, tmp_path, monkeypatch):
    before, slices, done = bundle("denoiser"), normals(8), []
    fit = Detector.fit
    monkeypatch.setattr(Detector, "fit", lambda self, *args, **how: done.append(self.name) or fit(self, *args, **how))
    first = trainings(tmp_path)
    learned = first.learned(before, slices)
    assert first.learned(before, slices) is learned
    assert done == ["denoiser"]
    again = trainings(tmp_path, resume=True).learned(before, slices)
    assert all(np.array_equal(array, again.weights()[name]) for name, array in learned.weights().items())


def test_mask_inversion_stands_on_the_generator_that_learned_the_same_slices(bundle, tmp_path):
    source = bundle("anogan")
    lender = {"name": source.name, "weights_sha256": source.model["files"]["weights.safetensors"], "networks": ["generator"]}
    both, slices = trainings(tmp_path), normals(8)
    masks = both.learned(bundle("mask_inversion", lender=lender), slices)
    generator = {name: array for name, array in both.learned(source, slices).weights().items() if name.startswith("generator.")}
    assert generator and all(np.array_equal(array, masks.weights()[name]) for name, array in generator.items())
    assert masks.config.pool == taught("mask_inversion").detector.config.pool


def test_a_setting_that_cannot_be_is_refused_before_training(bundle, tmp_path):
    with pytest.raises(UsageError):
        trainings(tmp_path, steps=-1).detector(bundle("denoiser"))

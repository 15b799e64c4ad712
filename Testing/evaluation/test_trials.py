import json
from dataclasses import replace

import numpy as np
import pytest
from taught import normals, taught

from MRIAnomalyLib.evaluation.pasted import with_lesions
from MRIAnomalyLib.evaluation.trials import FROM_BUNDLE, SCRATCH, LookedAt, Trial, look, run_trial, ways_of
from MRIAnomalyLib.records import Reconstruction
from MRIAnomalyLib.training import loop
from MRIAnomalyLib.training.transfer import Source


def trial(way=FROM_BUNDLE, detector="denoiser", **changes):
    before = taught(detector).detector
    source = Source(f"brain-t1-{detector}", "a" * 64, detector, before.settings(), before.weights())
    return replace(Trial(source, way, normals(20, seed=1), 8, 0, {"steps": 6}), **changes)


@pytest.fixture(scope="module")
def people():
    healthy = replace(normals(6, seed=2), subject=np.repeat([4, 9], 3))
    return LookedAt(healthy, *with_lesions(healthy, [np.ones((2, 3), bool)], 0))


class Redraws:
    """Knows what is healthy, and for sure only as much as `spread` says."""

    def __init__(self, healthy, off=0.0, spread=None):
        self.healthy, self.off, self.spread = healthy, off, spread

    def steps_for(self, quality):
        return 0

    def redraw(self, stack, **how):
        return Reconstruction(self.healthy + np.float32(self.off), {}, spread=self.spread)


def test_who_is_asked_as_it_is_keeps_all_that_it_holds_and_learns_nothing(people, tmp_path, monkeypatch):
    asked = trial(trained=False, settings={})
    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    held, learned = asked.begun().weights(), asked.source.weights
    assert all(np.array_equal(held[name], learned[name]) for name in learned)
    assert run_trial(asked, people, tmp_path, "cpu", resume=False) == look(asked.begun(), people, "cpu")


def test_who_redraws_healthy_people_perfectly_has_no_error_and_sees_every_lesion(people):
    found = look(Redraws(people.healthy.pixels), people, "cpu")
    assert found.error == [0, 0]
    assert min(found.auroc) > 0.9
    assert look(Redraws(people.healthy.pixels, 0.1), people, "cpu").error == pytest.approx([0.1, 0.1], abs=1e-6)


def test_what_is_predicted_to_vary_counts_for_less(people):
    spread = np.where(people.truth[:, None], 1e3, 1).astype(np.float32)
    assert max(look(Redraws(people.healthy.pixels, 0.1, spread), people, "cpu").auroc) < 0.5


def test_only_a_method_whose_bundle_holds_a_critic_has_layers_to_freeze():
    assert list(ways_of("denoiser")) == [SCRATCH, FROM_BUNDLE]
    assert list(ways_of("anogan")) == [SCRATCH, FROM_BUNDLE, "from the bundle, 2 layers frozen"]


def test_both_ways_learn_with_the_same_settings_and_one_starts_with_the_weights_of_the_bundle():
    nothing, start = trial(SCRATCH).begun(), trial().begun()
    assert nothing.config == start.config
    assert (nothing.source, start.source.name) == (None, "brain-t1-denoiser")
    frozen = trial("from the bundle, 2 layers frozen", "anogan").begun()
    assert frozen.config == replace(trial(SCRATCH, "anogan").begun().config, frozen_layers=2)


def test_one_network_can_begin_with_nothing_learned_beside_those_of_the_bundle():
    anew = {"anew": "discriminator"}
    bundle, first, second = (trial(detector="anogan", **how).begun().weights() for how in ({}, anew, {**anew, "seed": 1}))
    assert all(np.array_equal(array, first[key]) for key, array in bundle.items() if not key.startswith("discriminator."))
    for key in (key for key, array in bundle.items() if key.startswith("discriminator.") and array.ndim > 1):
        assert not np.array_equal(bundle[key], first[key])
        assert not np.array_equal(first[key], second[key])


def test_what_a_trial_found_is_kept_and_taken_again_on_request(people, tmp_path, monkeypatch):
    found = run_trial(trial(), people, tmp_path, "cpu", resume=False)
    (kept,) = tmp_path.iterdir()
    assert json.loads(kept.read_text()) == vars(found)
    kept.write_text(json.dumps({"error": [1.0], "auroc": [0.5]}))
    assert run_trial(trial(), people, tmp_path, "cpu", resume=True).error == [1.0]
    assert run_trial(trial(), people, tmp_path, "cpu", resume=False) == found
    for other in (trial(SCRATCH), trial(seed=1), trial(count=9), trial(settings={"steps": 5}), trial(thorough=True)):
        run_trial(other, people, tmp_path, "cpu", resume=True)
    assert len(list(tmp_path.iterdir())) == 6


def test_a_trial_that_was_cut_off_finds_the_same_in_the_end(people, tmp_path, monkeypatch):
    straight = run_trial(trial(), people, tmp_path / "straight", "cpu", resume=True)

    def stop(*told):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        patch.setattr(loop, "LOG_EVERY", 4)
        patch.setattr(loop, "_note", stop)  # at step 4, with a checkpoint after step 3
        with pytest.raises(KeyboardInterrupt):
            run_trial(trial(), people, tmp_path / "cut", "cpu", resume=True)
    (run,) = (tmp_path / "cut").iterdir()
    assert (run / loop.CHECKPOINT).exists()
    assert run_trial(trial(), people, tmp_path / "cut", "cpu", resume=True) == straight

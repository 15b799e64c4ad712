import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from taught import BLOB, normals, planted, taught, untaught

from MRIAnomalyLib.detectors import inpainter
from MRIAnomalyLib.detectors.inpainter import likelihood_loss
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.records import SliceStack
from MRIAnomalyLib.training.realism import Realism


@pytest.fixture(scope="module")
def trained():
    return taught("inpainter").detector


def test_the_loss_is_the_gaussian_likelihood_where_it_counts():
    slices, mean, spread = torch.tensor([1.0, 5.0]), torch.tensor([0.0, 0.0]), torch.tensor([0.5, 0.5])
    value = likelihood_loss(*(one.reshape(1, 1, 1, 2) for one in (slices, mean, spread, torch.tensor([1.0, 0.0]))))
    assert value.item() == pytest.approx(2.0 + math.log(0.5))


def test_the_loss_falls():
    curve = taught("inpainter").curve
    assert curve[-1][2]["likelihood"] < curve[0][2]["likelihood"] - 0.5


def test_the_predicted_spread_is_that_of_the_data():
    noise = np.random.default_rng(0).normal(size=(400, 1, 16, 16))
    known = np.where(np.arange(16) < 8, 0.05, 0.2)
    pixels = (1 + known * noise).astype(np.float32)
    flat = SliceStack(pixels, np.ones_like(pixels, bool), np.zeros(400, int), np.arange(400))
    detector = untaught("inpainter", mirror=False, steps=400)
    detector.fit(flat)
    spread = detector.reconstruct(flat.take(np.arange(20))).spread.mean((0, 1, 2))
    # every slice is also a little brighter or darker in training, by 5 %; the context tells how much
    assert 0.04 < spread[1:7].mean() < 0.08
    assert 0.17 < spread[9:15].mean() < 0.24


def test_what_was_hidden_is_near_the_truth_on_slices_never_seen(trained):
    stack = normals(8, seed=11)
    untrained = untaught("inpainter").reconstruct(stack).terms["residual"]
    assert trained.reconstruct(stack).terms["residual"].mean() < 0.5 * untrained.mean()


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_raises_the_score_and_lights_up_where_it_is(trained, contrast):
    stack = normals(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack), trained.reconstruct(lesioned)
    assert (after.terms["deviation"] > before.terms["deviation"]).all()
    off = np.sign(contrast) * (lesioned.pixels - after.healthy) / after.spread
    assert off[BLOB].mean() > 3 * np.abs((stack.pixels - before.healthy) / before.spread)[BLOB].mean()


def test_a_lesion_larger_than_the_hidden_patch_is_found_by_the_second_look(trained):
    stack = normals(6, seed=3)
    pixels = stack.pixels.copy()
    lesion = np.s_[:, 0, 3:12, 3:7]  # the patch is 4 pixels wide
    inside = stack.mask[lesion]
    pixels[lesion] -= 0.5 * inside
    lesioned = replace(stack, pixels=pixels)
    again = untaught("inpainter", second_look=True)
    again.load_weights(trained.weights())

    def continued(detector):
        """How much of the lesion is in what should be healthy."""
        with_it, without = (detector.reconstruct(one).healthy for one in (lesioned, stack))
        return np.abs(with_it - without)[lesion][inside].mean()

    assert continued(again) < 0.75 * continued(trained)


def test_a_critic_sees_predictions_where_the_slice_was_hidden_and_the_slice_elsewhere(monkeypatch):
    hidden, seen = torch.zeros(16, 1, 16, 16), []
    hidden[..., 4:9, 4:9] = 1
    monkeypatch.setattr(inpainter, "random_hidden", lambda count, size, random: hidden)
    judge = Realism.judge
    monkeypatch.setattr(Realism, "judge", lambda critic, real, made, step: seen.append((real, made)) or judge(critic, real, made, step))
    detector = untaught("inpainter", critic_weight=0.01, critic_from=0, critic_width=4, steps=2)
    curve = []
    detector.fit(normals(), log=lambda *told: curve.append(told))
    assert set(curve[-1][2]) == {"likelihood", "critic", "realism"}
    for real, made in seen:
        assert torch.equal(real[hidden == 0], made[hidden == 0])
        assert (real != made)[hidden == 1].float().mean() > 0.9


def test_slices_of_another_level_and_settings_that_cannot_be_are_refused():
    stack = normals(4)
    with pytest.raises(UsageError, match="knows 2 levels"):
        untaught("inpainter").fit(replace(stack, level=stack.level + 2))
    for wrong in ({"patch_share": 0.9}, {"settle_share": 0.0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught("inpainter", **wrong)

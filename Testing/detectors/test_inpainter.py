import math

import numpy as np
import pytest
import torch
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.detectors.inpainter import likelihood_loss
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.records import SliceStack
from MRIAnomalyLib.training import loop

SMALL = {"image_size": 32, "levels": 2, "width": 16, "batch_size": 16, "steps": 300, "warm_up": 20, "average_decay": 0.98}


@pytest.fixture(scope="module")
def trained():
    detector = create("inpainter", SMALL)
    detector.fit(ellipses(200))
    return detector


def test_the_loss_is_the_gaussian_likelihood_where_it_counts():
    slices, mean, spread = torch.tensor([1.0, 5.0]), torch.tensor([0.0, 0.0]), torch.tensor([0.5, 0.5])
    value = likelihood_loss(*(one.reshape(1, 1, 1, 2) for one in (slices, mean, spread, torch.tensor([1.0, 0.0]))))
    assert value.item() == pytest.approx(2.0 + math.log(0.5))


def test_the_loss_falls_on_32_tiny_slices():
    told = []
    create("inpainter", {**SMALL, "steps": 150}).fit(ellipses(32), log=lambda done, total, losses: told.append(losses["likelihood"]))
    assert told[-1] < told[0] - 0.5


def test_a_run_that_was_cut_off_ends_with_the_weights_and_curves_of_one_that_was_not(tmp_path, monkeypatch):
    short = {**SMALL, "steps": 70}
    straight, resumed = create("inpainter", short), create("inpainter", short)
    straight.fit(ellipses(32), checkpoint_folder=tmp_path / "straight")

    def stop(done, total, losses):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        with pytest.raises(KeyboardInterrupt):
            create("inpainter", short).fit(ellipses(32), checkpoint_folder=tmp_path / "cut", log=stop)
    resumed.fit(ellipses(32), checkpoint_folder=tmp_path / "cut", resume=True)
    assert all(np.array_equal(array, resumed.weights()[name]) for name, array in straight.weights().items())
    curves = [(tmp_path / name / "losses.csv").read_text() for name in ("straight", "cut")]
    assert curves[0] == curves[1]


def test_the_predicted_spread_is_that_of_the_data():
    noise = np.random.default_rng(0).normal(size=(400, 1, 32, 32))
    known = np.where(np.arange(32) < 16, 0.05, 0.2)
    pixels = (1 + known * noise).astype(np.float32)
    rows = np.arange(400)
    flat = SliceStack(pixels, np.ones_like(pixels, bool), np.zeros(400, int), rows)
    detector = create("inpainter", {**SMALL, "mirror": False})
    detector.fit(flat)
    spread = detector.reconstruct(flat.take(rows[:20])).spread.mean((0, 1, 2))
    # every slice is also a little brighter or darker in training, by 5 %; the context tells how much
    assert 0.04 < spread[2:14].mean() < 0.08
    assert 0.17 < spread[18:30].mean() < 0.23


def test_what_was_hidden_is_near_the_truth_on_slices_never_seen(trained):
    stack = ellipses(8, seed=11)
    untrained = create("inpainter", SMALL).reconstruct(stack).terms["residual"]
    assert trained.reconstruct(stack).terms["residual"].mean() < 0.5 * untrained.mean()


@pytest.mark.parametrize("contrast", [0.3, -0.3])
def test_a_planted_square_raises_the_score_and_lights_up_where_it_is(trained, contrast):
    stack = ellipses(6, seed=3)
    pixels = stack.pixels.copy()
    pixels[..., 9:14, 8:13] += contrast
    lesioned = SliceStack(pixels, stack.mask, stack.level, stack.subject)
    before, after = trained.reconstruct(stack), trained.reconstruct(lesioned)
    assert (after.terms["deviation"] > before.terms["deviation"]).all()
    off = np.where(stack.mask, np.sign(contrast) * (pixels - after.healthy) / after.spread, 0)[:, 0]
    rows, columns = np.array([np.unravel_index(slice_.argmax(), slice_.shape) for slice_ in off]).T
    inside = (rows >= 9) & (rows < 14) & (columns >= 8) & (columns < 13)
    assert inside.mean() > 0.8


def test_a_lesion_larger_than_the_hidden_patch_is_found_by_the_second_look(trained):
    stack = ellipses(6, seed=3)
    pixels = stack.pixels.copy()
    lesion = np.s_[:, 0, 8:22, 6:13]  # the patch is 8 pixels wide
    inside = stack.mask[lesion]
    pixels[lesion] -= 0.3 * inside
    lesioned = SliceStack(pixels, stack.mask, stack.level, stack.subject)
    again = create("inpainter", {**SMALL, "second_look": True})
    again.load_weights(trained.weights())
    missed = [np.abs(detector.reconstruct(lesioned).healthy - stack.pixels)[lesion][inside].mean() for detector in (trained, again)]
    assert missed[1] < 0.7 * missed[0]


def test_slices_of_another_size_or_level_and_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="the network takes 32"):
        create("inpainter", SMALL).fit(ellipses(4, size=16))
    stack = ellipses(4)
    with pytest.raises(UsageError, match="knows 2 levels"):
        create("inpainter", SMALL).fit(SliceStack(stack.pixels, stack.mask, stack.level + 2, stack.subject))
    for wrong in ({"image_size": 48}, {"width": 0}, {"precision": "float8"}, {"patch_share": 0.9}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            create("inpainter", wrong)

import numpy as np
import pytest
import torch
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.detectors.denoiser import restoration_loss
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.records import SliceStack
from MRIAnomalyLib.training import loop

SMALL = {"image_size": 32, "levels": 2, "width": 16, "batch_size": 16, "steps": 300, "warm_up": 20, "average_decay": 0.98}
WITH_CRITIC = {**SMALL, "critic_weight": 0.01, "critic_width": 4}


@pytest.fixture(scope="module")
def trained():
    detector = create("denoiser", SMALL)
    detector.fit(ellipses(200))
    return detector


def test_the_loss_is_the_mean_square_where_the_mask_is():
    restored, slices, mask = torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0.5, 0.0, 4.0]), torch.tensor([True, False, True])
    value = restoration_loss(*(one.reshape(1, 1, 1, 3) for one in (restored, slices, mask)))
    assert value.item() == pytest.approx((0.25 + 4.0) / 2)


def test_the_loss_falls_on_32_tiny_slices():
    told = []
    create("denoiser", {**SMALL, "steps": 100}).fit(ellipses(32), log=lambda done, total, losses: told.append(losses["restoration"]))
    assert told[-1] < 0.6 * told[0]


def test_a_run_that_was_cut_off_ends_with_the_weights_and_curves_of_one_that_was_not(tmp_path, monkeypatch):
    short = {**WITH_CRITIC, "critic_from": 30, "steps": 60}
    straight, resumed = create("denoiser", short), create("denoiser", short)
    straight.fit(ellipses(32), checkpoint_folder=tmp_path / "straight")

    def stop(done, total, losses):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        with pytest.raises(KeyboardInterrupt):
            create("denoiser", short).fit(ellipses(32), checkpoint_folder=tmp_path / "cut", log=stop)
    resumed.fit(ellipses(32), checkpoint_folder=tmp_path / "cut", resume=True)
    assert all(np.array_equal(array, resumed.weights()[name]) for name, array in straight.weights().items())
    curves = [(tmp_path / name / "losses.csv").read_text() for name in ("straight", "cut")]
    assert curves[0] == curves[1]


def test_a_critic_says_nothing_before_its_step_and_something_from_there_on():
    weights = []
    for settings in (SMALL, {**WITH_CRITIC, "critic_from": 5}, {**WITH_CRITIC, "critic_from": 4}):
        detector = create("denoiser", {**settings, "steps": 5})
        detector.fit(ellipses(32))
        weights.append(detector.weights())
    without, late, there = weights
    assert all(np.array_equal(without[name], late[name]) for name in without)
    assert not all(np.array_equal(without[name], there[name]) for name in without)


def test_slices_never_seen_come_out_much_nearer_to_themselves_than_the_mean_slice_is(trained):
    stack = ellipses(8, seed=11)
    mean = np.abs(stack.pixels - trained.restorer.mean[0].numpy()).mean(where=stack.mask)
    assert trained.reconstruct(stack).terms["residual"].mean() < 0.4 * mean


def planted(stack, contrast):
    """The same slices with a square of 5 x 5 pixels made brighter or darker, away from the dark middle."""
    pixels = stack.pixels.copy()
    pixels[..., 9:14, 8:13] += contrast
    return SliceStack(pixels, stack.mask, stack.level, stack.subject)


@pytest.mark.parametrize("contrast", [0.3, -0.3])
def test_a_planted_square_raises_the_score_and_is_taken_off_where_it_is(trained, contrast):
    stack = ellipses(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack), trained.reconstruct(lesioned)
    assert (after.terms["residual"] > before.terms["residual"]).all()
    taken = ((lesioned.pixels - after.healthy) / contrast)[:, 0, 9:14, 8:13]
    assert taken.mean() > 0.6
    off = np.where(stack.mask, np.sign(contrast) * (lesioned.pixels - after.healthy), 0)[:, 0]
    rows, columns = np.array([np.unravel_index(slice_.argmax(), slice_.shape) for slice_ in off]).T
    inside = (rows >= 9) & (rows < 14) & (columns >= 8) & (columns < 13)
    assert inside.mean() > 0.8


def test_the_mirror_image_gets_the_mirrored_answer(trained):
    stack = planted(ellipses(4, seed=3), 0.3)
    turned = SliceStack(stack.pixels[..., ::-1].copy(), stack.mask[..., ::-1].copy(), stack.level, stack.subject)
    np.testing.assert_allclose(trained.reconstruct(turned).healthy, trained.reconstruct(stack).healthy[..., ::-1], atol=1e-5)


def test_nothing_changes_outside_the_brain(trained):
    stack = ellipses(3, seed=5)
    pixels = stack.pixels + np.where(stack.mask, 0, 0.7).astype(np.float32)
    healthy = trained.reconstruct(SliceStack(pixels, stack.mask, stack.level, stack.subject)).healthy
    assert np.array_equal(healthy[~stack.mask], pixels[~stack.mask])


def test_fewer_slices_at_once_give_the_same_answer(trained):
    stack = ellipses(5, seed=7)
    together, by_two = (trained.reconstruct(stack, rows_at_once=rows).healthy for rows in (None, 2))
    np.testing.assert_allclose(together, by_two, atol=1e-6)


def test_slices_of_another_size_or_level_and_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="the network takes 32"):
        create("denoiser", SMALL).fit(ellipses(4, size=16))
    stack = ellipses(4)
    with pytest.raises(UsageError, match="knows 2 levels"):
        create("denoiser", SMALL).fit(SliceStack(stack.pixels, stack.mask, stack.level + 2, stack.subject))
    for wrong in ({"image_size": 48}, {"steps": 0}, {"precision": "float8"}, {"noise_cells": (24,)}, {"noise_low": 0.9}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            create("denoiser", wrong)

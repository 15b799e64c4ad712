import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from taught import BLOB, normals, planted, taught, untaught

from MRIAnomalyLib.detectors.denoiser import mask_loss, restoration_loss
from MRIAnomalyLib.errors import UsageError


@pytest.fixture(scope="module")
def trained():
    return taught("denoiser").detector


def row(*values):
    return torch.tensor(values).reshape(1, 1, 1, -1)


def test_the_loss_is_the_mean_square_where_the_mask_is():
    value = restoration_loss(row(1.0, 5.0, 2.0), row(0.5, 0.0, 4.0), row(True, False, True))
    assert value.item() == pytest.approx((0.25 + 4.0) / 2)


def test_the_loss_of_the_mask_is_the_mean_cross_entropy_where_the_brain_is():
    value = mask_loss(row(math.log(3.0), 7.0, math.log(3.0)), row(True, False, False), row(True, False, True))  # chances of 3/4
    assert value.item() == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)


def test_the_loss_falls():
    curve = taught("denoiser").curve
    assert curve[-1][2]["restoration"] < curve[0][2]["restoration"]


def test_slices_never_seen_come_out_much_nearer_to_themselves_than_the_mean_slice_is(trained):
    stack = normals(8, seed=11)
    mean = np.abs(stack.pixels - trained.restorer.mean[0].numpy()).mean(where=stack.mask)
    assert trained.reconstruct(stack).terms["residual"].mean() < 0.5 * mean


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_raises_the_score_and_is_taken_off(trained, contrast):
    stack = normals(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack), trained.reconstruct(lesioned)
    assert (after.terms["residual"] > before.terms["residual"]).all()
    taken = ((lesioned.pixels - after.healthy) / contrast)[BLOB]
    assert taken.mean() > 0.6
    assert np.abs(stack.pixels - after.healthy)[BLOB].mean() < 0.5 * abs(contrast)


def test_the_mirror_image_gets_the_mirrored_answer(trained):
    stack = planted(normals(4, seed=3), 0.3)
    turned = replace(stack, pixels=stack.pixels[..., ::-1].copy(), mask=stack.mask[..., ::-1].copy())
    np.testing.assert_allclose(trained.reconstruct(turned).healthy, trained.reconstruct(stack).healthy[..., ::-1], atol=1e-5)


def test_nothing_changes_outside_the_brain(trained):
    stack = normals(3, seed=5)
    pixels = stack.pixels + np.where(stack.mask, 0, 0.7).astype(np.float32)
    healthy = trained.reconstruct(replace(stack, pixels=pixels)).healthy
    assert np.array_equal(healthy[~stack.mask], pixels[~stack.mask])


def test_fewer_slices_at_once_give_the_same_answer(trained):
    together, by_two = (trained.reconstruct(normals(5, seed=7), rows_at_once=rows).healthy for rows in (None, 2))
    np.testing.assert_allclose(together, by_two, atol=1e-6)


def test_a_head_of_its_own_says_where_much_was_changed_and_without_it_nothing_is_said(trained):
    masked = untaught("denoiser", mask_weight=1.0, width=16, steps=400, noise_cells=(4,))
    masked.fit(normals())
    stack = normals(6, seed=3)
    before, after = (masked.reconstruct(one) for one in (stack, planted(stack, 0.4)))
    assert after.mask.shape == stack.pixels.shape
    assert (after.mask[~stack.mask] == 0).all()
    assert after.mask[BLOB].mean() > 2 * before.mask[BLOB].mean()
    assert trained.reconstruct(stack).mask is None


def test_the_head_marks_a_family_of_corruption_that_it_never_learned():
    families = ("coarse_noise", "other_slice", "moved_patch", "bent")  # without other brightness, which the blob is
    masked = untaught("denoiser", mask_weight=1.0, width=16, steps=400, noise_cells=(4,), corruptions=families, clean_share=0.5)
    masked.fit(normals())
    stack = normals(6, seed=3)
    before, after = (masked.reconstruct(one).mask for one in (stack, planted(stack, 0.4)))
    assert after[BLOB].mean() > 1.3 * before[BLOB].mean()
    assert after[BLOB].mean() > after[stack.mask].mean()


def test_slices_of_another_level_and_settings_that_cannot_be_are_refused():
    stack = normals(4)
    with pytest.raises(UsageError, match="knows 2 levels"):
        untaught("denoiser").fit(replace(stack, level=stack.level + 2))
    for wrong in ({"noise_cells": (24,)}, {"noise_low": 0.9}, {"settle_share": 0.9}, {"corruptions": ("rain",)}, {"corruptions": ()}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught("denoiser", **wrong)

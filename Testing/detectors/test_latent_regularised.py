import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from taught import BLOB, SHORT, normals, planted, taught, untaught

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.training import adversarial

NAME = "latent_regularised"
LOSSES = {"reconstruction", "adversarial", "latent", "low_rank"}
WATCHED = {"discriminator", "real", "fake", "effective_rank", "latent_variance"}
ABLATION = {  # rows of the paper's table
    "neither": {"latent_weight": 0, "low_rank_weight": 0},
    "no latent loss": {"latent_weight": 0},
    "no low rank": {"low_rank_weight": 0},
    "full": {},
}


@pytest.fixture(scope="module")
def trained():
    return taught(NAME).detector


def test_all_losses_and_the_state_of_the_latent_space_are_told():
    curve = [losses for *_, losses in taught(NAME).curve]
    assert all(set(losses) == LOSSES | WATCHED for losses in curve)
    assert curve[-1]["reconstruction"] < curve[0]["reconstruction"]
    assert all(1 <= losses["effective_rank"] <= 8 and losses["latent_variance"] > 0 for losses in curve)


def test_slices_never_seen_are_redrawn_nearer_than_without_training(trained):
    stack = normals(8, seed=11)
    assert trained.reconstruct(stack).terms["pixel"].mean() < untaught(NAME).reconstruct(stack).terms["pixel"].mean()


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_raises_the_score_of_pixels_and_lights_up_where_it_is(trained, contrast):
    stack = normals(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack), trained.reconstruct(lesioned)
    assert (after.terms["pixel"] > before.terms["pixel"]).all()
    change = np.sign(contrast) * ((lesioned.pixels - after.healthy) - (stack.pixels - before.healthy))
    assert change[BLOB].mean() > 0.5 * abs(contrast)


def test_slices_of_inverted_contrast_raise_the_score_of_latent_vectors(trained):
    stack = normals(16, seed=3)
    inverted = replace(stack, pixels=np.where(stack.mask, 1.2 - stack.pixels, 0))
    before, after = (np.median(trained.reconstruct(slices).terms["latent"]) for slices in (stack, inverted))
    assert after > 2 * before


def test_both_terms_are_what_one_computes_from_the_slices_and_the_vectors(trained):
    stack = normals(3, seed=2)
    found = trained.reconstruct(stack)
    off = np.abs(stack.pixels - found.healthy) / 0.75
    np.testing.assert_allclose(found.terms["pixel"], off.mean((1, 2, 3), where=stack.mask), rtol=1e-4)
    with torch.no_grad():
        again = trained.network.auxiliary(torch.from_numpy(found.healthy) / 0.75 - 1).numpy()
    np.testing.assert_allclose(found.terms["latent"], ((found.latent - again) ** 2).mean(1), rtol=1e-3)


def test_one_pass_scores_a_slice_the_same_alone_and_in_any_company(trained):
    stack, order = normals(70, seed=4), np.random.default_rng(0).permutation(70)
    together = trained.reconstruct(stack)
    shuffled, alone = (trained.reconstruct(stack.take(rows)) for rows in (order, order[:1]))
    for name, values in together.terms.items():
        np.testing.assert_array_equal(shuffled.terms[name], values[order])
        np.testing.assert_array_equal(alone.terms[name], values[order[:1]])


def test_evaluation_mode_redraws_slices_as_the_statistics_of_a_large_batch_do(trained):
    slices = torch.from_numpy(normals(256, seed=5).pixels) / 0.75 - 1
    with torch.no_grad():
        evaluated, batch = trained.network(slices).drawn, copy.deepcopy(trained.network).train()(slices).drawn
    assert (evaluated - batch).abs().mean() < 0.5 * (evaluated - slices).abs().mean()


def test_it_tells_how_far_it_is(trained):
    told = []
    trained.reconstruct(normals(70), progress=lambda done, total: told.append((done, total)))
    assert told == [(64, 70), (70, 70)]


@pytest.mark.parametrize("row", ABLATION)
def test_every_row_of_the_ablation_learns_and_scores_by_what_it_has(row, monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    detector, curve = untaught(NAME, **SHORT, **ABLATION[row]), []
    detector.fit(normals(), log=lambda *told: curve.append(told[2]))
    left_out = {name.removesuffix("_weight") for name in ABLATION[row]}
    assert all(set(losses) == (LOSSES | WATCHED) - left_out for losses in curve)
    terms = detector.reconstruct(normals(2)).terms
    assert set(terms) == {"pixel", "latent"} - left_out
    assert ("latent" in left_out) == all("auxiliary" not in key for key in detector.weights())


def test_settings_that_cannot_be_are_refused():
    wrong = {"latent_weight": -1, "low_rank_weight": float("nan"), "low_rank_form": "rank", "adversarial_goal": "win", "latent_dim": 0}
    for name, value in wrong.items():
        with pytest.raises(UsageError, match=name):
            untaught(NAME, **{name: value})
    with pytest.raises(UsageError, match="Nothing would be learned"):
        untaught(NAME, reconstruction_weight=0, adversarial_weight=0)
    with pytest.raises(UsageError, match="Turns are told by the discriminator"):
        untaught(NAME, turn_weight=1.0, adversarial_weight=0.0)


def test_images_in_colour_are_redrawn_in_colour_and_each_colour_counts_as_much():
    grey = normals(12, seed=4)
    tints = np.array([1.0, 0.6, 0.2], np.float32)[:, None, None]
    coloured = replace(grey, pixels=grey.pixels * tints)
    detector = untaught(NAME, **SHORT, colours=3)
    detector.fit(coloured)
    found = detector.reconstruct(coloured)
    off = np.abs(coloured.pixels - found.healthy).mean(1, keepdims=True) / 0.75
    assert found.healthy.shape == (12, 3, 16, 16)
    np.testing.assert_allclose(found.terms["pixel"], off.mean((1, 2, 3), where=coloured.mask), rtol=1e-4)
    with pytest.raises(UsageError, match=r"have 1 values a pixel, the network takes 3; set colours"):
        detector.fit(grey)


def test_a_discriminator_that_learns_to_tell_turns_is_kept_and_finds_slices_strange_that_lie_on_their_side():
    detector = untaught(NAME, turn_weight=1.0)
    curve = []
    assert detector.fit(normals(), log=lambda *told: curve.append(told))
    assert set(detector.modules()) == {"network", "discriminator"}
    assert curve[-1][-1]["turn"] < curve[0][-1]["turn"]
    stack = normals(8, seed=11)
    aside = replace(stack, pixels=np.rot90(stack.pixels, axes=(2, 3)).copy(), mask=np.rot90(stack.mask, axes=(2, 3)).copy())
    upright, turned = (detector.reconstruct(slices).terms["turn"] for slices in (stack, aside))
    assert np.median(turned) > 2 * np.median(upright)
    assert "turn" not in untaught(NAME).reconstruct(stack).terms

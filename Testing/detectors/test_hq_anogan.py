import numpy as np
import pytest
import torch
from taught import BLOB, SHORT, cut_at, normals, planted, taught, untaught

from MRIAnomalyLib.detectors import base, begin, unlearned
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.nets.ordinary import COMBINED, DISTANCES
from MRIAnomalyLib.training import loop
from MRIAnomalyLib.training.transfer import Source

NAME = "hq_anogan"


@pytest.fixture(scope="module")
def trained():
    return taught(NAME).detector


def again(trained, **changes):
    """What was taught, with other settings."""
    detector = untaught(NAME, **changes)
    detector.load_weights(trained.weights())
    return detector


def test_first_the_pair_learns_and_then_the_encoder_and_the_chance_of_a_variation_is_told():
    curve = taught(NAME).curve
    assert all({"discriminator", "generator", "real", "augmented"} <= set(losses) for *_, losses in curve[:1])
    assert all(set(losses) == {"encoder"} for *_, losses in curve[1:])
    assert curve[-1][2]["encoder"] < curve[1][2]["encoder"]


def test_slices_never_seen_are_redrawn_nearer_than_without_training(trained):
    stack = normals(8, seed=11)
    terms = [detector.reconstruct(stack, steps=0).terms["pixel"].mean() for detector in (trained, untaught(NAME))]
    assert terms[0] < terms[1]


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_raises_the_combined_score_and_lights_up_where_it_is(trained, contrast):
    stack = normals(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack, steps=0), trained.reconstruct(lesioned, steps=0)
    assert after.terms["combined"].mean() > before.terms["combined"].mean()
    change = np.sign(contrast) * ((lesioned.pixels - after.healthy) - (stack.pixels - before.healthy))
    assert change[BLOB].mean() > 0.5 * abs(contrast)


def test_every_score_is_told_alone_and_combined_in_units_of_healthy_slices(trained):
    terms = trained.reconstruct(normals(), steps=0).terms
    assert set(terms) == {*COMBINED, *DISTANCES, "combined"}
    assert all((values >= 0).all() for name, values in terms.items() if name != "combined")
    standard = trained.ordinary.standard
    parts = [
        (terms[name] - float(middle)) / float(spread)
        for name, middle, spread in zip(COMBINED, standard.middle, standard.spread, strict=True)
    ]
    np.testing.assert_allclose(terms["combined"], np.mean(parts, 0), rtol=1e-3, atol=1e-3)
    assert abs(np.median(parts[0])) < 0.1  # of the very slices it was fitted to


def test_the_pixel_term_is_the_mean_difference_over_the_mask_in_the_range_of_the_network(trained):
    stack = normals(3, seed=2)
    found = trained.reconstruct(stack, steps=0)
    wanted = (np.abs(stack.pixels - found.healthy) / 0.75).mean((1, 2, 3), where=stack.mask)
    np.testing.assert_allclose(found.terms["pixel"], wanted, rtol=1e-4)


def test_an_encoder_that_gives_the_same_answer_twice_has_no_reencoding_distance():
    terms = untaught(NAME).reconstruct(normals(3), steps=0).terms  # it gives the mean style, whatever it sees
    assert (terms["reencoding"] == 0).all()
    assert (terms["pixel"] > 0).all()


def test_the_encoder_finds_the_styles_of_drawn_slices_better_than_chance(trained):
    generator = trained.generator
    with torch.no_grad():
        styles = generator.styles(torch.randn(100, 8, generator=torch.Generator().manual_seed(5)))
        found = trained.encoder(generator(styles)) + generator.centre
    correlation = np.corrcoef((styles - generator.centre).flatten(), (found - generator.centre).flatten())[0, 1]
    assert correlation > 0.2


def test_refinement_goes_on_from_the_encoder_to_a_nearer_slice_and_fast_is_one_pass(trained):
    stack = normals(6, seed=5)
    pixel = [trained.reconstruct(stack, steps=steps).terms["pixel"].mean() for steps in (0, 20)]
    assert pixel[1] < pixel[0]
    assert (trained.steps_for("fast"), trained.steps_for("thorough")) == (0, 30)


def test_slices_are_redrawn_by_the_widest_directions_of_styles_alone_where_this_is_asked_for(trained):
    stack = planted(normals(6, seed=5), 0.4)
    whole, part = trained.reconstruct(stack, steps=0), again(trained, projected=True).reconstruct(stack, steps=0)
    assert not np.array_equal(whole.healthy, part.healthy)
    nearest = trained.ordinary.nearest(torch.from_numpy(part.latent)).numpy()
    np.testing.assert_allclose(part.latent, nearest, atol=0.05)  # kept in half precision
    np.testing.assert_allclose(part.terms["mahalanobis"], whole.terms["mahalanobis"], rtol=0.05)  # of the encoder's answer


def test_truncated_slices_are_nearer_to_each_other(trained):
    whole, near, none = (again(trained, truncation=share).draw(30, seed=1) for share in (1.0, 0.5, 0.0))
    assert whole.shape == (30, 1, 16, 16)
    assert whole.min() >= 0
    assert whole.std(0).mean() > near.std(0).mean() > none.std(0).mean()
    assert np.array_equal(whole, again(trained).draw(30, seed=1))


def test_a_run_cut_off_in_either_stage_and_between_them_ends_with_the_weights_of_one_that_was_not(tmp_path, monkeypatch):
    short = {**SHORT, "steps": 10, "encoder_steps": 4, "path_weight": 1.0, "r1_gamma": 0.1}
    straight, resumed = (untaught(NAME, **short) for _ in range(2))
    straight.fit(normals())
    for stop in (7, 10, 12):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
            patch.setattr(base, "train", cut_at(stop))
            with pytest.raises(KeyboardInterrupt):
                untaught(NAME, **short).fit(normals(), checkpoint_folder=tmp_path, resume=True)
    assert resumed.fit(normals(), checkpoint_folder=tmp_path, resume=True)
    weights = resumed.weights()
    assert all(np.array_equal(array, weights[key]) for key, array in straight.weights().items())
    assert "augmented" in (tmp_path / "losses.csv").read_text().splitlines()[0]


def shipped(trained):
    """What was taught, as a bundle hands it to another training."""
    return Source("brain-t1-taught", "a" * 64, NAME, trained.settings(), trained.weights())


def of_nets(weights, *nets):
    """Their matrices; what is kept in full precision is measured anew."""
    return {key: array for key, array in weights.items() if key.split(".")[0] in nets and array.ndim > 1}


def test_the_encoder_alone_learns_anew_against_the_pair_of_a_bundle_and_resumes_to_the_same_weights(trained, tmp_path, monkeypatch):
    source, changes = shipped(trained), {"steps": 0, "encoder_steps": 6, "seed": 1}
    before, bare = trained.weights(), unlearned(source, "encoder", 1)
    straight, cut, resumed = (begin(NAME, changes, bare) for _ in range(3))
    stack = normals(8, seed=11)
    at_first = straight.reconstruct(stack, steps=0).terms["pixel"].mean()
    assert straight.fit(normals())
    after = straight.weights()
    assert all(np.array_equal(array, after[key]) for key, array in of_nets(before, "generator", "discriminator").items())
    assert not any(np.array_equal(array, after[key]) for key, array in of_nets(before, "encoder").items())
    assert straight.reconstruct(stack, steps=0).terms["pixel"].mean() < at_first

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        patch.setattr(base, "train", cut_at(4))
        with pytest.raises(KeyboardInterrupt):
            cut.fit(normals(), checkpoint_folder=tmp_path)
    assert resumed.fit(normals(), checkpoint_folder=tmp_path, resume=True)
    assert all(np.array_equal(array, resumed.weights()[key]) for key, array in after.items())


def test_a_training_without_steps_keeps_all_networks_and_measures_scores_anew(trained):
    kept = begin(NAME, {"steps": 0, "encoder_steps": 0, "projected": True}, shipped(trained))
    assert kept.fit(normals())
    nets = ("generator", "discriminator", "encoder")
    assert all(np.array_equal(array, kept.weights()[key]) for key, array in of_nets(trained.weights(), *nets).items())
    assert not torch.equal(kept.ordinary.standard.middle, trained.ordinary.standard.middle)


@pytest.mark.parametrize("stage", ["steps", "encoder_steps"])
def test_what_no_bundle_has_learned_cannot_be_left_out(stage):
    with pytest.raises(UsageError, match=f"{stage} of 0 keeps what a bundle has learned: name one with --from"):
        begin(NAME, {stage: 0})


def test_networks_of_the_default_settings_are_small_enough_to_come_along():
    nets = untaught(NAME, image_size=64, width=16, latent_dim=64).modules()
    count = sum(value.numel() for net in nets.values() for value in net.state_dict().values())
    assert count < 1_100_000


def test_settings_that_cannot_be_are_refused():
    for wrong in ({"mapping_layers": 0}, {"components": 0}, {"style_weight": -1.0}, {"steps": -1}, {"r1_gamma": float("nan")}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught(NAME, **wrong)
    with pytest.raises(UsageError, match="are all 0, so that the encoder could learn nothing"):
        untaught(NAME, image_weight=0.0, perceptual_weight=0.0, style_weight=0.0)

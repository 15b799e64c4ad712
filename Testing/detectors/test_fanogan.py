import numpy as np
import pytest
import torch
from taught import BLOB, SHORT, cut_at, normals, planted, taught, untaught

from MRIAnomalyLib.detectors import base
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.training import adversarial, loop


@pytest.fixture(scope="module")
def trained():
    return taught("fanogan").detector


def weights(detector):
    return {f"{name}.{key}": value.clone() for name, net in detector.modules().items() for key, value in net.state_dict().items()}


def test_first_the_pair_learns_and_then_the_encoder():
    curve = taught("fanogan").curve
    assert all(set(losses) == {"critic", "distance", "penalty", "generator"} for *_, losses in curve[:4])
    assert all(set(losses) == {"encoder"} for *_, losses in curve[4:])
    assert curve[-1][2]["encoder"] < curve[4][2]["encoder"]  # by how much differs from one processor to another


def test_slices_never_seen_are_redrawn_nearer_than_without_training(trained):
    stack = normals(8, seed=11)
    untrained = untaught("fanogan").reconstruct(stack, steps=0).terms["image"]
    assert trained.reconstruct(stack, steps=0).terms["image"].mean() < 0.5 * untrained.mean()


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_raises_the_score_and_lights_up_where_it_is(trained, contrast):
    stack = normals(6, seed=3)
    lesioned = planted(stack, contrast)
    before, after = trained.reconstruct(stack, steps=0), trained.reconstruct(lesioned, steps=0)
    assert after.terms["izi_f"].mean() > before.terms["izi_f"].mean()
    change = np.sign(contrast) * ((lesioned.pixels - after.healthy) - (stack.pixels - before.healthy))
    assert change[BLOB].mean() > 0.5 * abs(contrast)


def test_the_score_is_the_weighted_sum_of_image_and_features(trained):
    heavier = untaught("fanogan", feature_weight=3.0)
    heavier.load_weights(trained.weights())
    terms = heavier.reconstruct(normals(3, seed=2), steps=0).terms
    np.testing.assert_allclose(terms["izi_f"], terms["image"] + 3 * terms["features"], rtol=1e-5)


def test_the_image_term_is_the_mean_squared_difference_in_the_range_of_the_network(trained):
    stack = normals(3, seed=2)
    found = trained.reconstruct(stack, steps=0)
    wanted = (((stack.pixels - found.healthy) / 0.75) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(found.terms["image"], wanted, rtol=1e-4)


def test_one_pass_scores_a_slice_the_same_alone_and_in_any_company(trained):
    stack, order = normals(70, seed=4), np.random.default_rng(0).permutation(70)
    together = trained.reconstruct(stack, steps=0)
    shuffled, alone = (trained.reconstruct(stack.take(rows), steps=0) for rows in (order, order[:1]))
    for name, values in together.terms.items():
        np.testing.assert_array_equal(shuffled.terms[name], values[order])
        np.testing.assert_array_equal(alone.terms[name], values[order[:1]])


def test_refinement_goes_on_from_the_encoder_to_a_nearer_slice(trained):
    stack = normals(6, seed=5)
    residual = [np.abs(stack.pixels - trained.reconstruct(stack, steps=steps).healthy)[stack.mask].mean() for steps in (0, 30)]
    assert residual[1] < residual[0]


def test_fast_is_one_pass_and_thorough_refines(trained):
    stack = normals(2, seed=5)
    assert (trained.steps_for("fast"), trained.steps_for("thorough")) == (0, 30)
    thorough = trained.reconstruct(stack).healthy
    assert np.array_equal(thorough, trained.reconstruct(stack, steps=30).healthy)
    assert not np.array_equal(thorough, trained.reconstruct(stack, steps=0).healthy)


def test_one_pass_tells_how_far_it_is(trained):
    told = []
    trained.reconstruct(normals(70), steps=0, progress=lambda done, total: told.append((done, total)))
    assert told == [(32, 70), (64, 70), (70, 70)]


def test_a_run_cut_off_in_either_stage_and_between_them_ends_with_the_weights_of_one_that_was_not(tmp_path, monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    straight, resumed = (untaught("fanogan", **SHORT) for _ in range(2))
    straight.fit(normals())
    for stop in (5, SHORT["steps"], SHORT["steps"] + 3):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
            patch.setattr(base, "train", cut_at(stop))
            with pytest.raises(KeyboardInterrupt):
                untaught("fanogan", **SHORT).fit(normals(), checkpoint_folder=tmp_path, resume=True)
    assert resumed.fit(normals(), checkpoint_folder=tmp_path, resume=True)
    assert all(torch.equal(value, weights(resumed)[key]) for key, value in weights(straight).items())


def test_the_second_stage_moves_the_encoder_only(monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    found = []
    for steps in (1, 20):
        detector = untaught("fanogan", **{**SHORT, "steps": 5, "encoder_steps": steps})
        detector.fit(normals())
        found.append(weights(detector))
    same = {key for key in found[0] if torch.equal(found[0][key], found[1][key])}
    assert same >= {key for key in found[0] if not key.startswith("encoder")}
    assert "encoder.latent.weight" not in same


def test_settings_that_cannot_be_are_refused():
    for wrong in ({"critic_steps": 0}, {"encoder_goal": "izif"}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught("fanogan", **wrong)

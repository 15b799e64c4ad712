import numpy as np
import pytest
import torch
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.records import SliceStack
from MRIAnomalyLib.training import loop

SMALL = {
    "image_size": 16,
    "latent_dim": 4,
    "width": 8,
    "batch_size": 16,
    "steps": 150,
    "critic_steps": 1,
    "learning_rate": 1e-3,
    "average_decay": 0.98,
    "encoder_steps": 250,
    "precision": "float32",
}
SHORT = {**SMALL, "width": 4, "batch_size": 8, "steps": 60, "encoder_steps": 55}


@pytest.fixture(scope="module")
def curve():
    return []


@pytest.fixture(scope="module")
def trained(curve):
    detector = create("fanogan", SMALL)
    detector.fit(ellipses(32, 16), log=lambda done, total, losses: curve.append((done, total, losses)))
    return detector


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A short run without a stop, and the folder of its curves."""
    detector, folder = create("fanogan", SHORT), tmp_path_factory.mktemp("straight")
    detector.fit(ellipses(32, 16), checkpoint_folder=folder)
    return detector, folder


def weights(detector):
    return {f"{name}.{key}": value.clone() for name, net in detector.modules().items() for key, value in net.state_dict().items()}


def test_on_32_tiny_slices_first_the_pair_learns_and_then_the_encoder(trained, curve):
    assert [done for done, *_ in curve] == [50, 100, 150, 200, 250, 300, 350, 400]
    assert all(total == 400 for _, total, _ in curve)
    assert all(set(losses) == {"critic", "distance", "penalty", "generator"} for *_, losses in curve[:3])
    encoder = [losses["encoder"] for *_, losses in curve[3:]]
    assert encoder[-1] < encoder[0]  # by how much differs from one processor to another


def test_slices_never_seen_are_redrawn_nearer_than_without_training(trained):
    stack = ellipses(8, 16, seed=11)
    untrained = create("fanogan", SMALL).reconstruct(stack, steps=0).terms["image"]
    assert trained.reconstruct(stack, steps=0).terms["image"].mean() < 0.1 * untrained.mean()


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_square_raises_the_score_and_lights_up_where_it_is(trained, contrast):
    stack = ellipses(6, 16, seed=3)
    pixels = stack.pixels.copy()
    pixels[..., 5:7, 4:7] += contrast
    lesioned = SliceStack(pixels, stack.mask, stack.level, stack.subject)
    before, after = trained.reconstruct(stack, steps=0), trained.reconstruct(lesioned, steps=0)
    assert (after.terms["izi_f"] > before.terms["izi_f"]).all()
    change = np.sign(contrast) * ((pixels - after.healthy) - (stack.pixels - before.healthy))[:, 0]
    assert change[:, 5:7, 4:7].mean() > 0.5 * abs(contrast)


def test_the_score_is_the_weighted_sum_of_image_and_features(trained):
    heavier = create("fanogan", {**SMALL, "feature_weight": 3.0})
    heavier.load_weights(trained.weights())
    terms = heavier.reconstruct(ellipses(3, 16, seed=2), steps=0).terms
    np.testing.assert_allclose(terms["izi_f"], terms["image"] + 3 * terms["features"], rtol=1e-5)


def test_the_image_term_is_the_mean_squared_difference_in_the_range_of_the_network(trained):
    stack = ellipses(3, 16, seed=2)
    found = trained.reconstruct(stack, steps=0)
    wanted = (((stack.pixels - found.healthy) / 0.75) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(found.terms["image"], wanted, rtol=1e-4)


def test_one_pass_scores_a_slice_the_same_alone_and_in_any_company(trained):
    stack, order = ellipses(70, 16, seed=4), np.random.default_rng(0).permutation(70)
    together = trained.reconstruct(stack, steps=0)
    shuffled, alone = (trained.reconstruct(stack.take(rows), steps=0) for rows in (order, order[:1]))
    for name, values in together.terms.items():
        np.testing.assert_array_equal(shuffled.terms[name], values[order])
        np.testing.assert_array_equal(alone.terms[name], values[order[:1]])


def test_refinement_goes_on_from_the_encoder_to_a_nearer_slice(trained):
    stack = ellipses(6, 16, seed=5)
    residual = [np.abs(stack.pixels - trained.reconstruct(stack, steps=steps).healthy)[stack.mask].mean() for steps in (0, 30)]
    assert residual[1] < residual[0]


def test_fast_is_one_pass_and_thorough_refines(trained):
    stack = ellipses(2, 16, seed=5)
    assert (trained.steps_for("fast"), trained.steps_for("thorough")) == (0, 30)
    thorough = trained.reconstruct(stack).healthy
    assert np.array_equal(thorough, trained.reconstruct(stack, steps=30).healthy)
    assert not np.array_equal(thorough, trained.reconstruct(stack, steps=0).healthy)


def test_one_pass_tells_how_far_it_is(trained):
    told = []
    trained.reconstruct(ellipses(70, 16), steps=0, progress=lambda done, total: told.append((done, total)))
    assert told == [(32, 70), (64, 70), (70, 70)]


@pytest.mark.parametrize("cuts", [(23,), (60,), (23, 60, 83)])
def test_a_run_cut_off_in_either_stage_ends_with_the_weights_and_curves_of_one_that_was_not(straight, tmp_path, monkeypatch, cuts):
    detector, folder = straight
    for stop in cuts:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
            patch.setattr("MRIAnomalyLib.detectors.fanogan.train", cut_at(stop))
            with pytest.raises(KeyboardInterrupt):
                create("fanogan", SHORT).fit(ellipses(32, 16), checkpoint_folder=tmp_path, resume=True)
    resumed = create("fanogan", SHORT)
    assert resumed.fit(ellipses(32, 16), checkpoint_folder=tmp_path, resume=True)
    assert all(torch.equal(value, weights(resumed)[key]) for key, value in weights(detector).items())
    assert (tmp_path / "losses.csv").read_text() == (folder / "losses.csv").read_text()


def cut_at(stop):
    """`train` on a machine that fails at a step, with a checkpoint after the one before."""

    def train(run, step, *others):
        def until(number):
            if number == stop:
                raise KeyboardInterrupt
            return step(number)

        return loop.train(run, until, *others)

    return train


def test_the_second_stage_moves_the_encoder_only():
    normals, found = ellipses(32, 16), []
    for steps in (1, 20):
        detector = create("fanogan", {**SHORT, "steps": 5, "encoder_steps": steps})
        detector.fit(normals)
        found.append(weights(detector))
    same = {key for key in found[0] if torch.equal(found[0][key], found[1][key])}
    assert same >= {key for key in found[0] if not key.startswith("encoder")}
    assert "encoder.latent.weight" not in same


def test_slices_of_another_size_and_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="the network takes 16"):
        create("fanogan", SMALL).fit(ellipses(4, 32))
    for wrong in ({"image_size": 48}, {"critic_steps": 0}, {"precision": "float8"}, {"encoder_goal": "izif"}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            create("fanogan", wrong)

"""What every detector must do, whichever it is: a new one is tested by being registered."""

import numpy as np
import pytest
from ellipses import ellipses
from taught import SHORT, normals, planted, strangeness, taught, untaught

from MRIAnomalyLib import detectors
from MRIAnomalyLib.calibration.evidence import DETAIL, PARTS, config_for
from MRIAnomalyLib.errors import BundleError, Cancelled, UsageError
from MRIAnomalyLib.records import Reconstruction
from MRIAnomalyLib.training import adversarial, loop

STEPS = 20


@pytest.fixture(scope="module", params=detectors.names())
def name(request):
    return request.param


@pytest.fixture(scope="module")
def trained(name):
    return taught(name).detector


@pytest.fixture(scope="module")
def stack():
    return normals(5, seed=7)


def test_there_is_a_detector():
    assert "anogan" in detectors.names()


def test_on_a_level_of_flair_all_parts_speak_and_the_detail_scores_it(name):
    config = config_for(Reconstruction(np.zeros((1, 1, 4, 4)), {}), untaught(name).parts_for("FLAIR"), sequence="FLAIR")
    assert (config.parts, config.silent) == ((*PARTS, DETAIL), (DETAIL,))
    assert (config.evidence_share == 0) == (name == "denoiser")


def test_training_on_32_tiny_slices_brings_healthy_counterparts_nearer_and_tells_its_losses(name, trained):
    assert strangeness(trained, normals()).mean() < strangeness(untaught(name), normals()).mean()
    curve = taught(name).curve
    assert [done for done, *_ in curve] == list(range(50, curve[-1][1] + 1, 50))
    assert all(np.isfinite(list(losses.values())).all() for *_, losses in curve)


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_planted_blob_makes_slices_stranger(trained, contrast):
    stack = normals(24, seed=3)
    stranger = strangeness(trained, planted(stack, contrast)) > strangeness(trained, stack)
    assert stranger.mean() > 0.7  # not of each: the search of a network this small ends now here, now there


def test_a_run_that_was_cut_off_ends_with_the_weights_and_curves_of_one_that_was_not(name, tmp_path, monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    monkeypatch.setattr(loop, "LOG_EVERY", 10)
    straight, cut, resumed = (untaught(name, **SHORT) for _ in range(3))
    assert straight.fit(normals(), checkpoint_folder=tmp_path / "straight")

    def stop(done, total, losses):  # at step 10, with a checkpoint after step 9
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        with pytest.raises(KeyboardInterrupt):
            cut.fit(normals(), checkpoint_folder=tmp_path / "cut", log=stop)
    assert resumed.fit(normals(), checkpoint_folder=tmp_path / "cut", resume=True)
    assert all(np.array_equal(array, resumed.weights()[key]) for key, array in straight.weights().items())
    curves = [(tmp_path / folder / "losses.csv").read_text() for folder in ("straight", "cut")]
    assert curves[0] == curves[1]
    assert (tmp_path / "cut" / "samples.png").exists()


def test_slices_of_another_size_and_settings_that_cannot_be_are_refused(name):
    with pytest.raises(UsageError, match="the network takes 16"):
        untaught(name).fit(ellipses(4, 32))
    for wrong in ({"image_size": 48}, {"width": 0}, {"steps": -1}, {"precision": "float8"}, {"width": "wide"}, {"steps": 1.5}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught(name, **wrong)


def test_learning_nothing_from_nothing_is_refused(name):
    with pytest.raises(UsageError, match="steps"):
        detectors.begin(name, {"steps": 0})


def test_a_reconstruction_has_the_shape_of_the_slices_and_a_score_per_slice(trained, stack):
    found = trained.reconstruct(stack, steps=STEPS)
    assert found.healthy.shape == stack.pixels.shape
    assert found.healthy.dtype == np.float32
    assert found.healthy.min() >= 0
    assert found.terms
    assert all(values.shape == (5,) and np.isfinite(values).all() for values in found.terms.values())


def test_a_slice_scores_the_same_alone_and_in_any_company(trained, stack):
    together = trained.reconstruct(stack, steps=STEPS)
    order = np.array([3, 1, 4, 0, 2])
    shuffled, alone = (trained.reconstruct(stack.take(rows), steps=STEPS) for rows in (order, order[:1]))
    for name, values in together.terms.items():
        np.testing.assert_allclose(shuffled.terms[name], values[order], rtol=1e-5)
        np.testing.assert_allclose(alone.terms[name], values[order[:1]], rtol=1e-5)


def test_scoring_changes_nothing_in_the_detector_and_repeats_exactly(trained, stack):
    state = {(name, key): value.clone() for name, net in trained.modules().items() for key, value in net.state_dict().items()}
    first, second = (trained.reconstruct(stack, steps=STEPS) for _ in range(2))
    assert np.array_equal(first.healthy, second.healthy)
    for name, net in trained.modules().items():
        assert all((state[name, key] == value).all() for key, value in net.state_dict().items())


def test_weights_survive_storage_in_half_precision(trained, stack):
    arrays = trained.weights()
    assert all(array.dtype == np.float16 for array in arrays.values() if array.ndim > 1)
    again = detectors.create(trained.name, trained.settings())
    again.load_weights(arrays)
    for key, array in again.weights().items():
        assert np.array_equal(array, arrays[key])
    healthy = [detector.reconstruct(stack, steps=STEPS).healthy for detector in (trained, again)]
    assert np.abs(healthy[0] - healthy[1]).mean() < 0.01


def test_weights_of_another_shape_or_with_one_missing_are_refused(trained):
    arrays = trained.weights()
    name = sorted(arrays)[0]
    for wrong in ({}, {**arrays, name: np.zeros((1, 2, 3))}, {key: value for key, value in arrays.items() if key != name}):
        with pytest.raises(BundleError, match="do not fit"):
            trained.load_weights(wrong)


def test_what_progress_raises_stops_the_reconstruction(trained, stack):
    def stop(done, total):
        assert done <= total
        raise Cancelled

    with pytest.raises(Cancelled):
        trained.reconstruct(stack, steps=STEPS, progress=stop)


def test_making_a_detector_leaves_the_random_state_alone_and_is_repeatable(trained):
    import torch

    before = torch.random.get_rng_state()
    one, other = (detectors.create(trained.name, trained.settings()).weights() for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(np.array_equal(one[key], other[key]) for key in one)


def test_unknown_names_and_settings_are_refused_with_what_there_is():
    with pytest.raises(UsageError, match="no detector named tea; there are: anogan"):
        detectors.create("tea")
    with pytest.raises(UsageError, match=r"no setting colour; it has: .*image_size"):
        detectors.create("anogan", {"colour": 1})

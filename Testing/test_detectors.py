"""What every detector must do, whichever it is: a new one is tested by being registered."""

import numpy as np
import pytest
from ellipses import ellipses

from MRIAnomalyLib import detectors
from MRIAnomalyLib.errors import BundleError, Cancelled, UsageError

# those of these settings that a detector knows
TINY = {"image_size": 32, "width": 4, "steps": 40, "critic_steps": 1, "encoder_steps": 40, "batch_size": 16}
STEPS = 20


@pytest.fixture(scope="module", params=detectors.names())
def trained(request):
    kind = type(detectors.create(request.param))
    known = set(kind.Config.__dataclass_fields__)
    detector = detectors.create(request.param, {key: value for key, value in TINY.items() if key in known})
    assert detector.fit(ellipses(60))
    return detector


@pytest.fixture(scope="module")
def stack():
    return ellipses(5, seed=7)


def test_there_is_a_detector():
    assert "anogan" in detectors.names()


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

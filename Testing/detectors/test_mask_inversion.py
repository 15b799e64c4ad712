from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage
from taught import BLOB, SETTINGS, normals, planted, taught, untaught

from MRIAnomalyLib.detectors import mask_inversion
from MRIAnomalyLib.detectors.mask_inversion import MaskInversionConfig, around
from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.training import adversarial

STEPS = 64
LARGE = np.s_[..., 4:9, 4:8]  # large enough for a mask that is averaged over 3 x 3 pixels and smoothed


@pytest.fixture(scope="module")
def trained():
    return taught("mask_inversion").detector


@pytest.fixture(scope="module", params=["anogan", "fanogan"])
def borrowed(request):
    """Mask inversion on a generator that another detector has taught."""
    # so briefly taught, what is healthy lies far out in the latent space
    return around(taught(request.param).detector, normals(12, seed=21), levels=SETTINGS["levels"], pool=200, prior_weight=0.01, restarts=4)


def test_the_generator_learns_as_that_of_anogan(monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    anogan, detector = untaught("anogan", r1_gamma=0.05, steps=10), untaught("mask_inversion", steps=10)
    for one in (anogan, detector):
        one.fit(normals(8))
    for key, value in anogan.generator.state_dict().items():
        np.testing.assert_allclose(detector.generator.state_dict()[key], value, atol=1e-5, err_msg=key)


def test_the_noise_is_measured_at_each_place_and_travels_with_the_weights(trained):
    scale = trained.noise.scale
    assert scale.shape == (2, 16, 16)
    assert scale.min() > 0
    assert scale.std() > 0
    np.testing.assert_allclose(trained.weights()["noise.scale"], scale, rtol=1e-3)


def test_the_generator_of_f_anogan_learns_by_its_own_game_and_without_an_encoder(monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)
    detector, curve = untaught("mask_inversion", network="fanogan", steps=10, batch_size=4), []
    assert detector.fit(normals(8), log=lambda *told: curve.append(told))
    assert [done for done, *_ in curve] == [10]
    assert set(curve[0][2]) == {"critic", "distance", "penalty", "generator"}
    assert set(detector.modules()) == {"generator", "noise"}


def test_a_planted_blob_is_masked_and_clean_slices_hardly(borrowed):
    stack = normals(6, seed=3)
    before, after = (borrowed.reconstruct(one, steps=STEPS) for one in (stack, planted(stack, 0.7)))
    assert after.mask[BLOB].mean() > 0.3
    assert after.mask[BLOB].mean() > 5 * before.mask[BLOB].mean()
    assert (after.terms["mask.mass"] > before.terms["mask.mass"]).all()
    assert after.terms["mask.bright"].mean() > after.terms["mask.dark"].mean()
    assert (after.mask[~stack.mask] == 0).all()
    assert 0 <= after.mask.min() <= after.mask.max() <= 1


def test_what_is_masked_is_completed_and_all_else_stays_bit_for_bit(borrowed):
    stack = normals(6, seed=3)
    stack.pixels[LARGE] += 0.7
    found = borrowed.reconstruct(stack, steps=STEPS)
    marked = found.mask > 0.5
    assert (stack.pixels - found.completed)[marked].mean() > 0.2
    untouched = ~ndimage.binary_dilation(marked, np.ones((1, 1, 5, 5)))
    assert untouched.any()
    assert np.array_equal(found.completed[untouched], stack.pixels[untouched])


def test_a_slice_of_which_too_much_would_be_masked_has_failed_and_gets_no_mask(trained, monkeypatch):
    stack = normals(4, seed=3)
    strange = replace(stack, pixels=np.where(stack.mask, 1.4, 0).astype(np.float32))
    monkeypatch.setattr(mask_inversion, "LARGEST", 0.1)
    found = trained.reconstruct(strange, steps=STEPS)
    assert found.failed.any()
    assert np.array_equal(found.failed, found.terms["mask.area"] > 0.1)
    assert np.array_equal(found.failed, found.terms["failed"] == 1)
    assert (found.mask[found.failed] == 0).all()
    assert np.array_equal(found.completed[found.failed], found.healthy[found.failed])


def test_the_area_is_that_of_the_mask_and_of_its_two_signs(trained):
    stack = planted(normals(4, seed=3), 0.5)
    found = trained.reconstruct(stack, steps=STEPS)
    assert not found.failed.any()
    area = (found.mask * stack.mask).sum((1, 2, 3)) / stack.mask.sum((1, 2, 3))
    np.testing.assert_allclose(found.terms["mask.area"], area, rtol=1e-4)
    np.testing.assert_allclose(found.terms["mask.bright"] + found.terms["mask.dark"], area, rtol=1e-4, atol=1e-7)


def test_the_generator_adapted_to_each_slice_draws_it_nearer_outside_the_mask_and_stays_as_it_is(borrowed):
    stack = planted(normals(4, seed=3), 0.7)
    before = {name: value.clone() for name, value in borrowed.generator.state_dict().items()}
    plain = borrowed.reconstruct(stack, steps=STEPS)
    borrowed.config, kept = replace(borrowed.config, adapt_steps=20), borrowed.config
    adapted = borrowed.reconstruct(stack, steps=STEPS)
    borrowed.config = kept
    assert np.array_equal(adapted.mask, plain.mask)
    left = np.square((1 - plain.mask) * stack.mask / borrowed.noise(torch.from_numpy(stack.level)).numpy())
    assert (left * np.square(stack.pixels - adapted.healthy)).mean() < (left * np.square(stack.pixels - plain.healthy)).mean()
    assert all(np.array_equal(value, before[name]) for name, value in borrowed.generator.state_dict().items())


def test_a_borrowed_generator_leaves_its_owner_as_it_was(borrowed):
    owner = taught(borrowed.config.network).detector
    assert owner.modules()["generator"] is not borrowed.generator
    assert borrowed.config.latent_dim == owner.config.latent_dim
    for key, value in owner.modules()["generator"].state_dict().items():
        assert np.array_equal(value, borrowed.generator.state_dict()[key])


def test_the_search_keeps_settings_of_its_own_beside_those_of_the_networks_training():
    network = taught("anogan").detector
    config = around(network, normals(4), levels=SETTINGS["levels"]).config
    assert (config.steps, config.width) == (network.config.steps, network.config.width)
    assert config.prior_weight == MaskInversionConfig().prior_weight != network.config.prior_weight


def test_networks_and_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="network is denoiser; it must be anogan or fanogan"):
        around(taught("denoiser").detector, normals(4), levels=2)
    for wrong in ({"last_k": 0.0}, {"last_k": 11.0}, {"levels": 0}, {"adapt_steps": -1}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            untaught("mask_inversion", **wrong)
    with pytest.raises(UsageError, match="reach level 5, the network knows 2"):
        around(taught("anogan").detector, replace(normals(4), level=np.full(4, 5)), levels=2)

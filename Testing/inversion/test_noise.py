import numpy as np

from MRIAnomalyLib.inversion.noise import FLOOR, noise_scale

INSIDE = np.ones((400, 8, 8), bool)
LEVEL = np.arange(400) % 4


def differences(spread):
    return spread * np.random.default_rng(0).normal(size=INSIDE.shape)


def test_the_spread_of_healthy_slices_is_measured_at_its_place():
    true = np.where(np.arange(8) < 4, 0.1, 0.3)  # of columns
    scale = noise_scale(differences(true), INSIDE, LEVEL, 4, mirror=False)
    assert scale.shape == (4, 8, 8)
    assert scale.dtype == np.float32
    np.testing.assert_allclose(scale[..., 0], 0.1, rtol=0.3)
    np.testing.assert_allclose(scale[..., -1], 0.3, rtol=0.3)


def test_the_mirror_image_of_a_symmetric_organ_counts():
    true = np.where(np.arange(8) < 4, 0.1, 0.3)
    scale = noise_scale(differences(true), INSIDE, LEVEL, 4, mirror=True)
    np.testing.assert_allclose(scale, scale[..., ::-1], rtol=1e-5)


def test_where_nobody_was_seen_what_holds_on_the_whole_stands_and_no_place_is_known_too_well():
    inside = INSIDE.copy()
    inside[..., :4] = False
    spread = np.where(np.arange(8) < 6, 0.0, 0.2)
    scale = noise_scale(differences(spread), inside, np.zeros(400, int), 20, mirror=False)
    overall = np.sqrt(0.5 * 0.2**2)
    np.testing.assert_allclose(scale[15], overall, rtol=0.05)
    assert scale.min() >= 0.99 * FLOOR * overall

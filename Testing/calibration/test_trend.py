import numpy as np
from scipy import ndimage

from MRIAnomalyLib.calibration.trend import without_trend

SHAPE = (12, 32, 32)
K, J, I = np.meshgrid(*[np.linspace(-1, 1, size) for size in SHAPE], indexing="ij")  # noqa: E741
BRAIN = (I / 0.8) ** 2 + (J / 0.9) ** 2 + (K / 1.3) ** 2 < 1
SHADING = (0.3 * I**2 - 0.2 * J + 0.1 * K * J + 0.05).astype(np.float32)
LESION = (I - 0.4) ** 2 + (J + 0.2) ** 2 + K**2 < 0.25**2


def texture(seed=0):
    return ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=SHAPE), 1.5).astype(np.float32)


def test_shading_over_a_whole_brain_goes():
    left = without_trend(SHADING + 0.02 * texture(), BRAIN)
    assert np.abs(left[BRAIN]).max() < 0.1 * np.ptp(SHADING[BRAIN])


def test_a_lesion_stays_as_strong_as_it_was():
    left = without_trend(SHADING + 0.02 * texture() - 0.3 * LESION, BRAIN)
    assert abs(left[LESION].mean() + 0.3) < 0.03


def test_outside_the_core_there_is_nothing():
    assert (without_trend(SHADING, BRAIN)[~BRAIN] == 0).all()
    assert not without_trend(SHADING, np.zeros(SHAPE, bool)).any()


def test_a_single_slice_has_its_own_trend():
    one = slice(6, 7)
    left = without_trend(SHADING[one] + 0.02 * texture()[one], BRAIN[one])
    assert np.abs(left[BRAIN[one]]).max() < 0.1 * np.ptp(SHADING[one][BRAIN[one]])

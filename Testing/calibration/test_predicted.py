import numpy as np
import pytest

from MRIAnomalyLib.calibration.predicted import in_true_spread, spread_factor
from MRIAnomalyLib.records import Reconstruction, SliceStack

SHAPE = (4, 1, 32, 32)


def person(seed, true=0.3, predicted=0.2):
    """Noise of one spread about a healthy counterpart that claims another."""
    pixels = np.random.default_rng(seed).normal(1, true, SHAPE).astype(np.float32)
    stack = SliceStack(pixels, np.ones(SHAPE, bool), np.arange(4), np.zeros(4, int))
    return stack, Reconstruction(np.ones(SHAPE, np.float32), {}, spread=np.full(SHAPE, predicted, np.float32))


def test_a_spread_that_is_too_narrow_is_widened_to_what_new_people_show():
    people, cores = [person(seed) for seed in range(10)], 10 * [np.ones((4, 32, 32), bool)]
    factor = spread_factor(people, cores)
    assert factor == pytest.approx(1.5, rel=0.02)
    stack, redrawn = person(99)
    deviation = np.abs(stack.pixels - redrawn.healthy) / in_true_spread(redrawn, factor).spread
    for limit, share in ((1, 0.683), (2, 0.954), (3, 0.997)):
        assert (deviation < limit).mean() == pytest.approx(share, abs=0.02)


def test_a_detector_that_predicts_none_is_left_as_it_is():
    stack, redrawn = person(0)
    plain = Reconstruction(redrawn.healthy, {})
    assert spread_factor([(stack, plain)], [np.ones((4, 32, 32), bool)]) == 1.0
    assert in_true_spread(plain, 1.0) is plain

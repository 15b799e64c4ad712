"""Anatomy that has no mirror image, and too few people for p-values: on made legs whose left half is brighter."""

from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from MRIAnomalyLib.calibration import judgement
from MRIAnomalyLib.calibration.evidence import config_for
from MRIAnomalyLib.calibration.judgement import calibrate, load_calibration
from MRIAnomalyLib.calibration.reference import ReferenceBuilder
from MRIAnomalyLib.errors import CalibrationError
from MRIAnomalyLib.findings.components import count_curve
from MRIAnomalyLib.records import Reconstruction, SliceStack

SHAPE = (6, 32, 32)
K, J, I = np.meshgrid(*[np.linspace(-1, 1, size) for size in SHAPE], indexing="ij")  # noqa: E741
LEG = ((I + 0.15) / 0.7) ** 2 + (J / 0.9) ** 2 < 1  # nearer to the left
COUNT = partial(count_curve, voxel_mm3=18.0)
PARTS = ("residual", "atlas")


def person(seed, lesion=0.0):
    """Slices of one person, and the blurred guess of a detector that does not draw the lesion."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    healthy = LEG * (0.8 - 0.3 * I + 0.4 * texture + rng.normal(0, 0.02, SHAPE))
    pixels = (healthy * (1 + lesion * (np.hypot(I - 0.2, J) < 0.15))).astype(np.float32)
    stack = SliceStack(pixels[:, None], LEG[:, None], np.arange(SHAPE[0]), np.zeros(SHAPE[0], int))
    return stack, Reconstruction(ndimage.gaussian_filter(healthy, (0, 4, 4))[:, None].astype(np.float32), terms={})


def calibrated(count, symmetric, **how):
    pairs = [person(seed) for seed in range(count)]
    return calibrate(pairs, COUNT, config_for(pairs[0][1], PARTS, symmetric), **how)


@pytest.fixture(scope="module")
def one_sided():
    return calibrated(24, symmetric=False)


@pytest.fixture(scope="module")
def few():
    return calibrated(4, symmetric=False, fewest=judgement.FEW)


def test_a_mirror_image_is_no_second_healthy_leg(one_sided):
    both = calibrated(24, symmetric=True)
    inside = LEG & LEG[..., ::-1]
    slope = [reference.mean[..., 8][inside[..., 8]].mean() - reference.mean[..., -9][inside[..., -9]].mean() for reference in
             (one_sided.references["atlas"], both.references["atlas"])]  # fmt: skip
    assert slope[0] > 0.2
    assert abs(slope[1]) < 0.02
    assert (both.references["atlas"].spread[inside] > one_sided.references["atlas"].spread[inside]).mean() > 0.6


def test_left_and_right_are_not_compared(one_sided):
    assert set(one_sided.references) == set(one_sided.judge(*person(50)).z) == set(PARTS)


def test_only_where_healthy_legs_are_anything_is_judged(one_sided):
    assert one_sided.coverage.any()
    assert not (one_sided.coverage & ~LEG).any()


def test_both_halves_come_back_from_the_bundle(one_sided):
    loaded = load_calibration(one_sided.arrays(), one_sided.settings())
    before, after = one_sided.judge(*person(51, 0.8)), loaded.judge(*person(51, 0.8))
    strong = np.abs(before.evidence) > 1
    assert strong.any()
    assert np.allclose(before.evidence[strong], after.evidence[strong], rtol=0.03)
    for name in PARTS:
        mean, kept = one_sided.references[name].mean, loaded.references[name].mean
        assert np.allclose(mean[one_sided.coverage], kept[one_sided.coverage], atol=2e-3)


def test_leaving_one_out_of_a_one_sided_reference_is_as_never_having_seen_him():
    maps = np.random.default_rng(3).normal(size=(6, 4, 8, 8)).astype(np.float32)
    without, alone = (
        builder.reference(left_out)
        for builder, left_out in (
            (ReferenceBuilder(maps, 0.0, symmetric=False), 2),
            (ReferenceBuilder(np.delete(maps, 2, 0), 0.0, symmetric=False), None),
        )
    )
    assert np.allclose(without.mean, alone.mean, atol=1e-5)
    assert np.allclose(without.spread, alone.spread, atol=1e-4)


def test_of_too_few_people_nothing_has_a_p_value_and_nothing_is_flagged(few):
    judged = few.judge(*person(52, 0.8))
    assert not few.gives_p
    assert few.p_floor == few.settings()["smallest_p"] == 1.0
    assert np.isnan(judged.volume_p)
    assert np.isnan(judged.slice_p).all() and np.isnan(judged.slice_family_p).all()
    assert (judged.p_map == 1).all()
    assert np.isnan(few.slice_thresholds(0.5)).all()


def test_few_people_are_enough_to_see_where_a_lesion_is(few):
    judged = few.judge(*person(53, 1.0))
    assert np.hypot(I, J)[np.unravel_index(judged.evidence.argmax(), SHAPE)] < 0.5
    assert judged.evidence.max() > few.judge(*person(53)).evidence.max()


def test_a_place_that_one_of_few_people_has_is_not_judged():
    pairs = [person(seed) for seed in range(4)]
    wide = pairs[0][0].mask.copy()
    wide[..., -6:] = True
    pairs[0] = (SliceStack(pairs[0][0].pixels, wide, pairs[0][0].level, pairs[0][0].subject), pairs[0][1])
    found = calibrate(pairs, COUNT, config_for(pairs[0][1], PARTS, symmetric=False), judgement.FEW)
    assert not found.coverage[..., -6:].any()


def test_too_few_are_refused_unless_asked_for_and_two_are_never_enough():
    with pytest.raises(CalibrationError, match="4 healthy subjects were given, 19 or more"):
        calibrated(4, symmetric=False)
    with pytest.raises(CalibrationError, match="2 healthy subjects were given, 3 or more"):
        calibrated(2, symmetric=False, fewest=judgement.FEW)

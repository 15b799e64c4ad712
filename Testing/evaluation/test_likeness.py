import numpy as np
import pytest
from ellipses import ellipses

from MRIAnomalyLib.evaluation.likeness import features, frechet_distance, likeness


def slices(count=60, seed=0):
    return ellipses(count, 16, seed).pixels


def noisy(seed=3):
    return slices(seed=seed) + np.random.default_rng(0).normal(0, 0.3, (60, 1, 16, 16)).astype(np.float32)


def test_the_distance_of_two_normal_laws_is_the_one_known():
    random = np.random.default_rng(0)
    some, others = random.normal(0, 1, (20_000, 2)), random.normal((3, 0), (2, 1), (20_000, 2))
    assert frechet_distance(some, others) == pytest.approx(9 + 1, rel=0.05)  # means 3 apart, deviations 1 and 2 along the first axis
    assert frechet_distance(some, some) == pytest.approx(0, abs=1e-6)


def test_features_are_the_same_each_time_and_alone():
    np.testing.assert_allclose(features(slices(70))[:1], features(slices(70)[:1]), rtol=1e-5)


def test_other_slices_of_the_same_kind_are_like_real_ones_and_noisy_ones_are_not():
    like, unlike = (likeness(drawn, slices(seed=1), slices(seed=0)) for drawn in (slices(seed=2), noisy()))
    assert like.frechet < 0.2 * unlike.frechet
    assert min(like.precision, like.recall, like.coverage) > 0.7
    assert max(unlike.precision, unlike.coverage) < 0.3


def test_slices_that_are_all_alike_are_precise_and_cover_little():
    same = np.repeat(slices(1, seed=2), 60, 0) + np.random.default_rng(0).normal(0, 1e-3, (60, 1, 16, 16)).astype(np.float32)
    found = likeness(same, slices(seed=1), slices(seed=0))
    assert found.precision > 0.7
    assert max(found.recall, found.coverage) < 0.3


def test_what_was_learned_by_heart_is_told():
    assert likeness(slices(seed=0), slices(seed=1), slices(seed=0)).nearest == pytest.approx(0, abs=1e-6)
    assert likeness(slices(seed=2), slices(seed=1), slices(seed=0)).nearest > 0.7

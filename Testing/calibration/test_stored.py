import numpy as np
import pytest

from MRIAnomalyLib.calibration.reference import Reference
from MRIAnomalyLib.calibration.stored import (
    STEPS,
    highest_in_blocks,
    in_steps,
    loaded_pooled,
    loaded_reference,
    stored_pooled,
    stored_reference,
)


def mirrored(half, sign=1.0):
    return np.concatenate([half, sign * half[..., ::-1]], axis=-1).astype(np.float16).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def coverage(rng):
    return mirrored(rng.random((3, 5, 4)) > 0.4).astype(bool)


@pytest.mark.parametrize("odd", [False, True])
def test_half_of_the_covered_places_brings_both_halves_back(rng, coverage, odd):
    reference = Reference(mirrored(rng.normal(size=(3, 5, 4)), -1 if odd else 1), mirrored(rng.random((3, 5, 4)) + 0.1))
    stored = stored_reference(reference, coverage)
    assert all(array.shape == (coverage.sum() // 2,) for array in stored.values())
    loaded = loaded_reference(stored, coverage, odd=odd)
    assert (loaded.mean[coverage] == reference.mean[coverage]).all()
    assert (loaded.spread[coverage] == reference.spread[coverage]).all()


def test_nothing_lies_off_outside_the_coverage(rng, coverage):
    reference = Reference(mirrored(rng.normal(size=(3, 5, 4))), mirrored(rng.random((3, 5, 4)) + 0.1))
    loaded = loaded_reference(stored_reference(reference, coverage), coverage, odd=False)
    z = loaded.standardise(np.full(coverage.shape, 5.0, np.float32))
    assert (z[~coverage] == 0).all()
    assert (z[coverage] != 0).any()


def test_pooled_evidence_comes_back_where_a_block_holds_a_covered_place(rng, coverage):
    pooled = in_steps(-np.sort(-rng.gamma(1, 3, (4, 2, 3, 4)), axis=0))
    blocks = highest_in_blocks(coverage)
    stored = stored_pooled(pooled, coverage)
    assert stored.dtype == np.uint8
    loaded = loaded_pooled(stored, coverage)
    assert (loaded[:, blocks] == pooled[:, blocks]).all()
    assert (loaded[:, ~blocks] == 0).all()


def test_pooled_evidence_is_rounded_up_by_less_than_a_step(rng):
    evidence = rng.gamma(1, 1, 1000)
    rounded = in_steps(evidence)
    assert (rounded >= evidence).all()
    assert (rounded - evidence < 1 / STEPS).all()
    assert in_steps(np.zeros(3)).tolist() == [0, 0, 0]
    assert in_steps(np.array([400.0])) == 255 / STEPS


def test_pooled_evidence_kept_as_floats_is_still_read(rng, coverage):
    blocks = highest_in_blocks(coverage)
    kept = rng.random((4, blocks.sum())).astype(np.float16)
    assert (loaded_pooled(kept, coverage)[:, blocks] == kept).all()


def test_blocks_at_the_rim_are_smaller():
    map_ = np.arange(3 * 5 * 4).reshape(3, 5, 4)
    assert highest_in_blocks(map_).shape == (2, 3, 2)
    assert highest_in_blocks(map_)[-1, -1, -1] == map_.max()

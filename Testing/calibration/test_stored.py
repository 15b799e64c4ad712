import numpy as np
import pytest

from MRIAnomalyLib.calibration.reference import Reference
from MRIAnomalyLib.calibration.stored import highest_in_blocks, loaded_pooled, loaded_reference, stored_pooled, stored_reference


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
    pooled = rng.random((2, 2, 3, 4)).astype(np.float16).astype(np.float32)
    blocks = highest_in_blocks(coverage)
    loaded = loaded_pooled(stored_pooled(pooled, coverage), coverage)
    assert (loaded[:, blocks] == pooled[:, blocks]).all()
    assert (loaded[:, ~blocks] == 0).all()


def test_blocks_at_the_rim_are_smaller():
    map_ = np.arange(3 * 5 * 4).reshape(3, 5, 4)
    assert highest_in_blocks(map_).shape == (2, 3, 2)
    assert highest_in_blocks(map_)[-1, -1, -1] == map_.max()

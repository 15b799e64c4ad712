"""On the two sample scans: an extracted brain and a whole head."""

import numpy as np
import pytest

from MRIAnomalyLib import read_volume, resources
from MRIAnomalyLib.prepare.brain import STEP_MM, brain_mask, is_extracted, register
from MRIAnomalyLib.prepare.geometry import canonical


def on_grid(name):
    array, affine = canonical(read_volume(resources.sample(name)), STEP_MM)
    return np.maximum(array, 0), affine


@pytest.fixture(scope="module")
def brain():
    return on_grid("brain_t1_ms_lesions.nii.gz")


@pytest.fixture(scope="module")
def head():
    return on_grid("brain_t1_healthy_head.nii.gz")


def test_a_head_and_an_extracted_brain_are_told_apart(brain, head):
    assert is_extracted(brain[0])
    assert not is_extracted(head[0])


def test_an_extracted_brain_is_taken_as_it_is(brain):
    mask, how = brain_mask(brain[0])
    assert how == "extracted already"
    assert brain[0][~mask].sum() < 0.02 * brain[0].sum()


def test_the_brain_of_a_head_has_a_brains_size_and_leaves_the_skull_out(head):
    mask, how = brain_mask(head[0])
    assert how == "deepbet"
    assert 1200 < mask.sum() * STEP_MM**3 / 1000 < 2000
    assert head[0][~mask].sum() > 0.2 * head[0].sum()


def test_registration_gives_the_same_answer_again(brain):
    array, affine = brain
    first, again = register(array, affine), register(array, affine)
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]

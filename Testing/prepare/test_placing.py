"""Where a scan lies and what it is, told on brains made of the template's own tissue maps."""

from dataclasses import replace

import numpy as np
import pytest
from pseudo_flair import LEVEL, one_slice, whole

from MRIAnomalyLib.errors import BundleError, NotComparableError
from MRIAnomalyLib.prepare import plausibility
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.prepare.placing import place
from MRIAnomalyLib.prepare.recipe import Recipe, cut, prepare, recipe_from

FLAIR = recipe_from({"sequence": "FLAIR"})


@pytest.fixture(scope="module")
def whole_brain():
    return place(whole())


def test_a_slice_lies_where_its_header_says():
    volume = one_slice()
    spot = (0, 30, 60)  # (k, j, i): on the patient's right, in front
    volume.array[0, 29:32, 59:62] = 300
    stack = prepare(volume, FLAIR).stack
    _, _, row, column = np.unravel_index(stack.pixels.argmax(), stack.pixels.shape)
    assert stack.pixels.shape == (1, 1, 64, 64)
    assert np.abs(apply_affine(FLAIR.grid, np.array([column, row, 0])) - apply_affine(LEVEL, np.array(spot[::-1]))).max() <= 2.0
    assert column < 32  # the patient's right is on the left


def test_the_median_of_the_brain_in_the_slices_is_one_and_nothing_is_brighter_than_the_recipe_says():
    volume = one_slice()
    volume.array[0, 40:44, 40:44] = 900
    stack = prepare(volume, FLAIR).stack
    assert np.median(stack.pixels[stack.mask]) == pytest.approx(1, abs=0.02)
    assert stack.pixels.max() == pytest.approx(FLAIR.brightest)


def test_a_slice_of_a_whole_brain_looks_as_the_same_slice_alone(whole_brain):
    alone, within = prepare(one_slice(), FLAIR).stack, cut(whole_brain, FLAIR).stack
    inside = alone.mask & within.mask
    assert inside.sum() > 0.9 * alone.mask.sum()
    assert np.corrcoef(alone.pixels[inside], within.pixels[inside])[0, 1] > 0.9


def test_of_a_whole_brain_it_is_known_which_levels_the_model_never_saw(whole_brain):
    lowest, highest = cut(whole_brain, FLAIR).brain_levels
    assert lowest < -30
    assert highest > 20


def test_a_slice_that_does_not_say_where_it_lies_is_refused():
    with pytest.raises(NotComparableError, match=r"thin.*MNI152 space"):
        place(replace(one_slice(), in_template_space=False))


def test_a_slice_of_another_level_is_refused_with_both_levels():
    with pytest.raises(NotComparableError, match=r"S \+39 to \+41 mm .* \+18 to \+18 mm"):
        prepare(one_slice(level_mm=40.0), FLAIR)


def test_a_model_of_the_whole_brain_refuses_a_slice():
    with pytest.raises(NotComparableError, match="give a scan that holds these levels"):
        cut(place(one_slice()), Recipe(), force=True)


def test_a_slice_that_lies_elsewhere_than_its_header_says_is_refused():
    with pytest.raises(NotComparableError, match="overlap with the brain template"):
        prepare(one_slice(moved_mm=20.0), FLAIR)


@pytest.mark.parametrize("make", [whole, one_slice])
@pytest.mark.parametrize(("grey", "sequence"), [(0.7, "T1"), (1.1, "FLAIR")])
def test_t1_and_flair_are_told_apart_by_grey_against_white(make, grey, sequence):
    assert plausibility.sequence_of(place(make(grey=grey)).facts) == sequence


def test_a_flair_model_refuses_a_t1_weighted_scan():
    with pytest.raises(NotComparableError, match="does not look like a FLAIR scan"):
        prepare(whole(grey=0.7), FLAIR)


def test_the_steps_of_a_sequence_are_those_of_its_recipe_unless_they_are_set():
    assert recipe_from({"sequence": "FLAIR", "slices": 3}) == replace(FLAIR, slices=3)
    assert recipe_from({}) == Recipe()
    with pytest.raises(BundleError, match="T2"):
        recipe_from({"sequence": "T2"})


def test_a_recipe_says_which_part_of_the_brain_it_shows():
    assert Recipe().part == ""
    assert FLAIR.part == "the level S +17 to +19 mm (MNI152)"

"""Where a knee lies in a scan and what it looks like there, on knees made of cylinders."""

from dataclasses import replace

import numpy as np
import pytest
from pseudo_knee import FIBULA, knee

from MRIAnomalyLib.errors import NotComparableError
from MRIAnomalyLib.prepare import plausibility
from MRIAnomalyLib.prepare.anatomy import place_as
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.prepare.knee import place_knee
from MRIAnomalyLib.prepare.recipe import prepare, recipe_from
from MRIAnomalyLib.prepare.slices import carry_back
from MRIAnomalyLib.records import Volume

RECIPE = recipe_from({"anatomy": "knee", "sequence": "PDFS"})
RIGHT, LEFT = (90.0, 5.0, -10.0), (-90.0, 5.0, -10.0)
WHOLE = {"slices": 24, "step_mm": 4.0}


def turned(volume):
    """The same scan, its axes in another order and one of them the other way round."""
    order = np.array([[0, 1, 0, 0], [0, 0, -1, volume.shape[1] - 1], [1, 0, 0, 0], [0, 0, 0, 1.0]])  # new (i, j, k) -> old
    return Volume(np.ascontiguousarray(volume.array.transpose(1, 2, 0)[::-1]), volume.affine @ order)


def test_slices_show_the_front_on_the_left_and_the_thigh_above():
    stack = prepare(knee(), RECIPE).stack
    assert stack.pixels.shape == (10, 1, 64, 64)
    middle = stack.pixels[4, 0]
    assert middle[28, 13] < 0.7 * middle[28, 18]  # the dark patella lies in front, a little above the joint
    assert middle[10, 50] > 1.4 * middle[10, 22]  # muscle behind is brighter than marrow


def test_the_median_of_the_leg_is_as_the_recipe_says_and_nothing_is_brighter_than_it_allows():
    stack = prepare(knee(fluid=2000.0), RECIPE).stack
    assert np.median(stack.pixels[stack.mask]) == pytest.approx(RECIPE.middle, abs=0.02)
    assert stack.pixels.max() == pytest.approx(RECIPE.brightest)


def test_the_order_of_a_scans_axes_makes_no_difference():
    scan = knee(slices=12, middle=RIGHT)
    straight, other = prepare(scan, RECIPE), prepare(turned(scan), RECIPE)
    assert np.abs(straight.stack.pixels - other.stack.pixels).max() < 1e-3


def test_a_left_knee_is_mirrored_and_then_looks_as_a_right_one():
    recipe = replace(RECIPE, slices=20, step_mm=4.0, first_mm=-38.0)
    right, left = (prepare(knee(middle=place, left=place[0] < 0, **WHOLE), recipe) for place in (RIGHT, LEFT))
    inside = right.stack.mask & left.stack.mask
    assert inside.sum() > 0.95 * right.stack.mask.sum()
    assert np.corrcoef(right.stack.pixels[inside], left.stack.pixels[inside])[0, 1] > 0.9
    assert np.linalg.det(right.template_to_world) > 0 > np.linalg.det(left.template_to_world)


def test_what_is_found_in_a_mirrored_knee_goes_back_to_its_own_side():
    scan = knee(middle=LEFT, left=True, **WHOLE)
    prepared = prepare(scan, replace(RECIPE, slices=20, step_mm=4.0, first_mm=-38.0))
    column, row, level = np.rint(apply_affine(np.linalg.inv(prepared.grid_affine), FIBULA)).astype(int)
    marked = np.zeros((20, 64, 64), np.float32)
    marked[level, row, column] = 1
    found = apply_affine(scan.affine, np.argwhere(carry_back(marked, prepared, scan) > 0.3)[:, ::-1]).mean(0)
    assert found == pytest.approx(np.array(LEFT) + FIBULA * [-1, 1, 1], abs=6)  # lateral of a left knee is the patient's left


def test_the_leg_tells_the_middle_when_it_lies_off_the_middle_of_the_field():
    scan = knee(**WHOLE)
    moved = scan.like(np.roll(scan.array, 5, axis=2))  # 10 mm to the back
    assert (place_knee(moved).to_world[:3, 3] - place_knee(scan).to_world[:3, 3])[1] == pytest.approx(-10, abs=2.5)


@pytest.mark.parametrize(("middle", "told"), [(RIGHT, 1.0), (LEFT, -1.0), ((0.0, 0.0, 0.0), 0.0)])
def test_a_knee_in_the_middle_of_the_table_does_not_say_its_side_and_is_warned_about(middle, told):
    facts = place_knee(knee(middle=middle)).facts
    assert facts["side"] == told
    assert bool(plausibility.side_not_told(facts)) == (told == 0.0)
    assert plausibility.side_not_told({"brain_ml": 1400.0}) == []


def test_few_thick_slices_that_reach_every_level_do_not_fade_at_their_ends():
    stack = prepare(knee(slices=3, step_mm=2.0), RECIPE).stack
    assert stack.mask.reshape(10, -1).mean(1) == pytest.approx(stack.mask[4].mean(), abs=0.03)
    levels = np.array([np.median(one[inside]) for one, inside in zip(stack.pixels, stack.mask, strict=True)])
    assert levels == pytest.approx(levels[4], rel=0.1)


def test_a_slab_thinner_than_the_models_is_refused_with_both_reaches():
    with pytest.raises(NotComparableError, match=r"R -1 to \+1 mm of the middle of the knee.* -3 to \+3 mm"):
        prepare(knee(slices=4), RECIPE, force=True)


def test_thick_slices_of_another_plane_are_refused():
    scan = knee(slices=80, step_mm=2.0)
    axial = Volume(scan.array[:, ::3], scan.affine @ np.diag([1.0, 3, 1, 1]))  # every third row: 6 mm from top to bottom
    with pytest.raises(NotComparableError, match=r"sagittal slices this scan's voxels are 6\.0 mm wide"):
        prepare(axial, RECIPE, force=True)


def test_a_knee_whose_fat_is_bright_is_refused_and_scored_on_request_with_a_warning():
    scan = knee(marrow=220.0, middle=RIGHT, **WHOLE)
    with pytest.raises(NotComparableError, match="fat-suppressed proton-density scan: brightness of bone marrow"):
        prepare(scan, RECIPE)
    assert "Scored on request" in prepare(scan, RECIPE, force=True).warnings[0]


def test_of_a_whole_knee_it_is_known_which_levels_the_model_never_saw():
    lowest, highest = prepare(knee(middle=RIGHT, **WHOLE), RECIPE).brain_levels
    assert lowest < -60
    assert highest > 60
    assert prepare(knee(), RECIPE).brain_levels == (0, 9)


def test_an_empty_volume_is_refused():
    with pytest.raises(NotComparableError, match="nothing in this volume"):
        place_as("knee", Volume(np.zeros((10, 20, 20), np.float32), np.eye(4)))


def test_a_recipe_of_knees_says_what_it_shows_and_that_it_has_no_mirror_image():
    assert RECIPE.part == "the level R -3 to +3 mm (from the middle of the knee)"
    assert not RECIPE.symmetric
    for sequence, plane in (("T2", "sagittal"), ("T1", "coronal"), ("PD", "axial")):
        series = recipe_from({"anatomy": "knee", "sequence": sequence})
        assert (series.plane, series.part) == (plane, "")

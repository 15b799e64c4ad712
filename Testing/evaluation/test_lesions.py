"""Painting a lesion into the sample brain."""

import csv

import nibabel as nib
import numpy as np
import pytest

from MRIAnomalyLib import read_volume, resources
from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.evaluation import lesions
from MRIAnomalyLib.prepare.brain import STEP_MM, brain_mask
from MRIAnomalyLib.prepare.geometry import canonical
from MRIAnomalyLib.prepare.placing import place_brain
from MRIAnomalyLib.prepare.recipe import Recipe, standardise

RECIPE = Recipe()


@pytest.fixture(scope="module")
def head():
    array, affine = canonical(read_volume(resources.sample("brain_t1_ms_lesions.nii.gz")), STEP_MM)
    return lesions.Head(array, affine, *brain_mask(array))


@pytest.fixture(scope="module")
def clean(head):
    return standardise(place_brain(head.array, head.affine, head.mask, head.how), RECIPE)


@pytest.fixture
def outline(tmp_path):
    """A ball of 12 mm radius in the right hemisphere of template space."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [-90, -126, -72]
    i, j, k = np.meshgrid(*[np.arange(size) for size in (91, 109, 91)], indexing="ij")
    right, front, up = 2 * i - 90, 2 * j - 126, 2 * k - 72
    ball = ((right - 30) ** 2 + (front + 20) ** 2 + (up - 25) ** 2) < 12**2
    nib.save(nib.Nifti1Image(ball.astype(np.uint8), affine), tmp_path / "ball.nii.gz")
    return tmp_path / "ball.nii.gz"


@pytest.mark.parametrize(("change", "sign"), [(lesions.DARK, -1), (lesions.BRIGHT, 1)])
def test_the_lesion_changes_the_prepared_slices_where_the_truth_says_and_hardly_elsewhere(head, clean, outline, change, sign):
    painted, truth = lesions.paint(head, clean, outline, change, RECIPE)
    difference = painted.stack.pixels[:, 0] - clean.stack.pixels[:, 0]
    assert 4 < truth.sum() * 18 / 1000 < 11  # mL; the ball has 7.2, the brain is scaled to the template
    assert sign * np.median(difference[truth]) > 0.1
    elsewhere = ~truth & painted.stack.mask[:, 0]
    # registered anew with the lesion, the brain moves by a part of a pixel
    assert np.median(np.abs(difference[elsewhere])) < 0.4 * abs(np.median(difference[truth]))
    columns = np.argwhere(truth)[:, 2]
    assert columns.mean() < RECIPE.size_px / 2  # the patient's right is on the left of the picture


def test_outlines_are_drawn_by_seed_without_repetition_and_within_size(tmp_path):
    rows = [(f"m{n}.nii.gz", volume) for n, volume in enumerate([1, 5, 20, 80, 400, 12])]
    with (tmp_path / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["mask", "lesion_volume_ml"], *rows])
    drawn = lesions.lesion_outlines(tmp_path, 4, seed=0)
    assert {path.name for path in drawn} == {"m1.nii.gz", "m2.nii.gz", "m3.nii.gz", "m5.nii.gz"}
    assert drawn == lesions.lesion_outlines(tmp_path, 4, seed=0)
    with pytest.raises(InputError, match="holds 4 lesion outlines"):
        lesions.lesion_outlines(tmp_path, 5, seed=0)

import nibabel as nib
import numpy as np
import pytest
from ellipses import ellipses
from scipy import ndimage

from MRIAnomalyLib.evaluation.pasted import shapes_of, with_lesion, with_lesions

BAR = np.ones((3, 7), bool)
RING = np.pad(np.zeros((5, 5), bool), 2, constant_values=True)  # its middle is not in it


@pytest.fixture(scope="module")
def healthy():
    return ellipses(12, 64, seed=2)


def test_every_slice_gets_a_lesion_inside_the_foreground_and_is_as_it_was_far_from_it(healthy):
    lesioned, truth = with_lesions(healthy, [BAR, RING], seed=0)
    assert truth.any((1, 2)).all()
    assert not (truth & ~healthy.mask[:, 0]).any()
    near = ndimage.binary_dilation(truth, np.ones((1, 3, 3)), iterations=4)
    assert np.array_equal(lesioned.pixels[:, 0][~near], healthy.pixels[:, 0][~near])
    assert np.array_equal(lesioned.mask, healthy.mask)


def test_one_is_darker_and_the_next_brighter(healthy):
    lesioned, truth = with_lesions(healthy, [BAR], seed=0)
    change = (lesioned.pixels - healthy.pixels)[:, 0]
    means = np.array([one[inside].mean() for one, inside in zip(change, truth, strict=True)])
    assert (means[::2] < -0.05).all() and (means[1::2] > 0.05).all()


def test_lesions_lie_all_over_and_are_the_same_for_the_same_seed(healthy):
    places = [np.argwhere(with_lesions(healthy, [BAR], seed)[1][0]).mean(0) for seed in range(8)]
    assert len({tuple(place) for place in places}) > 5
    assert np.array_equal(with_lesions(healthy, [BAR], 3)[0].pixels, with_lesions(healthy, [BAR], 3)[0].pixels)


def test_a_shape_is_the_largest_cut_of_a_lesion_as_large_as_in_the_slices_of_a_brain_model(tmp_path):
    mask = np.zeros((80, 70, 12), np.uint8)
    mask[10:14, 10:14, 2] = 1
    mask[20:50, 30:48, 7] = 1  # 30 mm along x, 18 mm along y
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "lesion.nii.gz")
    (shape,), (finer,) = (shapes_of([tmp_path / "lesion.nii.gz"], size) for size in (64, 128))
    assert abs(shape.shape[0] - 6) <= 1 and abs(shape.shape[1] - 10) <= 1  # of 3 mm
    assert abs(finer.shape[0] - 12) <= 1 and abs(finer.shape[1] - 20) <= 1


def test_one_lesion_goes_through_all_slices_of_a_person_as_far_as_there_is_foreground(healthy):
    lesioned, truth = with_lesion(healthy, [BAR], -0.3, seed=0)
    through = truth.any(0)
    assert np.array_equal(truth, through & healthy.mask[:, 0])
    inside = (lesioned.pixels / np.where(healthy.pixels, healthy.pixels, 1))[:, 0][truth]
    assert np.median(inside) == pytest.approx(0.75, abs=0.05)  # of so small a shape the soft edge takes a little
    assert np.array_equal(with_lesion(healthy, [BAR], -0.3, seed=0)[1], truth)
    assert not np.array_equal(with_lesion(healthy, [BAR], -0.3, seed=1)[1], truth)

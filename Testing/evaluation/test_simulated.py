"""What TorchIO makes of a small made-up head."""

import sys

import numpy as np
import pytest
from scipy import ndimage

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.evaluation.lesions import Head
from MRIAnomalyLib.evaluation.simulated import CHANGES, simulated

SHAPE = (22, 25, 28)  # (k, j, i)
PLACE = np.stack(np.meshgrid(*(np.linspace(-1, 1, size) for size in SHAPE), indexing="ij"))
AWAY = (PLACE**2).sum(0)  # squared distance from the middle
INSIDE = AWAY < 0.6
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])


@pytest.fixture
def head():
    """A ball with a darker middle in black air; bright tissue is near 200."""
    pytest.importorskip("torchio", reason="other scanners are simulated by torchio, of the extra benchmark")
    return Head(np.where(INSIDE, 200 - 120 * (AWAY < 0.1), 0).astype(np.float32), AFFINE, INSIDE)


def moved(head, change, strength, person="a"):
    """Mean change of intensity in the head, once a common factor is taken away."""
    new = simulated(head, change, strength, person).array[INSIDE]
    return float(np.abs(new * (head.array[INSIDE].mean() / new.mean()) - head.array[INSIDE]).mean())


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_follows_from_person_and_kind_and_a_strong_one_is_the_mild_one_but_stronger(head, change):
    first, again = (simulated(head, change, "mild", "a") for _ in range(2))
    assert np.array_equal(first.array, again.array)
    assert first.array.shape == SHAPE
    assert first.array.min() >= 0
    assert moved(head, change, "strong") > 1.2 * moved(head, change, "mild") > 0
    several = {simulated(head, change, "mild", person).array.tobytes() for person in "abcdefgh"}
    assert len(several) > 1


def test_contrast_moves_grey_against_white_and_keeps_their_order(head):
    ratios = []
    for person in "abcdefgh":
        new = simulated(head, "contrast", "strong", person).array
        ratios.append(new[INSIDE].min() / new.max())
    assert min(ratios) < 80 / 200 < max(ratios) < 1


def test_a_bias_field_is_smooth_and_spares_air(head):
    new = simulated(head, "bias field", "strong", "a").array
    assert not new[~INSIDE].any()
    field = np.where(INSIDE, new / np.maximum(head.array, 1), np.nan)
    assert np.nanmax(np.abs(np.diff(field, axis=2))) < 0.3 * (np.nanmax(field) - np.nanmin(field))


def test_noise_is_as_wide_as_it_says_in_parts_of_bright_tissue(head):
    difference = simulated(head, "noise", "strong", "a").array - head.array
    assert difference[INSIDE].std() == pytest.approx(200 * CHANGES["noise"].amounts["strong"], rel=0.1)


def test_coarser_voxels_blur_along_one_axis_and_ghosts_lie_beside_the_head(head):
    left = []
    for person in "ab":
        coarse = simulated(head, "resolution", "strong", person).array
        left.append([np.abs(ndimage.sobel(coarse, axis)).max() / np.abs(ndimage.sobel(head.array, axis)).max() for axis in range(3)])
    assert all(min(one) < 0.9 * max(one) for one in left)
    assert simulated(head, "ghosting", "strong", "a").array[~INSIDE].max() > 1


def test_without_torchio_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchio", None)
    with pytest.raises(UsageError, match=r"pip install 'mrianomaly\[benchmark\]'"):
        simulated(Head(np.ones((2, 2, 2)), AFFINE, np.ones((2, 2, 2), bool)), "noise", "mild", "a")

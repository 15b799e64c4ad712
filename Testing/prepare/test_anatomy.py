import numpy as np
import pytest
from pseudo_flair import one_slice, whole
from pseudo_knee import knee

from MRIAnomalyLib import read_volume, resources
from MRIAnomalyLib.prepare.anatomy import anatomy_of
from MRIAnomalyLib.prepare.geometry import resample
from MRIAnomalyLib.records import Volume


@pytest.mark.parametrize("scan", [{}, {"slices": 24, "step_mm": 4.0}, {"marrow": 220.0}, {"middle": (90.0, 0.0, 0.0)}])
def test_a_limb_that_runs_through_the_field_is_a_knee(scan):
    assert anatomy_of(knee(**scan)) == "knee"


def test_brains_heads_and_slices_of_them_are_no_knees():
    brain = whole()
    assert anatomy_of(Volume(brain.array, brain.affine)) == "brain"
    assert anatomy_of(one_slice()) == "brain"
    assert anatomy_of(read_volume(resources.sample(resources.HEALTHY_HEAD))) == "brain"


def test_a_brain_cut_to_its_own_box_is_no_knee():
    brain = whole()
    low, high = (pick(np.argwhere(brain.array), axis=0) for pick in (np.min, np.max))
    box = brain.affine.copy()
    box[:3, 3] += 2 * low[::-1]
    tight = resample(brain.array, brain.affine, tuple(high - low + 1), box)
    assert anatomy_of(Volume(tight.astype(np.float32), box)) == "brain"


def test_an_empty_volume_is_left_to_the_usual_way():
    assert anatomy_of(Volume(np.zeros((20, 20, 20), np.float32), np.diag([8.0, 8, 8, 1]))) == "brain"

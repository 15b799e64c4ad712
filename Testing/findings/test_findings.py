import numpy as np
import pytest
from phantoms import GEOMETRIES

from MRIAnomalyLib.findings.components import count_curve, regions
from MRIAnomalyLib.findings.place import describe, side_of
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.records import Prepared, SliceStack, Volume

VOXEL_MM3 = 18.0


def evidence():
    """A bright block of 27 voxels (peak 6), a dark one of 8 (peak 9) beside it, and a speck."""
    map_ = np.zeros((8, 12, 12))
    map_[1:4, 1:4, 1:4] = 5
    map_[2, 2, 2] = 6
    map_[4:6, 4:6, 4:6] = -9
    map_[7, 10, 10] = 20
    return map_


def test_regions_are_numbered_by_peak_and_specks_are_left_out():
    labels = regions(evidence(), 3.0, VOXEL_MM3)
    assert labels.max() == 2
    assert (labels == 1).sum() == 8 and (labels == 2).sum() == 27


def test_touching_bright_and_dark_regions_stay_apart():
    labels = regions(evidence(), 3.0, VOXEL_MM3)
    assert labels[3, 3, 3] != labels[4, 4, 4] != 0


def test_nothing_above_the_threshold_is_no_region():
    assert regions(evidence(), 30.0, VOXEL_MM3).max() == 0
    assert list(count_curve(evidence(), np.array([3.0, 5.5, 30.0]), VOXEL_MM3)) == [2, 1, 0]


def prepared(to_world):
    stack = SliceStack(np.zeros((8, 1, 12, 12)), np.ones((8, 1, 12, 12), bool), np.arange(8), np.zeros(8, int))
    grid = np.diag([-3.0, -3.0, 2.0, 1.0])
    grid[:3, 3] = [16.5, 16.5, -8]
    return Prepared(stack, grid, to_world, None, None, {}, (0, len(stack) - 1))


@pytest.mark.parametrize("name", ["axial RAS", "oblique", "left-handed LAS"])
def test_a_finding_is_where_its_voxels_are(name):
    affine = GEOMETRIES[name]
    volume = Volume(np.zeros((9, 10, 11), np.float32), affine)
    labels = np.zeros(volume.shape, int)
    labels[2:5, 3:6, 4:7] = 1
    values = np.where(labels, -4.0, 0)
    values[3, 4, 5] = -7
    _, (finding,) = describe(labels, values, volume, prepared(np.eye(4)))
    assert np.allclose(finding.centroid_ras_mm, apply_affine(affine, [5, 4, 3]))
    assert finding.volume_ml == pytest.approx(27 * volume.voxel_ml)
    assert (finding.peak, finding.sign) == (7.0, "dark")
    assert finding.mean == pytest.approx((26 * 4 + 7) / 27)


def test_the_centre_of_a_ring_is_given_on_the_ring():
    volume = Volume(np.zeros((3, 11, 11), np.float32), np.eye(4))
    j, i = np.mgrid[:11, :11] - 5
    labels = np.zeros(volume.shape, int)
    labels[1] = (i**2 + j**2 > 9) & (i**2 + j**2 < 25)
    _, (finding,) = describe(labels, labels * 5.0, volume, prepared(np.eye(4)))
    i, j, k = np.rint(finding.centroid_ras_mm).astype(int)
    assert labels[k, j, i] == 1


def test_a_region_that_fell_between_thick_slices_leaves_no_gap_in_the_numbers():
    volume = Volume(np.zeros((4, 5, 6), np.float32), np.eye(4))
    labels = np.zeros(volume.shape, int)
    labels[0, 0, 0], labels[3, 4, 5] = 1, 3
    written, found = describe(labels, labels * 2.0, volume, prepared(np.eye(4)))
    assert written.dtype == np.uint16
    assert sorted(np.unique(written)) == [0, 1, 2]
    assert [finding.label for finding in found] == [1, 2]


def test_findings_are_numbered_by_the_peak_that_is_reported():
    volume = Volume(np.zeros((4, 5, 6), np.float32), np.eye(4))
    labels = np.zeros(volume.shape, int)
    labels[0, 0, 0], labels[3, 4, 5] = 1, 2
    written, found = describe(labels, np.where(labels == 2, -9.0, 5.0), volume, prepared(np.eye(4)))
    assert written[3, 4, 5] == 1
    assert [finding.peak for finding in found] == [9.0, 5.0]


def test_sides_are_the_patients_own():
    assert (side_of(30), side_of(-30), side_of(1)) == ("right", "left", "midline")


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_a_finding_in_a_mirrored_knee_is_on_the_patients_own_side(mirror):
    affine = np.eye(4)
    affine[:3, 3] = [80, 0, 0]
    to_world = np.diag([mirror, 1.0, 1.0, 1.0])
    to_world[:3, 3] = [100, 0, 0]  # the middle of the knee
    volume = Volume(np.zeros((3, 4, 41), np.float32), affine)
    labels = np.zeros(volume.shape, int)
    labels[1, 2, 40] = 1  # 20 mm to the patient's right of it
    _, (finding,) = describe(labels, labels * 5.0, volume, prepared(to_world))
    assert finding.side == "right"

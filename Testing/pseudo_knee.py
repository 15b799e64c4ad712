"""Knees made of cylinders, each with a person's own noise: how bone, muscle, fluid and the fibula look on fat-suppressed slices."""

import numpy as np
from scipy import ndimage

from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.prepare.slices import grid_affine
from MRIAnomalyLib.records import Volume

PIXELS, PIXEL_MM = 80, 2.0  # a field of 160 mm
FIBULA = np.array([35.0, -25.0, -45.0])  # lateral, anterior, superior mm from the middle of the joint


def knee(number=0, slices=10, step_mm=0.6, middle=(0.0, 0.0, 0.0), marrow=60.0, left=False, fluid=300.0):
    """Sagittal slices (slices, 80, 80) through the middle of a knee that lies at `middle` (RAS mm); tissue is 100 on average."""
    affine = grid_affine("sagittal", PIXELS, PIXEL_MM, step_mm, -(slices - 1) / 2 * step_mm, (0.0, 0.0))
    k, j, i = np.meshgrid(*map(np.arange, (slices, PIXELS, PIXELS)), indexing="ij")
    x, y, z = np.moveaxis(apply_affine(affine, np.stack([i, j, k], -1)), -1, 0)
    x = -x if left else x
    array = np.where((x / 52) ** 2 + (y / 56) ** 2 < 1, 100.0, 0.0)
    array[(array > 0) & (y < -28)] = 180  # calf and hamstrings
    array[(np.hypot(x, y - 3) < 20) & (np.abs(z) > 3)] = marrow  # femur and tibia
    array[(np.abs(z) <= 3) & (np.abs(y) < 20) & (np.abs(x) < 25)] = fluid
    array[(np.hypot(x - FIBULA[0], y - FIBULA[1]) < 8) & (z < -20)] = marrow / 2
    array[(np.hypot(y - 45, z - 10) < 7) & (np.abs(x) < 15)] = 40  # patella
    grain = ndimage.gaussian_filter(np.random.default_rng(number).normal(0, 25, array.shape), 1)
    affine[:3, 3] += middle
    return Volume(np.maximum(array * (1 + grain / 100), 0).astype(np.float32), affine)


def bright_spot(volume, lateral_mm=0.0, front_mm=-40.0, up_mm=30.0, amount=400.0):
    """The same scan with a cube of 10 mm side that no healthy knee has, so far from the middle of its field."""
    middle = apply_affine(volume.affine, (np.array(volume.shape[::-1]) - 1) / 2)
    k, j, i = np.meshgrid(*map(np.arange, volume.shape), indexing="ij")
    off = apply_affine(volume.affine, np.stack([i, j, k], -1)) - middle - [lateral_mm, front_mm, up_mm]
    return volume.like(np.where((np.abs(off) < 5).all(-1), amount, volume.array).astype(np.float32))

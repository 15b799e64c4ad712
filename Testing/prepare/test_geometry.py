import numpy as np
import pytest
from phantoms import GEOMETRIES

from MRIAnomalyLib.prepare.geometry import apply_affine, canonical, resample
from MRIAnomalyLib.prepare.recipe import Recipe
from MRIAnomalyLib.prepare.slices import carry_back, cut_slices
from MRIAnomalyLib.records import Prepared, Volume

SHAPE = (31, 36, 41)


def positions(affine, shape=SHAPE):
    """(3, K, J, I): the RAS millimetres of every voxel, as three volumes."""
    k, j, i = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return np.moveaxis(apply_affine(affine, np.stack([i, j, k], -1)), -1, 0)


def inner(mask_like, margin):
    inside = np.zeros(mask_like.shape, bool)
    inside[tuple(slice(margin, -margin) for _ in mask_like.shape)] = True
    return inside


@pytest.mark.parametrize("name", GEOMETRIES)
def test_every_pixel_of_a_cut_slice_knows_its_place(name):
    affine = GEOMETRIES[name]
    center = apply_affine(affine, (np.array(SHAPE[::-1]) - 1) / 2)
    recipe = Recipe(size_px=8, pixel_mm=1.0, slices=5, step_mm=1.0, first_mm=-2.0, center_mm=(0.0, 0.0))
    to_world = np.eye(4)
    to_world[:3, 3] = center
    cut = [cut_slices(axis, affine, to_world, recipe.grid, recipe.shape, 2.0)[:, 0] for axis in positions(affine)]
    expected = positions(to_world @ recipe.grid, recipe.shape)
    assert np.abs(np.stack(cut) - expected).max() < 1e-3 * 0.1 * max(1, np.abs(expected).max() / 100)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_map_comes_back_to_its_place_on_the_inputs_grid(name):
    affine = GEOMETRIES[name]
    volume = Volume(np.ones(SHAPE, np.float32), affine)
    center = apply_affine(affine, (np.array(SHAPE[::-1]) - 1) / 2)
    recipe = Recipe(size_px=64, pixel_mm=3.0, slices=60, step_mm=3.0, first_mm=-90.0, center_mm=(0.0, 0.0))
    turn = np.array([[0.9, -0.1, 0.05, center[0]], [0.12, 1.1, -0.04, center[1]], [0.02, 0.06, 0.95, center[2]], [0, 0, 0, 1]])
    prepared = Prepared(None, recipe.grid, turn, None, None, {}, (0, recipe.slices - 1))
    labelled = positions(turn @ recipe.grid, recipe.shape)  # each pixel of the stack says where it is
    back = np.stack([carry_back(axis, prepared, volume) for axis in labelled])
    seen = carry_back(np.ones(recipe.shape), prepared, volume) > 0.999
    assert seen.mean() > 0.5
    assert np.abs(back - positions(affine))[:, seen].max() < 1e-4


@pytest.mark.parametrize(("spacing", "first", "seen"), [(1.0, 10, [17, 18, 19]), (5.0, 6, [16]), (5.0, 8, [18]), (2.0, 9, [17, 19])])
def test_one_slice_stands_for_its_own_thickness_or_the_inputs_and_for_nothing_beyond(spacing, first, seen):
    recipe = Recipe(size_px=8, slices=1, step_mm=2.0, first_mm=18.0)
    affine = recipe.grid @ np.diag([1, 1, spacing / 2, 1])
    affine[2, 3] = first
    volume = Volume(np.zeros((12, 8, 8)), affine)
    prepared = Prepared(None, recipe.grid, np.eye(4), None, None, {}, (0, 0))
    back = carry_back(np.full(recipe.shape, 3.0), prepared, volume)
    levels = first + spacing * np.arange(12)
    assert levels[back.any((1, 2))].tolist() == seen
    assert np.allclose(back[back > 0], 3.0)


def test_resampling_onto_the_own_grid_changes_nothing():
    rng = np.random.default_rng(0)
    array, affine = rng.normal(size=SHAPE), GEOMETRIES["oblique"]
    assert np.abs(resample(array, affine, SHAPE, affine) - array).max() < 1e-9


def test_one_slice_keeps_its_values_on_its_own_grid():
    rng = np.random.default_rng(1)
    array = rng.normal(size=(1, 20, 22))
    affine = GEOMETRIES["oblique anisotropic sagittal"]
    assert np.abs(resample(array, affine, array.shape, affine) - array).max() < 1e-9


@pytest.mark.parametrize("name", ["axial RAS", "left-handed LAS", "coronal LIP", "oblique", "sagittal PIR"])
def test_the_canonical_grid_keeps_the_centre_of_mass(name):
    affine = GEOMETRIES[name]
    k, j, i = np.meshgrid(*[np.linspace(-1, 1, size) for size in SHAPE], indexing="ij")
    blob = np.exp(-8 * ((i - 0.2) ** 2 + (j + 0.1) ** 2 + (k - 0.1) ** 2)).astype(np.float32)
    array, grid = canonical(Volume(blob, affine), 2.0)
    before = (positions(affine) * blob).reshape(3, -1).sum(1) / blob.sum()
    after = (positions(grid, array.shape) * array).reshape(3, -1).sum(1) / array.sum()
    assert np.abs(before - after).max() < 0.15
    assert np.allclose(grid[:3, :3], 2 * np.eye(3))


def test_mirrored_columns_are_mirrored_places():
    recipe = Recipe()
    left = apply_affine(recipe.grid, [10, 20, 30])
    right = apply_affine(recipe.grid, [recipe.size_px - 1 - 10, 20, 30])
    assert np.allclose(left * [-1, 1, 1], right)

"""Find the brain and lay it onto the MNI152 template."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ..errors import NotComparableError, UsageError
from ..records import Array
from ..resources import template_folder
from .geometry import RAS_LPS

STEP_MM = 2.0  # grid on which brains are extracted and registered: that of the training scans


def foreground(array: Array) -> Array:
    """Everything that is not air: the largest connected region above a tenth of the bright tissue, holes filled."""
    inside = array > 0.1 * np.percentile(array[array > 0], 90) if (array > 0).any() else array > 0
    labels, count = ndimage.label(inside)
    if count == 0:
        return inside
    largest = labels == 1 + np.argmax(ndimage.sum_labels(inside, labels, range(1, count + 1)))
    return ndimage.binary_fill_holes(largest)


def is_extracted(array: Array) -> bool:
    """Whether skull and scalp are gone already: hardly any bright tissue lies apart from the brain.

    A head's scalp and marrow are bright and separated from the brain by the dark skull; 4 % lies between heads and extracted brains.
    """
    bright = array > 0.35 * np.percentile(array[array > 0], 90)
    labels, count = ndimage.label(ndimage.binary_opening(bright, iterations=2))
    if count == 0:
        return False
    largest = labels == 1 + np.argmax(ndimage.sum_labels(labels > 0, labels, range(1, count + 1)))
    apart = bright & ~ndimage.binary_dilation(largest, iterations=2)
    return bool(apart.sum() < 0.04 * bright.sum())


def brain_mask(array: Array) -> tuple[Array, str]:
    """The brain on a 2 mm RAS grid: measured as extracted already, or by deepbet.

    Args:
        array: (K, J, I) intensities on an axis-aligned RAS grid of 2 mm.

    Returns:
        mask (K, J, I) bool, and how it was found: "extracted already" or "deepbet".

    Raises:
        NotComparableError: no brain was found.
    """
    if is_extracted(array):
        return foreground(array), "extracted already"
    return _deepbet(array), "deepbet"


@lru_cache(maxsize=1)
def _deepbet_model() -> object:
    try:
        from deepbet.bet import BrainExtraction
    except ImportError as error:
        raise UsageError(
            "Whole heads need the package deepbet: pip install 'mrianomaly[brain]', or give a brain-extracted scan."
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BrainExtraction(no_gpu=True)


def _deepbet(array: Array) -> Array:
    model = _deepbet_model()
    try:
        found = model.run_model(np.ascontiguousarray(array.transpose(2, 1, 0), dtype=np.float32)) > 0.5  # type: ignore[attr-defined]
        found = model.postprocess(found)  # type: ignore[attr-defined]
    except (AssertionError, ValueError, IndexError, RuntimeError) as error:  # what deepbet does on a volume without a head
        raise NotComparableError("No brain was found in this volume. Give a T1-weighted scan of a whole adult brain.") from error
    return found.transpose(2, 1, 0)


@lru_cache(maxsize=4)
def template(kind: str) -> sitk.Image:
    """A map of MNI152 at 2 mm: "t1_brain", "brain_mask", "gm" or "wm"."""
    return sitk.ReadImage(str(template_folder() / f"mni152_{kind}_2mm.nii.gz"), sitk.sitkFloat32)


def template_map(kind: str) -> tuple[Array, Array]:
    """The same map as an array (K, J, I), probabilities in 0..1, and its (4, 4) affine."""
    image = template(kind)
    array = sitk.GetArrayFromImage(image)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return array / 255 if kind in ("gm", "wm") else array, RAS_LPS @ affine


def as_image(array: Array, affine: Array) -> sitk.Image:
    """An array on an axis-aligned RAS grid as SimpleITK sees it (LPS)."""
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing(np.abs(np.diag(affine)[:3]).tolist())
    image.SetDirection(np.diag([-1.0, -1.0, 1.0]).ravel().tolist())
    image.SetOrigin((RAS_LPS @ affine)[:3, 3].tolist())
    return image


def register(array: Array, affine: Array) -> tuple[Array, float]:
    """Affine registration of an extracted brain to MNI152.

    Args:
        array: (K, J, I) brain intensities, 0 outside, on an axis-aligned RAS grid.
        affine: (4, 4) voxel -> RAS mm.

    Returns:
        (4, 4) template RAS mm -> the brain's own RAS mm, and the correlation of both inside the template's brain.

    Raises:
        NotComparableError: the registration lost the brain.
    """
    fixed, moving = template("t1_brain"), as_image(array, affine)
    start = sitk.CenteredTransformInitializer(fixed, moving, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.15, 1)  # seeded: without a seed ITK draws its samples by the clock
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 80, relaxationFactor=0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([3, 2])
    method.SetSmoothingSigmasPerLevel([2, 1])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=True)
    try:
        with _one_thread():
            found = method.Execute(fixed, moving)
    except RuntimeError as error:  # the images stopped overlapping
        raise NotComparableError("This volume does not fit the brain template. Give a T1-weighted scan of a whole adult brain.") from error
    inside = sitk.GetArrayFromImage(template("brain_mask")) > 0.5
    warped = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, found, sitk.sitkLinear))[inside]
    correlation = float(np.corrcoef(warped, sitk.GetArrayFromImage(fixed)[inside])[0, 1])
    return _matrix(found), correlation


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order, so that the same scan gives the same answer again; the method's own thread count leaves its optimiser out."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _matrix(transform: sitk.Transform) -> Array:
    """The 4 x 4 RAS matrix of an affine SimpleITK transform (LPS)."""
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(axis)) - origin for axis in np.eye(3).tolist()]
    lps = np.eye(4)
    lps[:3, :3], lps[:3, 3] = np.stack(columns, 1), origin
    return RAS_LPS @ lps @ RAS_LPS

"""Brightness made comparable: bias field removal and a monotone tone curve through the tissue peaks."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ..records import Array
from .brain import as_image

TISSUE_TARGETS = (0.40, 0.75, 1.0)  # where fluid, grey and white matter end up: between the scanners seen (0.28-0.56, 0.62-0.83)
MIN_GAP = 0.05  # of white matter's brightness, between two knots of the tone curve


def bias_field(array: Array, affine: Array, mask: Array) -> Array:
    """The smooth multiplicative shading of a scan by N4 (Tustison et al., IEEE TMI 2010; SimpleITK), 1 on average inside the mask.

    Args:
        array: (K, J, I) intensities >= 0 on an axis-aligned RAS grid of 2 mm.
        affine: (4, 4) voxel -> RAS mm.
        mask: (K, J, I) brain.
    """
    image = as_image(np.maximum(array, 0), affine)
    inside = sitk.Cast(as_image(mask, affine), sitk.sitkUInt8)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfThreads(1)  # sums in one order: the same scan must give the same answer again
    n4.SetMaximumNumberOfIterations([30, 30, 20])
    n4.SetConvergenceThreshold(1e-3)
    n4.Execute(sitk.Shrink(image, [3] * 3), sitk.Shrink(inside, [3] * 3))
    field = np.exp(sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)))
    return (field / field[mask].mean()).astype(np.float32)


def tissue_peaks(values: Array, grey: Array, white: Array, rounds: int = 30) -> Array:
    """Mean intensity of fluid, grey and white matter: a Gaussian mixture whose weights are the registered tissue maps.

    Args:
        values: (M,) brain intensities, bias removed.
        grey: (M,) probability of grey matter in the template at the same voxels.
        white: (M,) likewise of white matter; the rest is fluid.
        rounds: of expectation and maximisation.

    Returns:
        (3,) increasing means in the order fluid, grey, white matter.
    """
    prior = np.stack([np.clip(1 - grey - white, 0, 1), grey, white]) + 0.02
    prior /= prior.sum(0)
    means = np.array([np.percentile(values, 5), np.average(values, weights=grey**4 + 1e-6), np.average(values, weights=white**4 + 1e-6)])
    spreads = np.full(3, values.std() / 3)
    for _ in range(rounds):
        density = np.exp(-0.5 * ((values - means[:, None]) / spreads[:, None]) ** 2) / spreads[:, None]
        share = prior * density + 1e-12
        share /= share.sum(0)
        weight = share.sum(1)
        means = (share * values).sum(1) / weight
        spreads = np.sqrt((share * (values - means[:, None]) ** 2).sum(1) / weight) + 1e-3 * means[2]
    return means


def tone_curve(peaks: Array) -> tuple[Array, Array]:
    """Knots of the monotone map that brings the tissue peaks (3,) to their targets; linear on, beyond white matter.

    Peaks that are not in the order of a T1-weighted scan are set apart by MIN_GAP: the curve must not fold.
    """
    gap = MIN_GAP * peaks[2]
    grey = min(peaks[1], peaks[2] - gap)
    peaks = np.array([min(peaks[0], grey - gap), grey, peaks[2]])
    beyond = peaks[2] + 2 * (peaks[2] - peaks[1])
    top = TISSUE_TARGETS[2] + 2 * (TISSUE_TARGETS[2] - TISSUE_TARGETS[1])
    return np.array([0.0, *peaks, beyond]), np.array([0.0, *TISSUE_TARGETS, top])


def linear_tone(median: float, target: float) -> tuple[Array, Array]:
    """Knots of the map that brings a median to a target."""
    return np.array([0.0, median]), np.array([0.0, target])


def apply_tone(array: Array, tone: tuple[Array, Array], inverse: bool = False) -> Array:
    """Map intensities through the tone curve, or standardised values back; the outermost pieces go on linearly."""
    source, target = tone[::-1] if inverse else tone
    slope = (target[-1] - target[-2]) / (source[-1] - source[-2])
    mapped = np.interp(array, source, target) + slope * np.maximum(array - source[-1], 0)
    return mapped.astype(np.float32)

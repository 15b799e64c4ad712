"""A head as another scanner might have given it: one thing changed in the scan as it came, before any preparation.

The changes are made by TorchIO (Pérez-García et al., Computer Methods and Programs in Biomedicine 208, 2021). What is random in one, such
as the place of shading, follows from the person and the kind of change alone: a strong change is the same one as the mild, only stronger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..bundles.contents import sha256_of
from ..errors import UsageError
from .lesions import Head

STRENGTHS = ("mild", "strong")
BRIGHT = 90  # percentile of what is not air: intensities are told in parts of it
BIAS_ORDER, BIAS_TERMS = 3, 20  # of a polynomial in three coordinates, and how many terms it has
GHOSTS = 4

Draws = np.random.Generator


@dataclass(frozen=True)
class Change:
    """One thing that differs between scanners."""

    what: str  # in words, with the unit of the amounts
    amounts: Mapping[str, float]  # by strength
    transform: Callable[[Any, float, Draws], Any]  # TorchIO itself, amount, draws -> one of its transforms, of intensities near 1


def _contrast(tio: Any, amount: float, draws: Draws) -> Any:
    return tio.Gamma(float(np.exp(amount * draws.choice([-1, 1]))))


def _bias(tio: Any, amount: float, draws: Draws) -> Any:
    return tio.BiasField((amount * draws.uniform(-1, 1, BIAS_TERMS)).tolist(), BIAS_ORDER)


def _noise(tio: Any, amount: float, draws: Draws) -> Any:
    return tio.Noise(0.0, amount, int(draws.integers(2**31)))


def _resolution(tio: Any, amount: float, draws: Draws) -> Any:
    axis = int(draws.integers(3))

    def thicker(image: Any) -> Any:
        spacing = [size * (amount if place == axis else 1.0) for place, size in enumerate(image.spacing)]
        coarse = tio.Resample(spacing, antialias=True)(image)
        return tio.Resample((image.spatial_shape, image.affine))(coarse)

    return thicker


def _ghosting(tio: Any, amount: float, draws: Draws) -> Any:
    return tio.Ghosting(GHOSTS, int(draws.integers(3)), amount, None)


CHANGES = {
    "contrast": Change("intensity to the power of e^a or e^-a", {"mild": 0.2, "strong": 0.4}, _contrast),
    "bias field": Change("coefficients of a cubic field's logarithm within -a and a", {"mild": 0.2, "strong": 0.5}, _bias),
    "noise": Change("standard deviation a of Gaussian noise, in parts of bright tissue", {"mild": 0.03, "strong": 0.08}, _noise),
    "resolution": Change("voxels a times as long along one axis", {"mild": 1.5, "strong": 2.5}, _resolution),
    "ghosting": Change(f"{GHOSTS} ghosts along one axis, strength a of 1", {"mild": 0.3, "strong": 0.7}, _ghosting),
}


def simulated(head: Head, change: str, strength: str, person: str) -> Head:
    """The head with one thing changed, on its own grid and with its own brain mask.

    Args:
        head: as it came, on its 2 mm grid.
        change: of CHANGES.
        strength: of STRENGTHS.
        person: whose head it is: what is random follows from this.

    Raises:
        UsageError: TorchIO is not installed.
    """
    tio, kind = _torchio(), CHANGES[change]
    draws = np.random.default_rng(int(sha256_of(f"{change} of {person}".encode())[:16], 16))
    bright = float(np.percentile(head.array[head.array > 0], BRIGHT))
    voxels = np.ascontiguousarray(head.array.transpose(2, 1, 0)[None] / bright, dtype=np.float32)
    changed = kind.transform(tio, kind.amounts[strength], draws)(tio.ScalarImage(tensor=voxels, affine=head.affine))
    return replace(head, array=np.maximum(changed.numpy()[0].transpose(2, 1, 0) * bright, 0))


def version() -> str:
    """TorchIO's; UsageError when it is not installed."""
    return str(_torchio().__version__)


def _torchio() -> Any:
    try:
        import torchio
    except ImportError as error:
        raise UsageError("Other scanners are simulated by the package torchio: pip install 'mrianomaly[benchmark]'.") from error
    return torchio

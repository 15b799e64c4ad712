"""What is refused at the door: things that are no single magnetic-resonance volume, each with one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import InputError
from ..records import Array, Volume

HOUNSFIELD = (-1100.0, 3100.0)  # air to dense bone; below it only padding
LEAST_AIR = 0.01  # share of voxels below -500 that no body but a CT's surroundings and lungs have


def check_volume(volume: Volume, named: str = "The volume") -> None:
    """Refuse what cannot be a magnetic-resonance volume; sheared and left-handed axes are fine.

    Args:
        volume: any array and affine.
        named: how the sentence calls it: the path that the user typed.

    Raises:
        InputError: not three axes, a single voxel or line of voxels, NaN or infinite, constant or all zero, a CT or another modality,
            or axes that span no space.
    """
    _check_axes(volume, named)
    _check_values(volume.array, named)
    if volume.modality not in (None, "MR"):
        raise InputError(f"{named} is {volume.modality} and not magnetic resonance: choose an MR scan.")
    if _looks_like_ct(volume.array):
        raise InputError(
            f"{named} looks like a CT, with values down to {volume.array.min():.0f} as in Hounsfield units: choose an MR scan, "
            "or shift the values if it is one."
        )


def _check_axes(volume: Volume, named: str) -> None:
    if volume.array.ndim != 3:
        raise InputError(f"{named} has {volume.array.ndim} axes where a volume has three: choose one volume of it.")
    if sum(size > 1 for size in volume.shape) < 2:
        raise InputError(f"{named} is only {' x '.join(map(str, volume.shape[::-1]))} voxels, which makes no picture: choose a whole scan.")
    axes = volume.affine[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    if not np.isfinite(volume.affine).all() or not lengths.all() or abs(np.linalg.det(axes / lengths)) < 1e-6:
        raise InputError(
            f"The affine of {named} does not say where the voxels are (it spans no space or is not finite): repair its header."
        )


def _check_values(array: Array, named: str) -> None:
    strange = array.size - np.count_nonzero(np.isfinite(array))
    if strange:
        raise InputError(
            f"{named} holds {strange} of {array.size} voxels that are NaN or infinite: replace them, with 0 if they are outside."
        )
    low, high = array.min(), array.max()
    if low == high:
        raise InputError(
            f"{named} holds {'only zeros' if low == 0 else f'the one value {low:g} everywhere'}: choose a scan that shows something."
        )


def _looks_like_ct(array: Array) -> bool:
    inside = array[array > HOUNSFIELD[0]]
    if array.min() > -500 or inside.size == 0:
        return False
    return bool(np.mean(inside < HOUNSFIELD[1]) > 0.95 and np.mean(inside < -500) > LEAST_AIR)


def three_axes(shape: tuple[int, ...], path: Path) -> tuple[int, int, int]:
    """Size (I, J, K) of an image with axes (i, j, k, ...): one slice for a picture, without axes of length one beyond the third.

    Raises:
        InputError: several volumes, or several values per voxel.
    """
    i, j, k, *rest = *shape, *(1,) * (3 - len(shape))
    if not shape or 0 in shape:
        raise InputError(f"{path} holds no voxels: its header is damaged or the export went wrong.")
    if np.prod(rest) > 1:
        kind = "volumes" if len(rest) == 1 else "volumes or values per voxel"
        raise InputError(f"{path} holds {np.prod(rest)} {kind} in one file: choose one of them and save it alone.")
    return i, j, k


def as_voxels(array: Array, path: Path) -> Array:
    """Turn into float32, in one block of memory.

    Raises:
        InputError: complex numbers, colours, or anything else that is not one number per voxel.
    """
    if array.dtype.kind not in "biuf":
        kind = "complex numbers" if array.dtype.kind == "c" else "something else than numbers"
        raise InputError(f"{path} holds {kind}: save it with one brightness per voxel, the magnitude.")
    with np.errstate(over="ignore"):  # becomes infinite, which is refused by number
        return np.ascontiguousarray(array, np.float32)

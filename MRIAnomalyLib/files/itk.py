"""NRRD and MetaImage files by way of ITK."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ..errors import InputError
from ..prepare.geometry import RAS_LPS
from ..records import Array
from .checking import three_axes


def read_itk(path: Path) -> tuple[Array, Array]:
    """Voxels (K, J, I) as stored, and the affine (4, 4) voxel (i, j, k) -> RAS mm.

    Raises:
        InputError: not what its name says, damaged, several volumes, or several values per voxel.
    """
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with _silence():
            reader.ReadImageInformation()
            shape = three_axes(reader.GetSize(), path)
            if reader.GetNumberOfComponents() > 1:
                raise InputError(f"{path} holds {reader.GetNumberOfComponents()} values per voxel (colours or vectors): a scan has one.")
            image = reader.Execute()
    except RuntimeError as error:
        raise InputError(_explain(path, str(error))) from error
    return sitk.GetArrayFromImage(image).reshape(shape[::-1]), _affine(image)


def _affine(image: sitk.Image) -> Array:
    axes = image.GetDimension()
    shared = min(axes, 3)  # a picture lies in the plane of the third axis' zero; a fourth axis is none of space
    lps = np.eye(4)
    lps[:shared, :shared] = (np.reshape(image.GetDirection(), (axes, axes)) * image.GetSpacing())[:shared, :shared]
    lps[:shared, 3] = image.GetOrigin()[:shared]
    return RAS_LPS @ lps


def _explain(path: Path, complaint: str) -> str:
    if "determinant" in complaint:
        return f"The axes of {path} do not span a space (their determinant is 0): its header is damaged or was written by hand."
    if "Unable to determine ImageIO" in complaint:
        return (
            f"{path} is no {path.suffix.lstrip('.').upper()} file although it is named like one: name it after what it is, or convert it."
        )
    return f"{path} is cut short or damaged, or its voxels are missing: copy it again from where it came."


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what the MetaImage library prints by itself off standard error, which carries only our own lines."""
    try:
        kept = os.dup(2)
    except OSError:  # a program without a console has nothing to silence
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

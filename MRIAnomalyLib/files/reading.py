"""Read a scan from any of the files that people have, with its exact place in space, or say in one sentence why not.

| named                          | read as                                                                                  |
|--------------------------------|------------------------------------------------------------------------------------------|
| `.nii .nii.gz`                 | NIfTI-1 or NIfTI-2                                                                       |
| `.nrrd .nhdr .mha .mhd`        | through ITK, turned from LPS to RAS                                                      |
| `x.npy`                        | array (k, j, i); beside it the affine (4 x 4, voxel (i, j, k) -> RAS mm), in             |
|                                | `x_affine.npy` or, as text, in `x.affine.txt`                                            |
| `x.npz`                        | the same two, under the keys `array` and `affine`                                        |
| a folder, `.zip`, `.dcm`       | DICOM; a file named by itself is read alone                                              |
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..records import Array, Volume
from .checking import as_voxels, check_volume, three_axes
from .dicom import read_series
from .frames import is_dicom
from .itk import read_itk

NIFTI = (".nii", ".nii.gz")
ITK = (".nrrd", ".nhdr", ".mha", ".mhd")
NUMPY = (".npy", ".npz")
IMAGES = (*NIFTI, *ITK, *NUMPY)  # one file, one volume


def read_volume(path: str | Path, series: str | None = None) -> Volume:
    """One scan, from a file or folder: float32 array (K, J, I) and RAS affine, checked to be a magnetic-resonance volume.

    The affine is the file's own bit for bit (NIfTI), or rounded to what a NIfTI file stores (all others). A picture in two dimensions is a
    volume of one slice, and axes of length one beyond the third are dropped. Identity in headers is left behind.

    Args:
        path: see the table at the top of this file.
        series: SeriesInstanceUID, where a DICOM folder or zip holds several.

    Raises:
        InputError: missing, damaged, of an unknown kind, or not one MR volume; one sentence that names `path` as given.
    """
    place = Path(path)
    try:
        volume = _read(place, series)
    except OSError as error:
        raise InputError(
            f"{place} cannot be read ({error.strerror or 'the file is damaged'}): check the file and who may read it."
        ) from error
    except MemoryError as error:
        raise InputError(f"{place} is too large for this computer's memory, or its header is damaged.") from error
    check_volume(volume, str(place))
    return volume


def _read(place: Path, series: str | None) -> Volume:
    name = place.name.lower()
    if not place.exists():
        raise InputError(f"There is no file or folder {place}: check the path.")
    if place.is_dir():
        return read_series(place, series)
    if place.stat().st_size == 0:
        raise InputError(f"{place} is an empty file: copy it again from where it came.")
    if name.endswith(NIFTI):
        from .nifti import read_nifti  # nibabel, which Slicer's Python lacks and the other formats do not need

        return read_nifti(place)
    if name.endswith(ITK):
        array, affine = read_itk(place)
        detached = array.tobytes() if name.endswith((".mhd", ".nhdr")) else b""  # the voxels are in another file
        return _rounded(place, array, affine, hashlib.sha256(place.read_bytes() + detached).hexdigest())
    if name.endswith(NUMPY):
        array, affine = _load_numpy(place)
        array = array[..., 0] if array.ndim > 3 and array.shape[-1] == 1 else array
        return _rounded(
            place, array.reshape(three_axes(array.shape[::-1], place)[::-1]), affine, hashlib.sha256(place.read_bytes()).hexdigest()
        )
    if name.endswith((".zip", ".dcm")) or is_dicom(place):
        return read_series(place, series)
    raise InputError(f"{place} is of an unknown kind: {', '.join(IMAGES)}, .zip, .dcm and folders of DICOM files can be read.")


def _load_numpy(place: Path) -> tuple[Array, Array]:
    try:
        if place.suffix.lower() == ".npz":
            with np.load(place, allow_pickle=False) as held:
                return held["array"], held["affine"]
        binary, text = place.with_name(f"{place.stem}_affine.npy"), place.with_name(f"{place.stem}.affine.txt")
        if not binary.exists() and not text.exists():
            raise InputError(f"{place} needs its 4 x 4 affine (voxel i, j, k to RAS mm) beside it, in {binary.name} or {text.name}.")
        return np.load(place, allow_pickle=False), np.load(binary, allow_pickle=False) if binary.exists() else np.loadtxt(text)
    except KeyError as error:
        raise InputError(f"{place} must hold the two arrays `array` (k, j, i) and `affine` (4 x 4, voxel i, j, k to RAS mm).") from error
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{place} or its affine is cut short, damaged or not a plain numpy array: save it again.") from error


def _rounded(place: Path, array: Array, affine: Array, digest: str) -> Volume:
    if np.shape(affine) != (4, 4) or not np.issubdtype(affine.dtype, np.number):
        raise InputError(f"The affine of {place} is not a 4 x 4 table of numbers: it must map voxel i, j, k to RAS mm.")
    return Volume(as_voxels(array, place), np.asarray(affine, np.float32).astype(np.float64), source_sha256=digest)

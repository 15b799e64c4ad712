"""NIfTI files by way of nibabel."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np

from ..errors import InputError
from ..records import Volume
from .checking import as_voxels, three_axes

GEOMETRY = [
    *("pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z"),
]
MNI152_CODE = 4  # what the NIfTI standard calls coordinates of the MNI152 template
DAMAGE = (EOFError, zlib.error, OSError, ValueError, nib.filebasedimages.ImageFileError, nib.spatialimages.HeaderDataError)


def read_nifti(place: Path) -> Volume:
    """Voxels as float32 (K, J, I), the affine as nibabel gives it, and a header that outputs can repeat.

    Raises:
        InputError: not NIfTI, damaged, several volumes, colours, complex numbers, or sizes not in millimetres.
    """
    raw = place.read_bytes()
    image = _open(raw, place)
    shape = three_axes(image.shape, place)
    if image.get_data_dtype().fields is not None:
        raise InputError(f"{place} holds colours and not one brightness per voxel: convert it to a scan in shades of grey.")
    if image.header.get_xyzt_units()[0] in ("meter", "micron"):
        raise InputError(f"{place} gives its voxel size in {image.header.get_xyzt_units()[0]}s: convert it to millimetres.")
    try:
        array = np.asarray(image.dataobj)
    except (OSError, ValueError) as error:
        raise InputError(_damaged(place)) from error
    voxels, header = as_voxels(array.reshape(shape).T, place), _geometry_only(image.header, shape)
    # image.affine bit for bit, but for a flat picture without sform and qform, whose stored thickness nibabel leaves out
    affine, checksum = header.get_best_affine(), hashlib.sha256(raw).hexdigest()
    return Volume(voxels, affine, header=header, source_sha256=checksum, in_template_space=_says_mni152(header))


def _says_mni152(header: nib.Nifti1Header) -> bool:
    """By the code of whichever of sform and qform gives the affine."""
    return int(header["sform_code"] or header["qform_code"]) == MNI152_CODE


def _open(raw: bytes, place: Path) -> nib.Nifti1Image:
    """Unpacked whole, so that the checksum of a compressed file is looked at."""
    try:
        unpacked = gzip.decompress(raw) if place.suffix.lower() == ".gz" else raw
        if len(unpacked) < nib.Nifti1Header.sizeof_hdr:
            raise EOFError
        kind = next((kind for kind in (nib.Nifti1Image, nib.Nifti2Image) if kind.header_class.may_contain_header(unpacked)), None)
        if kind is None:
            raise InputError(f"{place} is named like a NIfTI file but is none: name it after what it is, or convert it.")
        with nib.imageglobals.LoggingOutputSuppressor():
            return kind.from_bytes(unpacked)
    except gzip.BadGzipFile as error:
        raise InputError(f"{place} is no compressed NIfTI file although it is named like one, or it is damaged: copy it again.") from error
    except DAMAGE as error:
        raise InputError(_damaged(place)) from error


def _damaged(place: Path) -> str:
    return f"{place} is cut short or damaged: copy it again from where it came."


def _geometry_only(header: nib.Nifti1Header, shape: tuple[int, int, int]) -> nib.Nifti1Header:
    """Where the voxels are and nothing else: no free text, no extensions."""
    kept = type(header)()
    kept.set_data_shape(shape)
    for field in GEOMETRY:
        kept[field] = header[field]
    kept["pixdim"][4:] = 1  # times and the like of axes that are gone
    return kept

"""Maps as NIfTI files that lie on the input voxel for voxel: the input's own geometry fields, repeated bit for bit.

nibabel is imported where a file is touched: the Slicer module needs only the arrays, and Slicer's Python lacks it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..records import Volume

if TYPE_CHECKING:
    import nibabel as nib

_GEOMETRY = (
    [f"{kind}form_code" for kind in "qs"] + [f"quatern_{c}" for c in "bcd"] + [f"{kind}_{c}" for kind in ("qoffset", "srow") for c in "xyz"]
)
SAME_PLACE_MM = 1e-3  # affines that differ less are the same: files keep single precision

_SCANNER = 1  # NIfTI code of "scanner-based anatomical coordinates"


def write_volume(volume: Volume, path: Path) -> None:
    """Write `path` (.nii or .nii.gz) with the array's own dtype, unscaled, without any description.

    A reader gets `volume.affine` back bit for bit: from the qform and sform of the NIfTI header that the input came with,
    otherwise from an sform of code 1 (scanner).
    """
    import nibabel as nib

    # a NIfTI-2 header holds doubles that a NIfTI-1 header cannot repeat
    precise = isinstance(volume.header, nib.Nifti2Header)
    header = nib.Nifti2Header() if precise else nib.Nifti1Header()
    header.set_data_dtype(volume.array.dtype)
    header.set_data_shape(volume.shape[::-1])
    _repeat_geometry(header, volume)
    header.set_xyzt_units("mm")
    image = nib.Nifti2Image if precise else nib.Nifti1Image
    nib.save(image(volume.array.transpose(2, 1, 0), None, header), path)


def read_written(path: Path, name: str) -> Volume:
    """Read a volume back that `write_volume` wrote."""
    import nibabel as nib

    image: Any = nib.load(path)
    return Volume(np.ascontiguousarray(np.asanyarray(image.dataobj).transpose(2, 1, 0)), image.affine, name, header=image.header)


def _repeat_geometry(header: nib.Nifti1Header, volume: Volume) -> None:
    import nibabel as nib

    source = volume.header
    if isinstance(source, nib.Nifti1Header):
        for field in _GEOMETRY:
            header[field] = source[field]
        header["pixdim"][:4] = source["pixdim"][:4]
        if np.array_equal(header.get_best_affine(), volume.affine):
            return
    header.set_zooms(volume.spacing_mm)
    header.set_qform(None, 0)
    header.set_sform(volume.affine, _SCANNER)

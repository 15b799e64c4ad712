"""DICOM images one by one: where each lies and how to get its pixels. Tags that say who the patient is are never read."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset

from ..errors import InputError
from ..records import Array

TAGS = [
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "SeriesDescription", "Modality", "ImageType"),
    *("ScanningSequence", "RepetitionTime", "EchoTime", "InversionTime"),
    *("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames", "RescaleSlope", "RescaleIntercept"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]
MR_CLASSES = {f"1.2.840.10008.5.1.4.1.1.4{end}" for end in ("", ".1", ".4")}  # MR, enhanced MR, legacy converted enhanced MR
UNREADABLE = (AttributeError, KeyError, IndexError, TypeError, ValueError, EOFError, OSError, RuntimeError)  # what pydicom raises on damage


@dataclass(frozen=True, eq=False)
class Frame:
    """One image of a DICOM file."""

    path: Path
    named: str  # how messages call the file
    number: int  # within the file, from 0
    head: Dataset  # the tags of TAGS
    position: Array | None  # (3,) centre of the first pixel, LPS mm
    orientation: Array | None  # (6,) unit vectors along a row and along a column, LPS
    spacing: Array  # (2,) mm between rows and between columns
    thickness: float  # mm
    slope: float
    intercept: float

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.head.Rows), int(self.head.Columns)

    @property
    def normal(self) -> Array:
        """(3,) unit vector across the image: along a row x along a column, LPS."""
        assert self.orientation is not None
        normal = np.cross(self.orientation[:3], self.orientation[3:])
        return normal / np.linalg.norm(normal)


def is_dicom(path: Path) -> bool:
    """Whether the file carries DICOM's mark after its 128 free bytes."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def frames_of(path: Path, named: str) -> list[Frame]:
    """Images that a file holds; none for a file that is not DICOM or holds no image.

    Args:
        path: the file.
        named: how messages call it: not by its name inside a folder, which may be a person's.

    Raises:
        InputError: a DICOM image that is cut short or damaged.
    """
    try:
        if not is_dicom(path):
            return []
        with warnings.catch_warnings(action="ignore"):
            head = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=TAGS)
            if "Rows" in head and "Columns" in head and "SeriesInstanceUID" in head:
                return [_frame(path, named, head, number) for number in range(int(head.get("NumberOfFrames") or 1))]
    except UNREADABLE as error:
        raise InputError(_damaged(named)) from error
    if head.file_meta.get("MediaStorageSOPClassUID") in MR_CLASSES:
        raise InputError(_damaged(named))
    return []


def _damaged(named: str) -> str:
    return f"{named} is cut short or damaged: copy it again from where it came."


def _frame(path: Path, named: str, head: Dataset, number: int) -> Frame:
    position = _place(head, number, "PlanePositionSequence")
    orientation = _numbers(_place(head, number, "PlaneOrientationSequence").get("ImageOrientationPatient"), 6)
    if orientation is not None and np.linalg.norm(np.cross(orientation[:3], orientation[3:])) < 0.9:  # unit vectors at right angles give 1
        orientation = None
    measures = _place(head, number, "PixelMeasuresSequence")
    scaling = _place(head, number, "PixelValueTransformationSequence")
    spacing = _numbers(measures.get("PixelSpacing"), 2)
    return Frame(
        path,
        named,
        number,
        head,
        position=_numbers(position.get("ImagePositionPatient"), 3),
        orientation=orientation if spacing is not None else None,
        spacing=np.ones(2) if spacing is None else spacing,
        thickness=float(measures.get("SliceThickness") or 1.0),
        slope=float(1.0 if scaling.get("RescaleSlope") is None else scaling.RescaleSlope),
        intercept=float(scaling.get("RescaleIntercept") or 0.0),
    )


def _place(head: Dataset, number: int, name: str) -> Dataset:
    """Where a frame's own tags are: in its functional group, in the shared one, or (one image a file) in the head itself."""
    if "PerFrameFunctionalGroupsSequence" not in head:
        return head
    own, shared = head.PerFrameFunctionalGroupsSequence[number], head.get("SharedFunctionalGroupsSequence") or [Dataset()]
    return next((group[name].value[0] for group in (own, shared[0]) if group.get(name)), Dataset())


def _numbers(values: Any, count: int) -> Array | None:
    array = np.array([] if values is None else values, dtype=float).reshape(-1)
    return array if len(array) == count and np.isfinite(array).all() else None


def pixels(frames: list[Frame]) -> Array:
    """(N, rows, columns) float32 values of frames of one file, slope and intercept applied.

    Raises:
        InputError: the pixels are cut short, or packed in a way that cannot be unpacked here.
    """
    path = frames[0].path
    packing = None
    try:
        with warnings.catch_warnings(action="ignore"):
            dataset = pydicom.dcmread(path)
            packing = dataset.file_meta.TransferSyntaxUID
            stored = dataset.pixel_array.reshape(-1, *frames[0].size)
        return np.stack([stored[frame.number] * frame.slope + frame.intercept for frame in frames], dtype=np.float32)
    except UNREADABLE as error:
        if not (isinstance(error, RuntimeError) and packing is not None and packing.is_compressed):
            raise InputError(_damaged(frames[0].named)) from error
        return _pixels_through_itk(frames[0], packing.name)


def _pixels_through_itk(frame: Frame, packing: str) -> Array:
    # ITK unpacks JPEG kinds that pydicom alone does not, and applies slope and intercept; those of single frames it ignores
    with contextlib.suppress(RuntimeError):
        image = sitk.ReadImage(str(frame.path), sitk.sitkFloat32)
        if image.GetSize()[2:] in [(), (1,)]:
            return sitk.GetArrayFromImage(image).reshape(1, *image.GetSize()[1::-1])
    raise InputError(
        f"{frame.named} is packed as {packing}, which cannot be unpacked here: convert the series to NIfTI, "
        "for example with dcm2niix, and read that."
    )

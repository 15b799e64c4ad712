"""Tiny volumes for tests: a labelled phantom in many geometries, and writers for every kind of file that can hold it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from MRIAnomalyLib.records import Volume

SHAPE = (9, 10, 11)  # (k, j, i)
LABELS = {100: ((1, 3), (1, 2), (2, 6)), 200: ((4, 5), (4, 8), (1, 3)), 300: ((6, 9), (2, 4), (7, 10))}  # value: voxels along k, j, i
SECRET = "Nemo^Captain"  # the patient's name in every DICOM file written here: must never come out again


def rotation(x: float, y: float, z: float) -> np.ndarray:
    """(3, 3) turn about the three axes, degrees."""
    a, b, c = np.radians([x, y, z])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def affine(axes: np.ndarray, spacing: Iterable[float] = (1.2, 1.2, 1.2), origin: Iterable[float] = (-31.25, 17.5, 42.125)) -> np.ndarray:
    """(4, 4) voxel (i, j, k) -> RAS mm of unit axes (columns), as float32 numbers."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(axes, float) * list(spacing)
    matrix[:3, 3] = list(origin)
    return matrix.astype(np.float32).astype(np.float64)


def _axes(letters: str) -> np.ndarray:
    directions = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}
    return np.array([directions[letter] for letter in letters], float).T


OBLIQUE = rotation(12, -7, 23)
SHEAR = np.array([[1, 0, 0.2], [0, 1, -0.1], [0, 0, 1]])
GEOMETRIES: dict[str, np.ndarray] = {
    "axial RAS": affine(_axes("RAS")),
    "axial LPS": affine(_axes("LPS")),
    "left-handed LAS": affine(_axes("LAS")),
    "left-handed RAI": affine(_axes("RAI")),
    "coronal LIP": affine(_axes("LIP")),
    "coronal RSA, left-handed": affine(_axes("RSA")),
    "sagittal PIR": affine(_axes("PIR")),
    "sagittal ASR": affine(_axes("ASR")),
    "permuted SRA": affine(_axes("SRA")),
    "anisotropic": affine(_axes("LPS"), (0.9, 0.8, 5.0)),
    "oblique": affine(OBLIQUE),
    "oblique anisotropic sagittal": affine(OBLIQUE @ _axes("PIR"), (0.7, 0.7, 3.3)),
    "oblique left-handed": affine(OBLIQUE @ _axes("LAS"), (1.2, 1.1, 1.3)),
    "nearly 45 degrees": affine(rotation(44, 44, 44), (1.2, 1.2, 2.4), (812.5, -640.25, 3.0)),
    "one slice": affine(OBLIQUE @ _axes("RSA"), (0.6, 0.6, 4.0)),
    "sheared": affine(OBLIQUE @ SHEAR),
}


def phantom(geometry: str = "oblique") -> Volume:
    """Blocks of LABELS on a ground of 10, in one of GEOMETRIES; "one slice" is one slice."""
    array = np.full(SHAPE, 10, np.float32)
    for value, block in LABELS.items():
        array[tuple(slice(*ends) for ends in block)] = value
    return Volume(array.max(axis=0, keepdims=True) if geometry == "one slice" else array, GEOMETRIES[geometry])


def label_centres(array: np.ndarray) -> dict[int, np.ndarray]:
    """Centre (i, j, k) in voxels of each label of an array (K, J, I)."""
    return {value: np.argwhere(np.isclose(array, value)).mean(0)[::-1] for value in LABELS}


def write_nifti(path: Path, volume: Volume) -> Path:
    """NIfTI with the volume's affine in sform and qform (in the sform alone where it is sheared)."""
    image = nib.Nifti1Image(volume.array.T, volume.affine)
    nib.save(image, path)
    return path


def to_itk(volume: Volume) -> sitk.Image:
    """The volume as ITK holds it, in LPS."""
    image = sitk.GetImageFromArray(volume.array)
    lps = np.diag([-1, -1, 1]) @ volume.affine[:3]
    spacing = np.linalg.norm(lps[:, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:, 3].tolist())
    return image


def write_itk(path: Path, volume: Volume) -> Path:
    """NRRD, MHA or MHD, by the path's ending."""
    sitk.WriteImage(to_itk(volume), str(path))
    return path


def write_dicom_series(folder: Path, volume: Volume, skip: Iterable[int] = (), **tags: object) -> list[Path]:
    """One MR file a slice, in shuffled file names; values int16 with slope 0.5 and intercept -20 undone on reading.

    Args:
        folder: made if missing; more series may be written into it.
        volume: with perpendicular axes in the slice plane.
        skip: slices left out.
        tags: further DICOM keywords and values, for every slice; they replace what is written otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lps = np.diag([-1, -1, 1, 1]) @ volume.affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    series = str(tags.pop("SeriesInstanceUID", generate_uid()))
    written = []
    for k in (k for k in range(len(volume.array)) if k not in set(skip)):
        dataset = _mr_head(series)
        dataset.ImageOrientationPatient = _decimals(np.r_[lps[:3, 0] / spacing[0], lps[:3, 1] / spacing[1]])
        dataset.ImagePositionPatient = _decimals(lps[:3, 3] + k * lps[:3, 2])
        dataset.PixelSpacing = _decimals([spacing[1], spacing[0]])  # between rows, then between columns
        dataset.SliceThickness = _decimals([spacing[2]])[0]
        set_pixels(dataset, np.round((volume.array[k] + 20) / 0.5))
        for keyword, value in tags.items():
            setattr(dataset, keyword, value)
        path = folder / f"{(k * 7) % 1009:04d}-{series[-6:]}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        written.append(path)
    return written


def set_pixels(dataset: Dataset, stored: np.ndarray) -> None:
    """Put int16 pixels (rows, columns) or (frames, rows, columns) into a dataset."""
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.PixelData = stored.astype("<i2").tobytes()


def _mr_head(series: str) -> pydicom.Dataset:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = series, generate_uid(), generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.Modality = SECRET, SECRET, "MR"
    dataset.ImageType, dataset.SeriesDescription = ["ORIGINAL", "PRIMARY", "M"], "t1 sag"
    dataset.ScanningSequence, dataset.RepetitionTime, dataset.EchoTime = "GR", "8.1", "3.7"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.RescaleSlope, dataset.RescaleIntercept = "0.5", "-20"
    return dataset


def _decimals(numbers: Iterable[float]) -> list[str]:
    return [pydicom.valuerep.format_number_as_ds(float(number)) for number in numbers]


def zipped(folder, name="scan.zip"):
    """A zip file of the folder, beside it."""
    target = folder.parent / name
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder.parent))
    return target

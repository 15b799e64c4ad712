"""DICOM series: what there is, and what can be done with it."""

import numpy as np
import phantoms
import pydicom
import pytest
from pydicom.dataset import Dataset

from MRIAnomalyLib.files import unpack
from MRIAnomalyLib.files.dicom import list_series, read_series
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.geometry import apply_affine


def test_a_series_is_told_by_its_facts(tmp_path):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom("oblique anisotropic sagittal"))
    (series,) = list_series(tmp_path)
    assert (series.modality, series.sequence, series.images, series.size) == ("MR", "T1-like", 9, (11, 10))
    assert series.plane == "oblique sagittal" and series.usable and not series.localizer
    assert series.reason == "can be read as a volume of 9 slices"
    np.testing.assert_allclose(series.spacing_mm, (0.7, 0.7, 3.3), atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "repetition", "echo", "inversion", "guess"),
    [
        ("GR", 8, 4, None, "T1-like"),
        (["GR", "IR"], 2300, 3, 900, "T1-like"),
        ("SE", 500, 12, None, "T1-like"),
        ("SE", 4000, 100, None, "T2-like"),
        ("SE", 3000, 30, None, "PD-like"),
        (["SE", "IR"], 9000, 120, 2500, "FLAIR-like"),
        ("GR", 600, 20, None, "T2*-like"),
        ("EP", 5000, 90, None, "echo-planar"),
        ("SE", None, None, None, "unknown"),
    ],
)
def test_the_sequence_is_guessed_from_its_timing(tmp_path, kind, repetition, echo, inversion, guess):
    tags = {"ScanningSequence": kind, "RepetitionTime": repetition, "EchoTime": echo, "InversionTime": inversion}
    phantoms.write_dicom_series(tmp_path, phantoms.phantom(), **tags)
    assert list_series(tmp_path)[0].sequence == guess


def test_slope_and_intercept_of_each_slice_are_applied(tmp_path):
    phantom = phantoms.phantom()
    paths = phantoms.write_dicom_series(tmp_path, phantom)
    dataset = pydicom.dcmread(paths[2])
    dataset.RescaleSlope = "2"
    dataset.save_as(paths[2])
    expected = phantom.array.copy()
    expected[2] = (expected[2] + 20) * 4 - 20
    np.testing.assert_allclose(read_volume(tmp_path).array, expected, atol=1e-3)


def test_slices_against_the_normal_are_turned_round(tmp_path):
    phantom = phantoms.phantom("left-handed LAS")
    phantoms.write_dicom_series(tmp_path, phantom)
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, phantom.array[::-1])
    np.testing.assert_allclose(apply_affine(volume.affine, [0, 0, 8]), phantom.affine[:3, 3], atol=1e-4)


def test_a_zip_holds_the_same_volume_and_leaves_nothing_behind(tmp_path, monkeypatch):
    folder, scratch = tmp_path / "scan", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(unpack.tempfile, "tempdir", str(scratch))
    phantoms.write_dicom_series(folder, phantoms.phantom())
    plain, packed = read_volume(folder), read_volume(phantoms.zipped(folder))
    np.testing.assert_array_equal(plain.array, packed.array)
    assert plain.affine.tobytes() == packed.affine.tobytes() and plain.source_sha256 == packed.source_sha256 != ""
    assert list(scratch.iterdir()) == []


def test_other_files_and_copies_in_the_folder_do_no_harm(tmp_path):
    paths = phantoms.write_dicom_series(tmp_path, phantoms.phantom())
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "again.dcm").write_bytes(paths[3].read_bytes())
    assert read_volume(tmp_path).shape == phantoms.SHAPE


def test_one_file_named_by_itself_is_one_slice(tmp_path):
    paths = phantoms.write_dicom_series(tmp_path, phantoms.phantom())
    bare = tmp_path / "IM0001"
    paths[1].rename(bare)
    for path, k in ((paths[2], 2), (bare, 1)):
        volume = read_volume(path)
        assert volume.shape == (1, 10, 11)
        np.testing.assert_allclose(apply_affine(volume.affine, [0, 0, 0]), apply_affine(phantoms.phantom().affine, [0, 0, k]), atol=1e-4)
        np.testing.assert_allclose(volume.spacing_mm, 1.2, atol=1e-5)


def test_a_multi_frame_file_is_read_frame_by_frame(tmp_path):
    phantom = phantoms.phantom("oblique anisotropic sagittal")
    singles = [pydicom.dcmread(path) for path in phantoms.write_dicom_series(tmp_path / "single", phantom)]
    pixels = np.stack([dataset.pixel_array for dataset in singles[::-1]])
    many = singles[0]
    many.SOPClassUID = many.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    many.NumberOfFrames = len(singles)
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = many.PixelSpacing, many.SliceThickness
    orientation.ImageOrientationPatient = many.ImageOrientationPatient
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    frames = []
    for k in range(len(singles))[::-1]:
        frame, position, scaling = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = singles[k].ImagePositionPatient
        scaling.RescaleSlope, scaling.RescaleIntercept = "0.5", "-20"
        frame.PlanePositionSequence, frame.PixelValueTransformationSequence = [position], [scaling]
        frames.append(frame)
    many.SharedFunctionalGroupsSequence, many.PerFrameFunctionalGroupsSequence = [shared], frames
    phantoms.set_pixels(many, pixels)
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "SliceThickness",
        "RescaleSlope",
        "RescaleIntercept",
    ):
        delattr(many, keyword)
    many.save_as(tmp_path / "many.dcm")
    volume, expected = read_volume(tmp_path / "many.dcm"), read_volume(tmp_path / "single")
    np.testing.assert_array_equal(volume.array, expected.array)
    assert volume.affine.tobytes() == expected.affine.tobytes()


def test_pixels_packed_as_jpeg_ls_are_unpacked(tmp_path):
    folder = pydicom.data.data_manager.DATA_ROOT + "/test_files/"
    packed, plain = (read_series(unpack.Path(folder + name)) for name in ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"))
    np.testing.assert_array_equal(packed.array, plain.array)
    assert packed.affine.tobytes() == plain.affine.tobytes()

"""DICOM series: what there is, what can be done with it, and what is refused and why."""

import re
import zipfile

import numpy as np
import phantoms
import pydicom
import pytest
from pydicom.dataset import Dataset

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.files import unpack
from MRIAnomalyLib.files.dicom import list_series, read_series
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.records import Volume


def refusal(path, series=None):
    """The one sentence, free of the patient's name."""
    with pytest.raises(InputError) as caught:
        read_volume(path, series)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and not re.search(r"[.!?] +[A-Z]", message), message
    assert "Nemo" not in message and "t1 sag" not in message
    return message


def zipped(folder, name="scan.zip"):
    target = folder.parent / name
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder.parent))
    return target


def localizer(folder, **tags):
    uid = pydicom.uid.generate_uid()
    for name in ("axial LPS", "coronal LIP", "sagittal PIR"):
        phantoms.write_dicom_series(folder / name, phantoms.phantom(name), skip=range(3, 9), SeriesInstanceUID=uid, **tags)
    return uid


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
    plain, packed = read_volume(folder), read_volume(zipped(folder))
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


# what is refused


def test_a_folder_without_dicom_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "holds no DICOM image" in refusal(tmp_path)
    assert "holds no DICOM image" in refusal(zipped(tmp_path, f"{tmp_path.name}.zip"))


def test_several_series_are_named_with_the_way_to_choose(tmp_path):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom("axial LPS"), SeriesInstanceUID="1.2.3")
    phantoms.write_dicom_series(tmp_path, phantoms.phantom("oblique"), SeriesInstanceUID="1.2.4", ScanningSequence="EP")
    message = refusal(tmp_path)
    for words in (
        "holds 2 series",
        "--series UID",
        "1.2.3 (9 images, MR, T1-like, axial)",
        "1.2.4 (9 images, MR, echo-planar, oblique axial)",
    ):
        assert words in message
    assert "has no series 9.9" in refusal(tmp_path, "9.9")
    assert read_volume(tmp_path, "1.2.3").affine.tobytes() == phantoms.phantom("axial LPS").affine.tobytes()
    assert {series.uid for series in list_series(tmp_path)} == {"1.2.3", "1.2.4"}


def test_a_localizer_is_told_apart_and_does_not_stand_in_the_way(tmp_path):
    uid = localizer(tmp_path)
    assert "it is a localizer of 9 images in 3 orientations" in refusal(tmp_path)
    phantoms.write_dicom_series(tmp_path / "t1", phantoms.phantom("axial LPS"))
    assert read_volume(tmp_path).shape == phantoms.SHAPE
    assert "is a localizer" in refusal(tmp_path, uid)
    assert [series.usable for series in list_series(tmp_path) if series.localizer] == [False]


def test_a_localizer_in_one_orientation_is_known_by_its_own_word(tmp_path):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom(), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    assert "it is a localizer of 9 images in 1 orientation." in refusal(tmp_path)


def test_mixed_orientations_are_refused(tmp_path):
    tall = Volume(np.tile(phantoms.phantom().array, (2, 1, 1)), phantoms.GEOMETRIES["oblique"])
    phantoms.write_dicom_series(tmp_path / "a", tall, SeriesInstanceUID="1.2.3")
    phantoms.write_dicom_series(tmp_path / "b", phantoms.phantom("coronal LIP"), SeriesInstanceUID="1.2.3")
    assert "mixes 2 orientations, of 18 and 9 images" in refusal(tmp_path)


@pytest.mark.parametrize(("skip", "between"), [([4], "4 and 5 of 8"), ([1], "1 and 2 of 8"), ([5, 6], "5 and 6 of 7")])
def test_a_gap_is_refused_with_its_place(tmp_path, skip, between):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom("axial LPS"), skip=skip)
    message = refusal(tmp_path)
    low = 42.125 + (skip[0] - 1) * 1.2
    high = low + (len(skip) + 1) * 1.2
    assert f"has a gap of {high - low:.2f} mm where slices are otherwise 1.20 mm apart" in message
    assert f"between slices {between} (from" in message
    places = re.search(r"\(from (\S+) to (\S+) mm along the slice normal\)", message).groups()
    np.testing.assert_allclose([float(place) for place in places], [low, high], atol=0.01)


def test_slices_missing_at_an_end_leave_an_even_series(tmp_path):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom(), skip=[0, 8])
    assert read_volume(tmp_path).shape == (7, 10, 11)


@pytest.mark.parametrize(("shift", "accepted"), [(0.02, True), (0.5, False)])
def test_unevenly_spaced_slices_are_told_from_rounding(tmp_path, shift, accepted):
    paths = phantoms.write_dicom_series(tmp_path, phantoms.phantom("axial LPS"))
    dataset = pydicom.dcmread(paths[8])
    dataset.ImagePositionPatient[2] -= shift
    dataset.save_as(paths[8])
    if accepted:
        assert read_volume(tmp_path).shape == phantoms.SHAPE
    else:
        assert "unevenly spaced slices, from 0.70 to 1.20 mm apart" in refusal(tmp_path)


def test_slices_off_a_straight_line_are_refused(tmp_path):
    paths = phantoms.write_dicom_series(tmp_path, phantoms.phantom("axial LPS"))
    dataset = pydicom.dcmread(paths[4])
    dataset.ImagePositionPatient[0] += 3
    dataset.save_as(paths[4])
    assert "do not lie along one straight line" in refusal(tmp_path)


def test_several_images_at_one_place_are_refused(tmp_path):
    for echo in ("10", "90"):
        phantoms.write_dicom_series(tmp_path / echo, phantoms.phantom(), SeriesInstanceUID="1.2.3", EchoTime=echo)
    assert "holds 18 images at 9 places, so several echoes" in refusal(tmp_path)


def test_images_of_several_sizes_are_refused(tmp_path):
    phantom = phantoms.phantom()
    phantoms.write_dicom_series(tmp_path / "a", phantom, SeriesInstanceUID="1.2.3", skip=[8])
    phantoms.write_dicom_series(tmp_path / "b", Volume(phantom.array[:, :8], phantom.affine), SeriesInstanceUID="1.2.3", skip=range(8))
    assert "mixes images of different sizes" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"Modality": "CT"}, "it is CT and not magnetic resonance"),
        ({"Modality": ""}, "it is of unknown modality and not magnetic resonance"),
        ({"ImagePositionPatient": None}, "without a position in space"),
        ({"PixelSpacing": None}, "without a position in space"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "without a position in space"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "holds mosaics"),
        ({"SamplesPerPixel": 3}, "colour pictures"),
    ],
)
def test_series_that_make_no_volume_say_why(tmp_path, tags, words):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom(), **tags)
    assert words in refusal(tmp_path)
    (series,) = list_series(tmp_path)
    assert not series.usable and words.removeprefix("it ") in series.reason


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_file_cut_short_is_refused_by_its_number_and_not_by_a_name_that_may_be_a_persons(tmp_path, share):
    path = phantoms.write_dicom_series(tmp_path, phantoms.phantom())[3].rename(tmp_path / "zz Nemo.dcm")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert refusal(tmp_path).startswith(f"File 9 of 9 in {tmp_path} is cut short or damaged")


def test_a_zip_that_is_too_large_or_climbs_out_or_is_locked_is_refused(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../outside.dcm", b"x")
    with zipfile.ZipFile(tmp_path / "rooted.zip", "w") as archive:
        archive.writestr("C:/outside.dcm", b"x")
    phantoms.write_dicom_series(tmp_path / "scan", phantoms.phantom())
    whole = zipped(tmp_path / "scan")
    short = tmp_path / "short.zip"
    short.write_bytes(whole.read_bytes()[:-200])
    locked = bytearray(whole.read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1  # the flag for encryption
    locked[6] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    assert "outside its own folder" in refusal(tmp_path / "slip.zip")
    assert "outside its own folder" in refusal(tmp_path / "rooted.zip")
    assert "not a whole zip file" in refusal(short)
    assert "encrypted" in refusal(tmp_path / "locked.zip")
    monkeypatch.setattr(unpack, "LARGEST_BYTES", 1000)
    assert "would unpack to" in refusal(whole)
    assert not (tmp_path.parent / "outside.dcm").exists()


def test_what_is_not_there_is_refused_by_the_listing_too(tmp_path):
    with pytest.raises(InputError, match="no file or folder"):
        list_series(tmp_path / "nowhere")


def test_no_identity_leaves_the_reader(tmp_path):
    phantoms.write_dicom_series(tmp_path, phantoms.phantom(), skip=[4])
    (series,) = list_series(tmp_path)
    assert "Nemo" not in repr(series) and series.description == "t1 sag"
    phantoms.write_dicom_series(tmp_path / "whole", phantoms.phantom())
    assert "Nemo" not in repr(read_volume(tmp_path / "whole"))

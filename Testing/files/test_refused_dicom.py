"""DICOM series of which no volume can be made are refused, and it is said why."""

import re
import zipfile

import numpy as np
import phantoms
import pydicom
import pytest

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.files import unpack
from MRIAnomalyLib.files.dicom import list_series
from MRIAnomalyLib.files.reading import read_volume
from MRIAnomalyLib.records import Volume


def refusal(path, series=None):
    """The one sentence, free of the patient's name."""
    with pytest.raises(InputError) as caught:
        read_volume(path, series)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and not re.search(r"[.!?] +[A-Z]", message), message
    assert "Nemo" not in message and "t1 sag" not in message
    return message


def localizer(folder, **tags):
    uid = pydicom.uid.generate_uid()
    for name in ("axial LPS", "coronal LIP", "sagittal PIR"):
        phantoms.write_dicom_series(folder / name, phantoms.phantom(name), skip=range(3, 9), SeriesInstanceUID=uid, **tags)
    return uid


def test_a_folder_without_dicom_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "holds no DICOM image" in refusal(tmp_path)
    assert "holds no DICOM image" in refusal(phantoms.zipped(tmp_path, f"{tmp_path.name}.zip"))


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
    whole = phantoms.zipped(tmp_path / "scan")
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

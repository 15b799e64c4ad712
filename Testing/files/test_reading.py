"""A scan comes back in its place from every kind of file, and what is no scan is refused in one sentence."""

import re
import shutil

import nibabel as nib
import numpy as np
import phantoms
import pytest
import SimpleITK as sitk

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.files.reading import check_volume, read_volume
from MRIAnomalyLib.prepare.geometry import apply_affine
from MRIAnomalyLib.records import Volume

RNG = np.random.default_rng(0)


def assert_in_place(volume, expected):
    """Each label's centre in RAS mm is where `expected` (label -> RAS mm) says."""
    for value, centre in phantoms.label_centres(volume.array).items():
        np.testing.assert_allclose(apply_affine(volume.affine, centre), expected[value], atol=1e-4)


def known_places(volume):
    return {value: apply_affine(volume.affine, centre) for value, centre in phantoms.label_centres(volume.array).items()}


def itk_places(image):
    """What ITK itself says, turned from LPS to RAS here and not by the code under test."""
    centres = phantoms.label_centres(sitk.GetArrayFromImage(image))
    return {
        value: np.array([-1, -1, 1]) * image.TransformContinuousIndexToPhysicalPoint(centre.tolist()) for value, centre in centres.items()
    }


@pytest.mark.parametrize("geometry", phantoms.GEOMETRIES)
def test_a_nifti_file_comes_back_in_place_with_its_affine_bit_for_bit(tmp_path, geometry):
    phantom = phantoms.phantom(geometry)
    path = phantoms.write_nifti(tmp_path / "x.nii.gz", phantom)
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.array, phantom.array)
    assert volume.array.dtype == np.float32 and volume.array.flags.c_contiguous
    assert volume.affine.tobytes() == nib.load(path).affine.tobytes() == phantom.affine.tobytes()
    assert_in_place(volume, known_places(phantom))


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".mhd"])
@pytest.mark.parametrize("geometry", phantoms.GEOMETRIES)
def test_an_itk_file_comes_back_where_itk_says_it_is(tmp_path, geometry, ending):
    phantom = phantoms.phantom(geometry)
    path = phantoms.write_itk(tmp_path / f"x{ending}", phantom)
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.array, phantom.array)
    assert_in_place(volume, itk_places(sitk.ReadImage(str(path))))
    assert_in_place(volume, known_places(phantom))
    assert np.array_equal(volume.affine, volume.affine.astype(np.float32))


@pytest.mark.parametrize("geometry", [name for name in phantoms.GEOMETRIES if name != "sheared"])
def test_a_dicom_series_comes_back_where_itk_says_it_is(tmp_path, geometry):
    phantom = phantoms.phantom(geometry)
    phantoms.write_dicom_series(tmp_path, phantom)
    volume = read_volume(tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
    assert volume.shape == phantom.shape and volume.modality == "MR"
    assert_in_place(volume, itk_places(reader.Execute()))
    assert_in_place(volume, known_places(phantom))
    assert np.array_equal(volume.affine, volume.affine.astype(np.float32))


def test_a_dicom_stack_that_is_shifted_from_slice_to_slice_comes_back_in_place(tmp_path):
    phantom = phantoms.phantom("sheared")
    phantom = Volume(phantom.array, phantoms.affine(phantoms.SHEAR))
    phantoms.write_dicom_series(tmp_path, phantom)
    assert_in_place(read_volume(tmp_path), known_places(phantom))


@pytest.mark.parametrize("geometry", ["oblique", "left-handed LAS", "one slice", "sheared"])
def test_numpy_arrays_come_back_in_place_with_their_affine(tmp_path, geometry):
    phantom = phantoms.phantom(geometry)
    np.savez(tmp_path / "x.npz", array=phantom.array, affine=phantom.affine)
    np.save(tmp_path / "y.npy", phantom.array)
    np.save(tmp_path / "y_affine.npy", phantom.affine)
    np.save(tmp_path / "z.npy", phantom.array)
    np.savetxt(tmp_path / "z.affine.txt", phantom.affine)
    for name in ("x.npz", "y.npy", "z.npy"):
        volume = read_volume(tmp_path / name)
        np.testing.assert_array_equal(volume.array, phantom.array)
        assert np.array_equal(volume.affine, phantom.affine)


def turned(header_change, kind=nib.Nifti1Image):
    phantom = phantoms.phantom("oblique anisotropic sagittal")
    image = kind(phantom.array.T, phantom.affine)
    header_change(image)
    return image


def qform_only(image):
    image.set_qform(image.affine, 1)
    image.set_sform(None, 0)


def no_form(image):
    image.set_qform(None, 0)
    image.set_sform(None, 0)


def two_forms(image):
    image.set_sform(phantoms.GEOMETRIES["sheared"], 4)
    image.set_qform(phantoms.GEOMETRIES["oblique left-handed"], 1)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("forms", [qform_only, no_form, two_forms])
def test_an_output_written_with_the_header_repeats_the_affine_and_both_forms_bit_for_bit(tmp_path, forms, kind):
    nib.save(turned(forms, kind), tmp_path / "x.nii")
    volume = read_volume(tmp_path / "x.nii")
    source = nib.load(tmp_path / "x.nii")
    nib.save(kind(np.zeros(volume.shape[::-1], np.float32), volume.affine, volume.header), tmp_path / "out.nii.gz")
    again = nib.load(tmp_path / "out.nii.gz")
    assert volume.affine.tobytes() == source.affine.tobytes() == again.affine.tobytes()
    for field in ("qform_code", "sform_code", "srow_x", "srow_z", "quatern_c", "qoffset_y", "xyzt_units"):
        assert again.header[field].tobytes() == source.header[field].tobytes(), field


@pytest.mark.parametrize("forms", [qform_only, no_form, two_forms])
@pytest.mark.parametrize("shape", [(10, 11), (10, 11, 1), (10, 11, 1, 1), (10, 11, 5, 1, 1)])
def test_a_picture_is_a_volume_of_one_slice_and_trailing_axes_of_one_are_dropped(tmp_path, shape, forms):
    image = nib.Nifti1Image(RNG.random(shape, np.float32), phantoms.GEOMETRIES["oblique"])
    forms(image)
    nib.save(image, tmp_path / "x.nii")
    volume = read_volume(tmp_path / "x.nii")
    assert volume.shape == (shape[2] if len(shape) > 2 else 1, 11, 10)
    nib.save(nib.Nifti1Image(volume.array.T, volume.affine, volume.header), tmp_path / "out.nii")
    assert nib.load(tmp_path / "out.nii").affine.tobytes() == volume.affine.tobytes()
    places = [[0, 0, 0], [9, 10, volume.shape[0] - 1]]
    np.testing.assert_allclose(apply_affine(volume.affine, places), apply_affine(nib.load(tmp_path / "x.nii").affine, places), atol=1e-5)


def test_a_flat_nrrd_picture_is_a_volume_of_one_slice(tmp_path):
    picture = sitk.GetImageFromArray(RNG.random((6, 7), np.float32))
    picture.SetOrigin((3.0, 4.0))
    picture.SetSpacing((0.5, 0.75))
    sitk.WriteImage(picture, str(tmp_path / "x.nrrd"))
    volume = read_volume(tmp_path / "x.nrrd")
    assert volume.shape == (1, 6, 7)
    np.testing.assert_allclose(apply_affine(volume.affine, [2, 1, 0]), [-4.0, -4.75, 0.0])


def test_stored_slope_and_intercept_are_applied(tmp_path):
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(0.5, -3)
    nib.save(image, tmp_path / "x.nii")
    raw = nib.load(tmp_path / "x.nii").dataobj
    np.testing.assert_allclose(read_volume(tmp_path / "x.nii").array, np.asarray(raw).T)


def test_no_words_of_a_nifti_header_are_kept(tmp_path):
    image = nib.Nifti1Image(phantoms.phantom().array.T, np.eye(4))
    for field in ("descrip", "db_name", "aux_file", "intent_name", "data_type"):
        image.header[field] = b"Nemo"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Nemo"))
    nib.save(image, tmp_path / "Nemo.nii")
    volume = read_volume(tmp_path / "Nemo.nii")
    assert b"Nemo" not in volume.header.binaryblock and not volume.header.extensions
    assert volume.name == "Input"


def test_the_checksum_is_of_the_file(tmp_path):
    first = read_volume(phantoms.write_nifti(tmp_path / "a.nii", phantoms.phantom()))
    shutil.copy(tmp_path / "a.nii", tmp_path / "b.nii")
    assert first.source_sha256 == read_volume(tmp_path / "b.nii").source_sha256
    changed = phantoms.phantom()
    changed.array[0, 0, 0] += 1
    for write, name in ((phantoms.write_nifti, "c.nii"), (phantoms.write_itk, "c.mhd")):
        one = read_volume(write(tmp_path / name, phantoms.phantom())).source_sha256
        assert one != read_volume(write(tmp_path / name, changed)).source_sha256


# what is refused: name -> (function that writes it and gives the path, words that must be said)


def nifti_of(array, affine=phantoms.GEOMETRIES["oblique"]):
    def write(folder):
        nib.save(nib.Nifti1Image(array, affine), folder / "x.nii.gz")
        return folder / "x.nii.gz"

    return write


def bytes_of(name, content):
    def write(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


def cut_short(name, share=0.6):
    def write(folder):
        path = folder / name
        writer = phantoms.write_nifti if ".nii" in name else phantoms.write_itk
        noisy = Volume(RNG.random(phantoms.SHAPE, np.float32), phantoms.GEOMETRIES["oblique"])
        writer(path, noisy)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        return path

    return write


def altered_inside(folder):
    path = phantoms.write_nifti(folder / "x.nii.gz", Volume(RNG.random(phantoms.SHAPE, np.float32), np.eye(4)))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    return path


def detached_without_voxels(folder):
    path = phantoms.write_itk(folder / "x.mhd", phantoms.phantom())
    (folder / "x.raw").unlink()
    return path


def itk_of(array, name, vector):
    def write(folder):
        sitk.WriteImage(sitk.GetImageFromArray(array, isVector=vector), str(folder / name))
        return folder / name

    return write


def numpy_of(array, affine=None):
    def write(folder):
        np.save(folder / "x.npy", array)
        if affine is not None:
            np.save(folder / "x_affine.npy", affine)
        return folder / "x.npy"

    return write


def npz_of(**arrays):
    def write(folder):
        np.savez(folder / "x.npz", **arrays)
        return folder / "x.npz"

    return write


def nrrd_without_depth(folder):
    path = phantoms.write_itk(folder / "x.nrrd", Volume(np.ones((3, 4, 5), np.float32), np.eye(4)))
    raw = path.read_bytes()
    path.write_bytes(re.sub(rb"space directions: .*\n", b"space directions: (1,0,0) (0,1,0) (1,0,0)\n", raw))
    return path


def in_metres(folder):
    image = nib.Nifti1Image(phantoms.phantom().array.T, np.eye(4))
    image.header.set_xyzt_units("meter")
    nib.save(image, folder / "x.nii")
    return folder / "x.nii"


def with_a_broken_affine(row):
    def write(folder):
        image = nib.Nifti1Image(phantoms.phantom().array.T, np.eye(4))
        nib.save(image, folder / "x.nii")
        raw = bytearray((folder / "x.nii").read_bytes())
        raw[280:296] = np.array(row, "<f4").tobytes()  # srow_x
        (folder / "x.nii").write_bytes(raw)
        return folder / "x.nii"

    return write


def noise(*shape):
    return RNG.random(shape, np.float32)


def strange(value, count):
    array = noise(4, 5, 6)
    array = array.astype(np.float64) if value > 1e38 else array
    array.flat[:count] = value
    return array


def ct_scan():
    array = np.full((12, 12, 12), -1000, np.int16)
    array[3:9, 3:9, 3:9] = 40
    array[3, 3:9, 3:9] = 900
    return array


COLOURS = np.zeros((4, 5, 6), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
REFUSED = {
    "missing": (lambda folder: folder / "not there.nii", "no file or folder"),
    "empty": (bytes_of("x.nii.gz", b""), "empty file"),
    "empty DICOM": (bytes_of("x.dcm", b""), "empty file"),
    "truncated nii": (cut_short("x.nii"), "cut short"),
    "truncated in its header": (cut_short("x.nii", 0.05), "cut short"),
    "truncated nii.gz": (cut_short("x.nii.gz"), "cut short"),
    "truncated checksum": (cut_short("x.nii.gz", 0.999), "cut short"),
    "altered nii.gz": (altered_inside, "damaged"),
    "truncated nrrd": (cut_short("x.nrrd"), "cut short"),
    "truncated mha": (cut_short("x.mha"), "cut short"),
    "mhd without voxels": (detached_without_voxels, "cut short"),
    "wrong magic nii": (bytes_of("x.nii", b"hello " * 200), "is none"),
    "wrong magic nii.gz": (bytes_of("x.nii.gz", b"hello " * 200), "no compressed NIfTI"),
    "wrong magic nrrd": (bytes_of("x.nrrd", b"hello " * 200), "no NRRD"),
    "wrong magic mha": (bytes_of("x.mha", b"hello " * 200), "no MHA"),
    "wrong magic dcm": (bytes_of("x.dcm", b"hello " * 200), "no DICOM image"),
    "wrong magic npy": (bytes_of("x.npz", b"hello " * 200), "not a plain numpy array"),
    "wrong magic zip": (bytes_of("x.zip", b"hello " * 200), "not a whole zip"),
    "unknown kind": (bytes_of("x.pdf", b"%PDF-1.4" * 200), "unknown kind"),
    "four volumes": (nifti_of(noise(4, 5, 6, 4)), "4 volumes"),
    "four volumes in nrrd": (itk_of(noise(4, 4, 5, 6), "x.nrrd", False), "4 volumes"),
    "vectors": (nifti_of(noise(4, 5, 6, 1, 3)), "3 volumes or values"),
    "colours": (nifti_of(COLOURS), "colours"),
    "colours in mha": (itk_of(np.zeros((4, 5, 6, 3), np.uint8), "x.mha", True), "3 values per voxel"),
    "complex": (nifti_of(noise(4, 5, 6) + 1j * noise(4, 5, 6)), "complex"),
    "words": (npz_of(array=np.full((3, 3, 3), "a"), affine=np.eye(4)), "something else than numbers"),
    "all zero": (nifti_of(np.zeros((4, 5, 6), np.float32)), "only zeros"),
    "constant": (nifti_of(np.full((4, 5, 6), 7, np.float32)), "the one value 7"),
    "NaN": (nifti_of(strange(np.nan, 3)), "3 of 120 voxels that are NaN"),
    "infinite": (nifti_of(strange(-np.inf, 2)), "2 of 120 voxels"),
    "too large for float32": (nifti_of(strange(1e300, 5)), "5 of 120 voxels"),
    "one voxel": (nifti_of(np.ones((1, 1, 1), np.float32)), "1 x 1 x 1 voxels"),
    "one line": (nifti_of(noise(9, 1, 1)), "9 x 1 x 1 voxels"),
    "no voxels": (npz_of(array=np.zeros((0, 3, 3)), affine=np.eye(4)), "no voxels"),
    "a CT": (nifti_of(ct_scan()), "looks like a CT"),
    "axes without depth": (with_a_broken_affine([0, 0, 0, 0]), "does not say where"),
    "NaN in the affine": (with_a_broken_affine([np.nan, 0, 0, 0]), "does not say where"),
    "nrrd without depth": (nrrd_without_depth, "span"),
    "metres": (in_metres, "meters"),
    "npy without affine": (numpy_of(noise(4, 5, 6)), "x_affine.npy or x.affine.txt"),
    "npy with a 3 x 3": (numpy_of(noise(4, 5, 6), np.eye(3)), "not a 4 x 4"),
    "npz without affine": (npz_of(array=noise(4, 5, 6)), "`affine`"),
    "pickled npy": (numpy_of(np.array([[[{}]]], object), np.eye(4)), "not a plain numpy array"),
}


def assert_one_sentence(message):
    assert message.endswith(".") and "\n" not in message and "Traceback" not in message
    assert not re.search(r"[.!?] +[A-Z]", message), message


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_scan_is_refused_in_one_sentence_that_names_the_path(tmp_path, capfd, name):
    write, words = REFUSED[name]
    path = write(tmp_path)
    capfd.readouterr()
    with pytest.raises(InputError, match=words) as caught:
        read_volume(path)
    assert caught.value.exit_code == 2
    assert str(path) in str(caught.value)
    assert_one_sentence(str(caught.value))
    assert capfd.readouterr() == ("", ""), "a library printed something of its own"


def test_a_sheared_left_handed_or_negative_volume_is_no_reason_to_refuse():
    array = RNG.normal(size=(6, 6, 6)).astype(np.float32)
    for affine in (phantoms.GEOMETRIES["sheared"], phantoms.GEOMETRIES["oblique left-handed"]):
        check_volume(Volume(array, affine))
        check_volume(Volume(array * 4000, affine))  # phase-sensitive inversion recovery reaches far below zero


def test_a_volume_in_memory_of_another_modality_is_refused():
    with pytest.raises(InputError, match="is CT and not magnetic resonance"):
        check_volume(Volume(noise(4, 4, 4), np.eye(4), modality="CT"))

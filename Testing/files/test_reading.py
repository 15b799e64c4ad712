"""A scan comes back in its place from every kind of file."""

import shutil

import nibabel as nib
import numpy as np
import phantoms
import pytest
import SimpleITK as sitk

from MRIAnomalyLib.files.reading import read_volume
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

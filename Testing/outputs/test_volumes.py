import nibabel as nib
import numpy as np
import pytest
from results import make_affine

from MRIAnomalyLib.outputs.volumes import read_written, write_volume
from MRIAnomalyLib.records import Volume

SHAPE = (4, 5, 6)  # (k, j, i)


def make_header(qform_code, sform_code, kind=nib.Nifti1Header):
    header = kind()
    header.set_data_shape(SHAPE[::-1])
    affine = make_affine(SHAPE)
    header.set_zooms(np.linalg.norm(affine[:3, :3], axis=0))
    header.set_qform(affine, qform_code)
    shifted = affine.copy()
    shifted[:3, 3] += 5  # qform and sform need not agree
    header.set_sform(shifted, sform_code)
    return header


@pytest.mark.parametrize("codes", [(1, 0), (0, 2), (3, 4), (0, 0)])
def test_geometry_fields_of_a_nifti_input_come_back_bit_for_bit(tmp_path, codes):
    header = make_header(*codes)
    volume = Volume(np.zeros(SHAPE, np.float32), header.get_best_affine(), header=header)
    write_volume(volume, tmp_path / "map.nii.gz")
    written = nib.load(tmp_path / "map.nii.gz")
    assert np.array_equal(written.affine, volume.affine)
    assert (int(written.header["qform_code"]), int(written.header["sform_code"])) == codes
    for field in ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "srow_x", "srow_y", "srow_z"):
        assert np.array_equal(written.header[field], header[field])
    assert np.array_equal(written.header["pixdim"][:4], header["pixdim"][:4])


def test_an_input_without_a_nifti_header_gets_a_scanner_sform(tmp_path):
    affine = make_affine(SHAPE) @ np.diag([-1, 1, 1, 1])  # left-handed
    write_volume(Volume(np.zeros(SHAPE, np.uint8), affine), tmp_path / "map.nii.gz")
    written = nib.load(tmp_path / "map.nii.gz")
    assert np.array_equal(written.affine, affine)
    assert (int(written.header["qform_code"]), int(written.header["sform_code"])) == (0, 1)
    assert written.header.get_xyzt_units()[0] == "mm"


def test_doubles_of_a_nifti_2_header_do_not_change_the_affine(tmp_path):
    header = make_header(0, 1, nib.Nifti2Header)
    header["srow_x"] = np.array([1.1, 0.1, 0.1, -33.3])  # not representable in a NIfTI-1 header
    affine = header.get_best_affine()
    write_volume(Volume(np.zeros(SHAPE, np.float32), affine, header=header), tmp_path / "map.nii.gz")
    assert np.array_equal(nib.load(tmp_path / "map.nii.gz").affine, affine)


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.uint16, np.int16])
def test_values_and_dtype_are_written_without_scaling(tmp_path, dtype):
    array = np.random.default_rng(0).integers(0, 200, SHAPE).astype(dtype)
    write_volume(Volume(array, make_affine(SHAPE)), tmp_path / "map.nii.gz")
    written = nib.load(tmp_path / "map.nii.gz")
    assert written.get_data_dtype() == dtype
    assert written.dataobj.slope == 1
    assert written.dataobj.inter == 0
    back = read_written(tmp_path / "map.nii.gz", "map")
    assert back.array.dtype == dtype
    assert np.array_equal(back.array, array)


def test_nothing_of_the_inputs_descriptions_is_repeated(tmp_path):
    header = make_header(1, 1)
    header["descrip"], header["aux_file"], header["db_name"] = b"Jane Doe", b"Jane Doe", b"Jane Doe"
    write_volume(Volume(np.zeros(SHAPE, np.float32), header.get_best_affine(), "Jane Doe", header=header), tmp_path / "map.nii")
    assert b"Jane" not in (tmp_path / "map.nii").read_bytes()

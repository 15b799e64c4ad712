"""What is no scan is refused in one sentence that names the path."""

import re

import nibabel as nib
import numpy as np
import phantoms
import pytest
import SimpleITK as sitk

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.files.reading import check_volume, read_volume
from MRIAnomalyLib.records import Volume

RNG = np.random.default_rng(0)

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

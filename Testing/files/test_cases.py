"""A study's scans, from a table or a folder, with every fault named by its row."""

import phantoms
import pytest

from MRIAnomalyLib.errors import InputError
from MRIAnomalyLib.files.cases import Case, read_cases


@pytest.fixture
def study(tmp_path):
    (tmp_path / "scans").mkdir()
    for name in ("a", "b"):
        phantoms.write_nifti(tmp_path / "scans" / f"{name}.nii.gz", phantoms.phantom())
    phantoms.write_nifti(tmp_path / "lesion.nii", phantoms.phantom())
    return tmp_path


def table(folder, text, encoding="utf-8"):
    (folder / "cases.csv").write_text(text, encoding=encoding)
    return folder / "cases.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_is_read_with_paths_relative_to_it_and_other_columns_left_alone(study, encoding):
    text = (
        "id,subject,image,mask,label,sequence,site,age,sex,remark\n"
        "one,p1,scans/a.nii.gz,lesion.nii,ms,T1,Ljubljana,41.5,F,good\n"
        "two,p1,scans/b.nii.gz,none,,,,,,\n"
    )
    first, second = read_cases(table(study, text, encoding))
    assert first == Case(
        "one",
        "p1",
        study / "scans/a.nii.gz",
        study / "lesion.nii",
        healthy=False,
        label="ms",
        sequence="T1",
        site="Ljubljana",
        age=41.5,
        sex="F",
    )
    assert second == Case("two", "p1", study / "scans/b.nii.gz", mask=None, healthy=True)


def test_an_empty_or_absent_mask_is_unknown_and_not_healthy(study):
    for text in ("id,subject,image,mask\none,p1,scans/a.nii.gz,\n", "id,subject,image\none,p1,scans/a.nii.gz\n"):
        (case,) = read_cases(table(study, text))
        assert case.mask is None and not case.healthy


@pytest.mark.parametrize(("text", "age"), [("", None), ("n/a", None), ("41.5", 41.5), ("89+", 89.0)])
def test_ages_are_read_as_public_data_sets_write_them(study, text, age):
    (case,) = read_cases(table(study, f"id,subject,image,age\none,p1,scans/a.nii.gz,{text}\n"))
    assert case.age == age


def test_a_folder_of_images_has_one_subject_a_file(study):
    phantoms.write_itk(study / "scans" / "c.v2.mha", phantoms.phantom())
    (study / "scans" / "c_affine.npy").write_bytes(b"")
    (study / "scans" / "notes.txt").write_text("hello")
    cases = read_cases(study / "scans")
    assert [(case.id, case.subject, case.image.name) for case in cases] == [
        ("a", "a", "a.nii.gz"),
        ("b", "b", "b.nii.gz"),
        ("c.v2", "c.v2", "c.v2.mha"),
    ]
    assert not any(case.healthy for case in cases)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no column id, subject, image"),
        ("id;subject;image\n", "has no column id, subject, image: .* with commas"),
        ("id,image\n1,scans/a.nii.gz\n", "has no column subject"),
        ("id,subject,image\n", "holds no case"),
        ("id,subject,image\n1,p1,scans/a.nii.gz\n,p2,scans/b.nii.gz\n", "Row 3 of .* has no id"),
        ("id,subject,image\n1,p1\n", "Row 2 of .* has no image"),
        ("id,subject,image\n1,p1,scans/nowhere.nii\n", "Row 2 of .* names scans/nowhere.nii, which is not there"),
        ("id,subject,image,mask\n1,p1,scans/a.nii.gz,nowhere.nii\n", "Row 2 of .* names nowhere.nii"),
        ("id,subject,image,age\n1,p1,scans/a.nii.gz,old\n", "Row 2 of .* has the age old"),
        ("id,subject,image\n1,p1,scans/a.nii.gz\n1,p2,scans/b.nii.gz\n", "has the id 1 2 times"),
        ('id,subject,image\n1,"p1"x,scans/a.nii.gz\n', "is not a table"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(study, text, words):
    with pytest.raises(InputError, match=words) as caught:
        read_cases(table(study, text))
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_what_is_no_table_is_refused(study):
    for path, words in (
        (study / "nowhere.csv", "cannot be read"),
        (study / "scans" / "a.nii.gz", "is not a table"),
    ):
        with pytest.raises(InputError, match=words):
            read_cases(path)
    (study / "empty").mkdir()
    with pytest.raises(InputError, match="holds no case"):
        read_cases(study / "empty")

"""Folders and files are written whole or not at all."""

import pytest

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.files import atomic
from MRIAnomalyLib.files.atomic import check_target, whole_file, whole_folder


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_folder_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "out"
    with whole_folder(target, overwrite=False) as folder:
        (folder / "evidence").mkdir()
        (folder / "evidence" / "a.txt").write_text("a")
        assert not target.exists()
    assert tree(tmp_path) == ["deep", "deep/out", "deep/out/evidence", "deep/out/evidence/a.txt"]


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("existed", [True, False])
def test_an_exception_leaves_everything_as_it_was(tmp_path, exception, existed):
    target = tmp_path / "deep" / "out"
    if existed:
        target.mkdir(parents=True)
        (target / "old.txt").write_text("old")
    before = tree(tmp_path)
    with pytest.raises(exception), whole_folder(target, overwrite=True) as folder:
        (folder / "new.txt").write_text("new")
        raise exception
    assert tree(tmp_path) == before


def test_a_folder_is_replaced_as_a_whole_when_allowed(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with whole_folder(target, overwrite=True) as folder:
        (folder / "new.txt").write_text("new")
        assert (target / "old.txt").exists()
    assert tree(tmp_path) == ["out", "out/new.txt"]


def test_an_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old.txt").write_text("old")
    rename = atomic.Path.rename

    def fail_for_the_new_one(path, to):
        if (path / "new.txt").exists():
            raise OSError(28, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(atomic.Path, "rename", fail_for_the_new_one)
    with pytest.raises(UsageError, match="No space left on device"), whole_folder(target, overwrite=True) as folder:
        (folder / "new.txt").write_text("new")
    assert tree(tmp_path) == ["out", "out/old.txt"]


def test_a_folder_that_exists_is_refused_before_any_work(tmp_path):
    with pytest.raises(UsageError, match=r"exists already: .* --overwrite"):
        check_target(tmp_path, overwrite=False)
    with pytest.raises(UsageError, match="exists already"), whole_folder(tmp_path, overwrite=False):
        pytest.fail("entered")


def test_a_folder_that_appears_during_the_work_is_not_replaced(tmp_path):
    with pytest.raises(UsageError, match="exists already"), whole_folder(tmp_path / "out", overwrite=False):
        (tmp_path / "out").mkdir()
    assert tree(tmp_path) == ["out"]


def test_checking_writes_nothing(tmp_path):
    check_target(tmp_path / "a" / "b", overwrite=False)
    assert tree(tmp_path) == []


def test_a_place_that_takes_no_files_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    for target in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(UsageError, match=r"is a file|Nothing can be written"):
            check_target(target, overwrite=True)
    with pytest.raises(UsageError, match="Nothing can be written"), whole_file(tmp_path / "file" / "x.csv"):
        pytest.fail("entered")
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)  # a superuser may write anywhere, so that no real folder would do
    with pytest.raises(UsageError, match=f"Nothing can be written into {tmp_path}: name another place"):
        check_target(tmp_path / "out", overwrite=False)


def test_replacing_never_takes_the_input_or_the_working_folder_along(tmp_path, monkeypatch):
    (tmp_path / "case").mkdir()
    scan = tmp_path / "case" / "t1.nii.gz"
    scan.write_text("x")
    with pytest.raises(UsageError, match=r"t1\.nii\.gz is in it and would be lost"):
        check_target(tmp_path / "case", overwrite=True, inputs=(scan,))
    monkeypatch.chdir(tmp_path / "case")
    with pytest.raises(UsageError, match="would be lost"):
        check_target(tmp_path, overwrite=True)


@pytest.mark.parametrize("existed", [True, False])
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, existed):
    target = tmp_path / "deep" / "map.nii.gz"
    if existed:
        target.parent.mkdir()
        target.write_text("old")
    before = tree(tmp_path)
    with pytest.raises(KeyboardInterrupt), whole_file(target) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert tree(tmp_path) == before
    with whole_file(target) as partial:
        assert partial.name.endswith(".nii.gz")
        partial.write_text("new")
    assert tree(tmp_path) == ["deep", "deep/map.nii.gz"] and target.read_text() == "new"
    with pytest.raises(UsageError, match="is a folder"), whole_file(tmp_path / "deep"):
        pytest.fail("entered")

import zipfile

import pytest
from tiny_bundle import make_bundle

from MRIAnomalyLib.bundles.bundle import open_bundle, verify
from MRIAnomalyLib.bundles.install import install
from MRIAnomalyLib.errors import BundleError, UsageError


@pytest.fixture
def bundle(tmp_path):
    return make_bundle(tmp_path / "source" / "brain-t1-anogan")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's own bundles folder; it does not exist yet."""
    folder = tmp_path / "home" / "bundles"
    monkeypatch.setattr("MRIAnomalyLib.resources.user_bundles_folder", lambda: folder)
    return folder


def zipped(bundle, path, prefix="", extra=()):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in extra:
            archive.writestr(name, content)
        for file in sorted(bundle.folder.rglob("*")):
            archive.write(file, prefix + file.relative_to(bundle.folder).as_posix())
    return path


def refused(source, home, *words):
    """Installing ends in one sentence with these words, and nothing lands."""
    with pytest.raises(BundleError) as told:
        install(source)
    assert all(word in str(told.value) for word in words), told.value
    assert not home.exists() or list(home.iterdir()) == []


@pytest.mark.parametrize("prefix", ["", "brain-t1-anogan/"])
def test_a_zip_of_the_folder_or_of_its_content_is_installed_whole(bundle, home, tmp_path, prefix):
    installed = install(zipped(bundle, tmp_path / "model.mrianomaly", prefix))
    assert installed.folder == home / "brain-t1-anogan"
    verify(installed)
    assert installed.facts == bundle.facts


def test_a_folder_is_installed_too(bundle, home):
    assert install(bundle.folder).facts == open_bundle(home / "brain-t1-anogan").facts


def test_an_installed_bundle_is_replaced_only_when_asked(bundle, home):
    install(bundle.folder)
    with pytest.raises(UsageError, match="exists"):
        install(bundle.folder)
    assert install(bundle.folder, overwrite=True).folder == home / "brain-t1-anogan"


@pytest.mark.parametrize("name", ["../../escape.txt", "/tmp/escape.txt", "..\\escape.txt", "card/../../escape.png"])
def test_a_zip_that_wants_to_write_elsewhere_is_refused(bundle, home, tmp_path, name):
    refused(zipped(bundle, tmp_path / "model.mrianomaly", extra=[(name, "x")]), home, "no place in a bundle")
    assert not list(tmp_path.rglob("escape*"))


def test_a_zip_with_files_beside_the_bundles_folder_is_refused(bundle, home, tmp_path):
    refused(zipped(bundle, tmp_path / "model.mrianomaly", "inner/", extra=[("run.py", "x")]), home, "outside")


def test_a_zip_that_unpacks_too_large_is_refused_before_unpacking(bundle, home, tmp_path, monkeypatch):
    monkeypatch.setattr("MRIAnomalyLib.bundles.install.MOST_BYTES", 100)
    monkeypatch.setattr("zipfile.ZipFile.read", lambda *args: pytest.fail("unpacked"))
    refused(zipped(bundle, tmp_path / "model.mrianomaly"), home, "larger than")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_refused(bundle, home, tmp_path):
    refused(zipped(bundle, tmp_path / "model.mrianomaly", extra=[("card.md", "x")]), home, "same name")


def test_an_altered_bundle_does_not_land(bundle, home):
    (bundle.folder / "card.md").write_text("Trust me.")
    refused(bundle.folder, home, "card.md", "altered")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(home, tmp_path, content):
    (tmp_path / "model.mrianomaly").write_bytes(content)
    refused(tmp_path / "model.mrianomaly", home, "model.mrianomaly")


def test_a_truncated_zip_is_refused(bundle, home, tmp_path):
    whole = zipped(bundle, tmp_path / "model.mrianomaly").read_bytes()
    (tmp_path / "model.mrianomaly").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "model.mrianomaly", home)


def test_a_missing_file_and_an_empty_folder_are_refused(home, tmp_path):
    refused(tmp_path / "nowhere.mrianomaly", home, "missing")
    refused(tmp_path, home, "model.json")

"""What the Extensions Index checks on a submission: the entry, the names, the pictures, the license, the size."""

import json
import re
import struct
import subprocess

import pytest
from extension_files import MODULE, ROOT, cmake_settings

ENTRY = ROOT / "MRIAnomaly.json"
SCHEMA = "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#"
KEYS = {"$schema", "build_dependencies", "build_subdirectory", "category", "scm_revision", "scm_url", "tier"}
CATEGORIES = {"Neuroimaging", "Segmentation", "Quantification", "Analysis"}  # of the accepted ones, those that fit
CLONE_LIMIT_MB = 70  # the index refuses 100, and every retrained bundle stays in the history


@pytest.fixture(scope="module")
def entry():
    return json.loads(ENTRY.read_text(encoding="utf-8"))


def test_the_catalog_entry_has_the_keys_and_line_ends_of_the_newest_schema(entry):
    assert set(entry) == KEYS
    assert entry["$schema"] == SCHEMA
    assert entry["category"] in CATEGORIES
    assert entry["tier"] == 1
    assert b"\r" not in ENTRY.read_bytes()


def test_the_extension_and_its_repository_are_named_as_the_index_wants():
    repository = json.loads(ENTRY.read_text())["scm_url"]
    assert re.fullmatch(r"https://github\.com/[\w-]+/Slicer\w+", repository)
    assert not ENTRY.stem.startswith("Slicer")
    first = re.search(r"^project\((\w+)\)$", (ROOT / "CMakeLists.txt").read_text(), flags=re.MULTILINE)
    assert first[1] == ENTRY.stem == MODULE.stem


def test_the_dependencies_are_those_of_the_build(entry):
    assert entry["build_dependencies"] == cmake_settings("EXTENSION_DEPENDS") == ["PyTorch"]


@pytest.mark.parametrize("name", ["EXTENSION_HOMEPAGE", "EXTENSION_CONTRIBUTORS", "EXTENSION_DESCRIPTION"])
def test_what_the_extensions_manager_shows_is_filled_in(name):
    assert cmake_settings(name) != ["NA"]


def test_the_description_fits_in_two_sentences_and_says_what_it_is_not_for():
    text = " ".join(cmake_settings("EXTENSION_DESCRIPTION"))
    assert len(re.findall(r"[.](?= |$)", text)) <= 2
    assert "research" in text


@pytest.mark.parametrize("name", ["EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"])
def test_each_picture_that_the_index_shows_is_committed(name, entry):
    place = entry["scm_url"].replace("https://github.com/", "https://raw.githubusercontent.com/") + f"/{entry['scm_revision']}/"
    for url in cmake_settings(name):
        assert url.startswith(place)
        assert (ROOT / url.removeprefix(place)).read_bytes().startswith(b"\x89PNG")


def test_the_icon_is_a_png_of_128_pixels_with_a_transparent_ground():
    content = (MODULE.parent / "Resources" / "Icons" / "MRIAnomaly.png").read_bytes()
    width, height, depth, colors = struct.unpack(">IIBB", content[16:26])
    assert (width, height, depth, colors) == (128, 128, 8, 6)  # 6: red, green, blue, alpha


def test_the_license_is_where_the_index_looks_and_permissive():
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_licenses_go_along_with_what_they_cover():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for shipped in (ROOT / "Resources" / "SampleData").glob("*.nii.gz"):
        assert f"Resources/SampleData/{shipped.name}" in notice


def test_a_clone_with_its_history_is_small(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(clone)], check=True, capture_output=True)
    assert sum(path.lstat().st_size for path in clone.rglob("*") if path.is_file()) < CLONE_LIMIT_MB * 1e6

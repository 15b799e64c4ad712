"""What the Extensions Index and Slicer ask of the repository, and what the wheel carries."""

import ast
import json
import re
import struct
import subprocess
import sys
import tomllib
import types

import pytest
from extension_files import LISTED, ROOT, cmake_lists

CMAKE = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
MODULE = ROOT / "MRIAnomaly" / "MRIAnomaly.py"
RAW = "https://raw.githubusercontent.com/"
CLONE_LIMIT_MB = 70  # the index refuses 100, and every retrained bundle stays in the history


def settings(name):
    """The values that CMakeLists.txt sets a name to, as the index's bot reads them: one line, double quotes."""
    found = re.findall(rf'^set\({name} "([^"\n]+)"\)$', CMAKE, flags=re.MULTILINE)
    assert len(found) == 1, name
    return found[0].split()


def test_every_file_is_listed_for_cmake():
    assert LISTED.read_text(encoding="utf-8") == cmake_lists(), "run: python Testing/extension_files.py"


def test_the_module_lists_its_own_files():
    listed = (ROOT / "MRIAnomaly" / "CMakeLists.txt").read_text().replace("${MODULE_NAME}", "MRIAnomaly")
    files = [path for path in MODULE.parent.rglob("*") if path.suffix in (".py", ".png", ".svg", ".ui")]
    assert [path for path in files if f"  {path.relative_to(MODULE.parent).as_posix()}\n" not in listed] == []


def test_the_catalog_entry_is_what_the_index_accepts():
    text = (ROOT / "MRIAnomaly.json").read_bytes()
    entry = json.loads(text)
    assert b"\r" not in text
    assert set(entry) == {"$schema", "build_dependencies", "build_subdirectory", "category", "scm_revision", "scm_url", "tier"}
    assert entry["category"] in {"Neuroimaging", "Segmentation", "Quantification", "Analysis"}
    assert entry["scm_url"].rsplit("/", 1)[1].startswith("Slicer")
    assert entry["build_dependencies"] == settings("EXTENSION_DEPENDS")


def test_the_project_is_called_as_the_catalog_entry():
    assert re.search(r"^project\((\w+)\)$", CMAKE, flags=re.MULTILINE)[1] == "MRIAnomaly"


@pytest.mark.parametrize("name", ["EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"])
def test_each_picture_that_the_index_shows_is_in_the_tree(name):
    repository = json.loads((ROOT / "MRIAnomaly.json").read_text())["scm_url"].removeprefix("https://github.com/")
    for url in settings(name):
        assert url.startswith(f"{RAW}{repository}/main/")
        picture = ROOT / url.removeprefix(f"{RAW}{repository}/main/")
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_icon_is_128_pixels_wide_and_high():
    content = (MODULE.parent / "Resources" / "Icons" / "MRIAnomaly.png").read_bytes()
    assert struct.unpack(">II", content[16:24]) == (128, 128)


def test_no_python_file_in_the_root_looks_like_a_module():
    assert list(ROOT.glob("*.py")) == []
    assert not (MODULE.parent / "__init__.py").exists()


def test_the_module_file_imports_only_what_slicer_has():
    names = set()
    for node in ast.parse(MODULE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    assert names <= set(sys.stdlib_module_names) | {"slicer", "vtk"}


def test_the_module_tells_slicer_who_made_it_and_what_for(monkeypatch):
    class Base:
        def __init__(self, parent):
            self.parent = parent

    doubles = {
        "slicer": {},
        "slicer.i18n": {"tr": lambda text: text, "translate": lambda context, text: text},
        "slicer.ScriptedLoadableModule": {"ScriptedLoadableModule": Base},
    }
    for name, content in doubles.items():
        double = types.ModuleType(name)
        vars(double).update(content)
        monkeypatch.setitem(sys.modules, name, double)
    monkeypatch.setattr(sys, "path", list(sys.path))
    space = {"__file__": str(MODULE)}
    exec(compile(MODULE.read_text(encoding="utf-8"), str(MODULE), "exec"), space)
    parent = space["MRIAnomaly"](types.SimpleNamespace()).parent
    assert parent.title and parent.categories and parent.contributors and parent.helpText and parent.acknowledgementText
    assert str(ROOT) in sys.path


def test_a_clone_with_its_history_is_small(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(clone)], check=True, capture_output=True)
    assert sum(path.lstat().st_size for path in clone.rglob("*") if path.is_file()) < CLONE_LIMIT_MB * 1e6


def test_the_wheel_carries_every_package_and_the_resources():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {path.parent for path in (ROOT / "MRIAnomalyLib").rglob("*.py")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(setup["packages"]) == packages | {"MRIAnomalyLib.Resources"}
    assert setup["package-dir"]["MRIAnomalyLib.Resources"] == "Resources"


def test_licences_go_along_with_what_they_cover():
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    notice = (ROOT / "NOTICE").read_text()
    for shipped in (ROOT / "Resources" / "SampleData").glob("*.nii.gz"):
        assert f"Resources/SampleData/{shipped.name}" in notice

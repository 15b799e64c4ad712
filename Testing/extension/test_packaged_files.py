"""Only what CMake and setuptools list is packaged: the lists are compared with the tree."""

import re
import tomllib

from extension_files import LISTED, MODULE, ROOT, cmake_lists


def module_cmake():
    return (MODULE.parent / "CMakeLists.txt").read_text(encoding="utf-8").replace("${MODULE_NAME}", MODULE.stem)


def test_every_file_of_the_library_is_listed():
    assert LISTED.read_text(encoding="utf-8") == cmake_lists(), "run: python Testing/extension_files.py"


def test_the_module_lists_its_own_files_and_no_others():
    files = {path.relative_to(MODULE.parent).as_posix() for path in MODULE.parent.rglob("*") if path.is_file()}
    there = {file for file in files if file != "CMakeLists.txt" and "__pycache__" not in file}
    assert set(re.findall(r"^  (\S+\.\w+)$", module_cmake(), flags=re.MULTILINE)) == there


def test_the_library_and_the_module_are_both_built():
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    order = ["find_package(Slicer REQUIRED)", "include(${Slicer_USE_FILE})", "include(MRIAnomalyLib/files.cmake)", "${LIBRARY_SCRIPTS}"]
    order += ["${LIBRARY_RESOURCES}", "add_subdirectory(MRIAnomaly)", "## NEXT_MODULE"]
    order += ["include(${Slicer_EXTENSION_GENERATE_CONFIG})", "include(${Slicer_EXTENSION_CPACK})"]
    places = [cmake.index(part) for part in order]
    assert places == sorted(places)


def test_slicer_runs_its_generic_tests_and_the_self_test():
    build, _, testing = module_cmake().partition("if(BUILD_TESTING)")
    assert "WITH_GENERIC_TESTS" in build
    assert "slicer_add_python_unittest(SCRIPT MRIAnomaly.py)" in testing


def test_no_python_file_in_the_root_looks_like_a_module():
    assert list(ROOT.glob("*.py")) == []
    assert not (MODULE.parent / "__init__.py").exists()


def test_no_package_of_the_extension_can_be_taken_for_that_of_another():
    assert {path.split("/")[0] for path in re.findall(r"^  (\S+\.py)$", LISTED.read_text(), flags=re.MULTILINE)} == {"MRIAnomalyLib"}


def test_the_wheel_carries_every_package_and_the_resources():
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {path.parent for path in (ROOT / "MRIAnomalyLib").rglob("*.py")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(setup["packages"]) == packages | {"MRIAnomalyLib.Resources"}
    assert setup["package-dir"]["MRIAnomalyLib.Resources"] == "Resources"

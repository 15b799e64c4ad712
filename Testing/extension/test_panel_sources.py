"""Rules for the files that run inside Slicer's own process, read from their source."""

import ast
import re
import sys

import pytest
from extension_files import MODULE, ROOT, panel_sources
from test_layers import at_import, parsed

AT_FILE_SCOPE = {"slicer", "vtk", "qt", "ctk", "SimpleITK", "numpy", "scipy"}  # what Slicer ships and the index accepts
NOT_IN_QT_6 = r"\b(QRegExp|QTextCodec|QDesktopWidget|exec_)\b|currentIndexChanged\(QString\)|buttonClicked\(int\)"
OWN_LOOKS = r"setStyleSheet|styleSheet|\bQFont\b|\bQColor\b|\bQPalette\b"


def loaded_with(start):
    """The files of the library that run when `start` is imported, and the other packages that they import, by file."""
    waiting, seen, foreign = [start], set(), {}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(at_import(parsed(path))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [".".join(filter(None, (stem(path, node), alias.name))) for alias in node.names]
            else:
                continue
            for name in names:
                if name.startswith("MRIAnomalyLib"):
                    waiting += files_of(name)
                else:
                    foreign.setdefault(path.name, set()).add(name.split(".")[0])
    return seen, foreign


def stem(path, node):
    """The module that a `from ... import` names, written absolutely."""
    package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
    return ".".join([*package, *filter(None, [node.module])])


def files_of(name):
    """The files that importing `MRIAnomalyLib.part.name` runs: the packages on the way, and the module where there is one."""
    parts = name.split(".")
    steps = [ROOT.joinpath(*parts[: count + 1]) for count in range(len(parts))]
    places = [place for step in steps for place in (step / "__init__.py", step.with_suffix(".py"))]
    return [place for place in places if place.is_file()]


def translated(path):
    """The first argument of each call of the translator `_` in a file."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield node.args[0]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", panel_sources(), ids=name_of)
def test_importing_it_needs_nothing_that_slicer_has_not(path):
    _, foreign = loaded_with(path)
    allowed = set(sys.stdlib_module_names) | AT_FILE_SCOPE
    assert {file: extra for file, names in foreign.items() if (extra := names - allowed)} == {}


def test_the_search_for_imports_reaches_the_library_behind_the_panel():
    seen, foreign = loaded_with(ROOT / "MRIAnomalyLib" / "gui" / "scene.py")
    assert {"__init__.py", "records.py", "errors.py", "tables.py"} <= {path.name for path in seen}
    assert "slicer" in foreign["scene.py"]


@pytest.mark.parametrize("path", panel_sources(), ids=name_of)
def test_texts_to_translate_are_plain_literals(path):
    assert [ast.unparse(text) for text in translated(path) if not (isinstance(text, ast.Constant) and isinstance(text.value, str))] == []


def test_texts_to_translate_are_found():
    assert list(translated(MODULE))


@pytest.mark.parametrize("path", panel_sources(), ids=name_of)
def test_it_keeps_to_names_of_qt_5_and_6_and_to_the_looks_of_slicer(path):
    source = path.read_text(encoding="utf-8")
    assert re.findall(NOT_IN_QT_6, source) == []
    assert re.findall(OWN_LOOKS, source) == []


def test_the_panel_has_no_looks_of_its_own_and_every_widget_a_name():
    form = (MODULE.parent / "Resources" / "UI" / "MRIAnomaly.ui").read_text(encoding="utf-8")
    assert re.findall(r"styleSheet|<family>|<pointsize>|<palette>|<color", form) == []
    assert re.findall(r"<widget(?![^>]* name=)[^>]*>", form) == []


def test_packages_are_installed_in_one_place_only():
    places = [path for path in panel_sources() if re.search(r"pip_|installTorch", path.read_text(encoding="utf-8"))]
    assert [path.name for path in places] == ["install.py"]


def test_the_module_file_has_the_four_classes_and_tells_slicer_what_it_is():
    tree = parsed(MODULE)
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert {"MRIAnomaly", "MRIAnomalyWidget", "MRIAnomalyLogic", "MRIAnomalyTest"} <= set(classes)
    set_here = {ast.unparse(target) for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets}
    for fact in ("title", "categories", "dependencies", "contributors", "helpText", "acknowledgementText"):
        assert f"self.parent.{fact}" in set_here or f"parent.{fact}" in set_here
    assert len(MODULE.read_text(encoding="utf-8").splitlines()) < 150

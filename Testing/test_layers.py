"""Imports point down only, and each folder keeps to what it may know."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parent.parent / "MRIAnomalyLib"
LAYERS = [
    ["errors", "records", "resources", "__version__", "clock"],
    ["files", "prepare", "nets"],
    ["inversion", "training"],
    ["detectors"],
    ["calibration"],
    ["findings"],
    ["outputs"],
    ["bundles"],
    ["pipeline", "learning"],
    ["evaluation"],
    ["cli", "gui", "api"],
    ["__init__", "__main__"],
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MAY_LOAD_TORCH = {"nets", "inversion", "training", "detectors", "evaluation"}
SLICER = {"slicer", "qt", "ctk", "vtk", "vtkmodules", "mrml"}


def sources(folder):
    return sorted(folder.rglob("*.py"))


def layer(path, root=LIBRARY):
    """The first part of a file's place in the library: a folder, or a module of the top level."""
    return path.relative_to(root).parts[0].removesuffix(".py")


def imported(tree):
    """Every import in a syntax tree: (level, dotted name); what follows `from . import` counts as part of the name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.level, node.module
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, alias.name) for alias in node.names)


def at_import(tree):
    """The tree without the bodies of functions and of `if TYPE_CHECKING`: what runs when the module is imported."""

    class Strip(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return None

        def visit_If(self, node):
            return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)

    return Strip().visit(tree)


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def upward(root):
    """Every relative import that leads to a higher layer, or to one that has no rank: "file -> layer"."""
    found = []
    for path in sources(root):
        here = path.relative_to(root).parts
        for level, name in imported(parsed(path)):
            if level == len(here):  # climbs to the library's own top
                target = name.split(".")[0]
                if RANK.get(target, len(LAYERS)) > RANK.get(layer(path, root), -1):
                    found.append(f"{'/'.join(here)} -> {target}")
    return found


def top_level_names(tree):
    return {name.split(".")[0] for level, name in imported(tree) if level == 0}


def test_imports_point_down_only():
    assert upward(LIBRARY) == []


def test_every_part_of_the_library_has_a_layer():
    assert {layer(path) for path in sources(LIBRARY)} <= set(RANK)


@pytest.mark.parametrize(
    "line",
    ["from ..detectors.base import Detector", "from .. import pipeline", "def late():\n    from ..bundles.bundle import open_bundle"],
)
def test_an_upward_import_is_found(tmp_path, line):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "seeded.py").write_text("from ..records import Volume\n" + line + "\n")
    assert len(upward(tmp_path)) == 1


def test_the_library_imports_itself_relatively():
    assert [path for path in sources(LIBRARY) if "MRIAnomalyLib" in top_level_names(parsed(path))] == []


def test_only_gui_knows_slicer():
    assert [path for path in sources(LIBRARY) if layer(path) != "gui" and top_level_names(parsed(path)) & SLICER] == []


def test_outputs_never_import_torch():
    assert [path for path in sources(LIBRARY / "outputs") if "torch" in top_level_names(parsed(path))] == []


def test_torch_is_loaded_by_the_folders_of_networks_only():
    loading = {layer(path) for path in sources(LIBRARY) if "torch" in top_level_names(at_import(parsed(path)))}
    assert loading <= MAY_LOAD_TORCH
    assert "nets" in loading  # so that an empty answer cannot pass


def test_detectors_know_neither_files_nor_each_other():
    for path in sources(LIBRARY / "detectors"):
        tree = parsed(path)
        calls = {ast.unparse(node.func).split(".")[-1] for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"open", "read_bytes", "read_text", "load", "loadtxt"}, path.name
        if path.name != "__init__.py":
            names = [(level, name.split(".")[0]) for level, name in imported(tree)]
            assert not {name for level, name in names if level == 2} & {"files", "bundles"}, path.name
            assert {name for level, name in names if level == 1} <= {"base"}, path.name

"""The list of packages that Slicer is to get: short, with the floors of the project, and nothing that Slicer ships."""

import tomllib

from extension_files import MODULE, ROOT
from packaging.requirements import Requirement

SHIPPED = {"numpy", "scipy", "simpleitk", "vtk", "pydicom", "highdicom", "dcmqi", "pillow", "requests", "packaging", "setuptools", "pip"}


def listed():
    lines = (MODULE.parent / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_what_slicer_is_to_get_has_the_floors_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    always = {entry.name: entry.specifier for entry in map(Requirement, project["dependencies"])}
    brain = {entry.name: entry.specifier for entry in map(Requirement, project["optional-dependencies"]["brain"])}
    assert listed()
    for entry in listed():
        assert entry.specifier == (brain if entry.marker else always)[entry.name]
        assert {clause.operator for clause in entry.specifier} == {">="}


def test_nothing_that_slicer_ships_is_asked_for():
    assert {entry.name.lower() for entry in listed()} & SHIPPED == set()


def test_whole_heads_need_what_the_extra_for_brains_names():
    assert {entry.name for entry in listed() if entry.marker and entry.marker.evaluate({"extra": "brain"})} == {"deepbet"}

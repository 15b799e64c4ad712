"""The shipped scans in Slicer's Sample Data module: on the double and, where Slicer's sources are at hand, on its own file."""

import hashlib
import importlib.util
import os
import struct
import sys
import types
import urllib.request
from pathlib import Path

import pytest
import slicer
import slicer.ScriptedLoadableModule  # what Slicer's own file builds on, before it

from MRIAnomalyLib.gui import samples
from MRIAnomalyLib.resources import sample

BASE_PYTHON = os.environ.get("SLICER_BASE_PYTHON")
OWN_FILE = Path(BASE_PYTHON).parents[1] / "Modules" / "Scripted" / "SampleData" / "SampleData.py" if BASE_PYTHON else None


@pytest.fixture(params=["double", "Slicer's own"])
def sample_data(request, monkeypatch):
    if request.param != "double":
        if OWN_FILE is None or not OWN_FILE.exists():
            pytest.skip("Slicer's sources are not at hand")
        spec = importlib.util.spec_from_file_location("SampleData", OWN_FILE)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "SampleData", module)
        monkeypatch.setitem(sys.modules, "qt", types.SimpleNamespace(QObject=object))  # its widget derives from it; only the logic is used
        spec.loader.exec_module(module)
    monkeypatch.setattr(slicer.modules, "sampleDataSources", {"BuiltIn": []}, raising=False)
    monkeypatch.setattr(slicer.modules, "sampleDataSourceCategories", {}, raising=False)
    return sys.modules["SampleData"]


def registered():
    return slicer.modules.sampleDataSources["MRI Anomaly"]


def only(value):
    """The one value of a field: Slicer keeps lists, the double what it was given."""
    return value[0] if isinstance(value, list) else value


def test_both_scans_are_offered_with_origin_and_license(sample_data):
    samples.register()
    shown = {source.sampleName: source.sampleDescription for source in registered()}
    assert set(shown) == {"MRBrainMSLesions", "MRHeadHealthy"}
    assert "University of Ljubljana, license CC BY" in shown["MRBrainMSLesions"]
    assert "studyforrest project, license PDDL" in shown["MRHeadHealthy"]


def test_each_scan_is_the_file_that_ships_and_its_checksum_holds(sample_data):
    samples.register()
    for source in registered():
        content = urllib.request.urlopen(only(source.uris)).read()
        assert content == sample(only(source.fileNames)).read_bytes()
        assert only(source.checksums) == f"SHA256:{hashlib.sha256(content).hexdigest()}"
        assert only(source.nodeNames) == source.sampleName


def test_the_license_shown_is_the_one_on_record(sample_data):
    record = sample("SOURCE.md").read_text(encoding="utf-8")
    samples.register()
    for source in registered():
        section = next(part for part in record.split("\n## ") if part.startswith(f"`{only(source.fileNames)}`"))
        assert source.sampleDescription.rsplit(" license ", 1)[1] in section
        assert only(source.checksums).removeprefix("SHA256:") in section


def test_each_scan_has_a_small_thumbnail(sample_data):
    samples.register()
    for source in registered():
        content = Path(source.thumbnailFileName).read_bytes()
        assert struct.unpack(">II", content[16:24]) == (260, 280)
        assert len(content) < 40_000


def test_registering_again_after_a_reload_offers_each_scan_once(sample_data):
    samples.register()
    samples.register()
    assert len(registered()) == 2
    assert slicer.modules.sampleDataSources["BuiltIn"] == []


def test_the_category_has_a_title_where_slicer_knows_titles(sample_data):
    samples.register()
    knows = hasattr(sample_data.SampleDataLogic, "registerCustomSampleDataCategory")
    assert slicer.modules.sampleDataSourceCategories == ({"MRI Anomaly": {"title": "MRI Anomaly"}} if knows else {})


def test_a_slicer_without_category_titles_offers_the_scans_too(sample_data, monkeypatch):
    monkeypatch.delattr(sample_data.SampleDataLogic, "registerCustomSampleDataCategory", raising=False)
    samples.register()
    assert len(registered()) == 2
    assert slicer.modules.sampleDataSourceCategories == {}

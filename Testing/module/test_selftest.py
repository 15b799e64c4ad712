"""The self-test as Slicer runs it, here with the real detection on the sample scan."""

import logging

import doubles
import pytest
from jobs import FakeJobs, job_folders
from results import make_result
from scenes import add_scan


@pytest.mark.slow
def test_the_self_test_passes_with_the_real_detection(module, scene, testing_mode, caplog):
    caplog.set_level(logging.INFO)
    module.python.MRIAnomalyTest().runTest()
    assert "The self-test passed." in caplog.text
    assert job_folders() == []


def test_where_packages_are_missing_it_says_so_and_passes(module, scene, testing_mode, caplog, monkeypatch, tmp_path):
    caplog.set_level(logging.INFO)
    FakeJobs(monkeypatch, tmp_path)
    doubles.packages.versions["torch"] = None
    module.python.MRIAnomalyTest().runTest()
    assert "Skipped: torch not installed." in caplog.text
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_it_fails_where_the_scan_with_lesions_is_not_flagged(module, scene, testing_mode, monkeypatch, tmp_path):
    FakeJobs(monkeypatch, tmp_path)
    plain = make_result((8, 30, 28), findings=False)
    monkeypatch.setattr("MRIAnomalyLib.gui.selftest._load", lambda name: add_scan(scene, plain))
    monkeypatch.setattr("MRIAnomalyLib.gui.found.record_of", lambda scene, nodes: {"flagged": False})
    with pytest.raises(AssertionError, match="flagged"):
        module.python.MRIAnomalyTest().runTest()

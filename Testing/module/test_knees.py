"""A knee through the panel, by the real command line: a model that was compared with too few people for p-values."""

import math
import os
import subprocess
import sys
from types import SimpleNamespace

import doubles
import pytest
from jobs import TESTING, apply, choose_volume
from pseudo_knee import bright_spot, knee
from scenes import add_scan

from MRIAnomalyLib.gui.found import results_of
from MRIAnomalyLib.gui.nodes import node_by_id
from MRIAnomalyLib.gui.tables import rows_of

RIGHT = (90.0, 0.0, 0.0)
NAMED = "knee-tiny-denoiser, not for commercial use (knee, PDFS, sagittal)"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user's folder with the model in it, made by another process: Slicer's own never loads PyTorch."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTING.parent, TESTING)))}
    subprocess.run([sys.executable, str(TESTING / "knee_model.py"), str(home / "mrianomaly")], env=environment, check=True)
    return home


@pytest.fixture
def model(monkeypatch, home):
    """The only one that the panel and its jobs find."""
    monkeypatch.setenv("PYTHONPATH", str(TESTING.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setattr("MRIAnomalyLib.resources.bundle_folders", lambda: [home / "mrianomaly" / "bundles"])
    # the look for devices is a process too, which nobody here waits for
    monkeypatch.setattr("MRIAnomalyLib.gui.devices.DeviceChoice.look", lambda self: None)


@pytest.fixture
def ui(model, module):
    """The widgets of the panel, with that model chosen."""
    widgets = module.widget.panel.ui
    doubles.choose(widgets.modelSelector, NAMED)
    return widgets


def scan_of(scene, volume):
    return add_scan(scene, SimpleNamespace(volume=volume))


def test_a_slab_gets_findings_without_p_values_and_is_never_flagged(ui, scene):
    slab = bright_spot(knee(7, middle=RIGHT))
    scan = scan_of(scene, slab)
    choose_volume(ui, "Scan")
    apply(ui)
    assert ui.verdictLabel.text.startswith("Not calibrated: 4 healthy people of the model's own scanner are too few")
    assert ui.certaintyLabel.text == "No p-value can be given: too few healthy people to compare with."
    assert "may not be used commercially (CC BY-NC 4.0)" in ui.warningsLabel.text
    nodes = results_of(scene, scan)
    assert rows_of(node_by_id(scene, nodes.findings_table))[0]["sign"] == "bright"
    judged = [row for row in rows_of(node_by_id(scene, nodes.slice_scores)) if row["scored"]]
    assert len(judged) == 10
    assert all(math.isnan(row["p_value"]) and not row["flagged"] for row in judged)


def test_levels_of_a_whole_knee_that_the_model_never_saw_are_listed_as_not_judged(ui, scene):
    scan = scan_of(scene, knee(7, slices=24, step_mm=4.0, middle=RIGHT))
    choose_volume(ui, "Scan")
    apply(ui)
    assert "all that was looked at" in ui.verdictLabel.text
    assert "Nothing is said of the rest of the knee." in ui.warningsLabel.text
    rows = rows_of(node_by_id(scene, results_of(scene, scan).slice_scores))
    assert [row["slice"] for row in rows if row["scored"]] == list(range(10))
    assert sum(not row["scored"] for row in rows) > 100
    assert all(math.isnan(row["score"]) for row in rows if not row["scored"])


def test_a_knee_whose_fat_is_not_suppressed_is_refused(ui, scene):
    scan = scan_of(scene, knee(8, slices=24, step_mm=4.0, middle=RIGHT, marrow=220.0))
    choose_volume(ui, "Scan")
    apply(ui)
    assert "does not look like a fat-suppressed proton-density scan" in ui.statusLabel.text
    assert results_of(scene, scan) is None


def test_the_panel_says_that_the_model_is_not_for_commercial_use(ui):
    assert ui.modelSelector.currentText == NAMED
    assert "License of the weights: CC BY-NC 4.0." in ui.modelNote.text

"""The panel reloaded while a run goes on; and no name of a volume in what a run leaves behind."""

import os
import sys

import doubles
import pytest
import qt
import slicer
from doubles import processes
from jobs import apply, begin, end, job_folders

from MRIAnomalyLib.gui.found import results_of


class TestReload:
    @pytest.fixture(autouse=True)
    def same_library_afterwards(self, jobs):
        kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "MRIAnomalyLib"}
        yield
        for name in [name for name in sys.modules if name.split(".")[0] == "MRIAnomalyLib"]:
            del sys.modules[name]
        sys.modules.update(kept)

    def test_reloading_ends_the_run_and_brings_a_panel_that_works(self, same_library_afterwards, panel, jobs, module, scene, scan):
        jobs.go_as("waits")
        begin(panel)
        old = sys.modules["MRIAnomalyLib.gui.panel"]
        module.widget.onReload()
        module.container.enter()
        assert (job_folders(), processes.running()) == ([], [])
        assert sys.modules["MRIAnomalyLib.gui.panel"] is not old
        ui = slicer.modules.MRIAnomalyWidget.panel.ui
        slicer.app.processEvents()
        jobs.go_as("")
        apply(ui)
        assert results_of(scene, scan)
        doubles.press(slicer.util.mainWindow(), qt.Qt.Key_N)
        assert slicer.modules.MRIAnomalyWidget.logic.getParameterNode().finding == 1


class TestIdentity:
    def test_no_name_of_a_volume_gets_into_job_log_or_settings(self, panel, jobs, scan):
        scan.SetName("Patient Name^1970")
        jobs.go_as("waits")
        begin(panel)
        (folder,) = job_folders()
        (number,) = processes.running()
        with open(f"/proc/{number}/cmdline", "rb") as line:  # noqa: PTH123
            assert b"Patient" not in line.read()
        assert [path for path in folder.rglob("*") if "Patient" in path.name or b"Patient" in path.read_bytes()] == []
        jobs.go_on()
        end(panel)
        panel.logButton.collapsed = False
        slicer.app.processEvents()
        doubles.click(panel.copyLogButton)
        copied = qt.QApplication.clipboard().text()
        assert "Started: model auto, device auto, quality fast." in copied
        settings = qt.QSettings()
        kept = "".join(f"{key}={settings.value(key)}" for key in settings.allKeys())
        remembered = slicer.modules.MRIAnomalyWidget.logic.getParameterNode().parameterNode
        values = "".join(remembered.GetParameter(name) for name in remembered.GetParameterNames())
        for text in (copied, kept, values):
            assert "Patient" not in text and os.sep not in text

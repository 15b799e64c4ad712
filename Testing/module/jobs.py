"""The module's own jobs, processes of the real command line, with a fake detector in them."""

import os
from pathlib import Path

import doubles
import slicer
from PySide6 import QtWidgets

TESTING = Path(doubles.__file__).resolve().parents[1]
_PATIENCE_MS = 30_000  # with machines that have much else to do


class FakeJobs:
    """From now on every job has the fakes of `doubles/job` in it, and the user has no models of their own."""

    def __init__(self, monkeypatch, tmp_path):
        self._environment, self._go = monkeypatch, tmp_path / "go"
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (TESTING / "doubles" / "job", TESTING))))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("FAKE_GO", str(self._go))
        monkeypatch.delenv("FAKE", raising=False)
        monkeypatch.delenv("FAKE_GPU", raising=False)

    def go_as(self, mode):
        """How the next jobs go, see `fake_pipeline`."""
        self._environment.setenv("FAKE", mode)

    def have_gpu(self, name):
        """The next jobs see a graphics card."""
        self._environment.setenv("FAKE_GPU", name)

    def go_on(self):
        """Those that wait need wait no longer."""
        self._go.touch()


def job_folders():
    """What jobs have on the disk."""
    return list(Path(slicer.app.temporaryPath).glob("mrianomaly-job-*"))


def choose_volume(ui, name):
    """Choose an input in the panel as a user does."""
    doubles.choose(doubles.unwrap(ui.inputSelector).findChild(QtWidgets.QComboBox), name)


def begin(ui):
    """Press Apply and return when the job computes."""
    doubles.click(ui.applyButton)
    assert doubles.spin_until(lambda: "Drawing the healthy counterpart" in ui.statusLabel.text, _PATIENCE_MS), ui.logText.plainText


def end(ui):
    """Return when nothing runs any more."""
    assert doubles.spin_until(lambda: ui.applyButton.text == "Apply", _PATIENCE_MS), ui.logText.plainText


def apply(ui):
    """Press Apply and return when it is done."""
    doubles.click(ui.applyButton)
    end(ui)

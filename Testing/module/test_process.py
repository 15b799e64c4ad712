"""The job on its own: real processes of the command line, with the fakes of `doubles/job` in them."""

import json
import os
import signal

import doubles
import numpy as np
import pytest
from doubles import processes
from jobs import FakeJobs
from results import make_result

from MRIAnomalyLib.gui import process
from MRIAnomalyLib.gui.process import Job


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    return FakeJobs(monkeypatch, tmp_path)


class Run:
    """A job under watch."""

    def __init__(self, *arguments):
        self.messages, self.endings = [], []
        self.job = Job(arguments, self.messages.append, self.endings.append)

    def reaches(self, stage):
        assert doubles.spin_until(lambda: any(message.get("stage") == stage for message in self.messages)), self.job.log

    def ending(self, timeout_ms=10000):
        assert doubles.spin_until(lambda: self.endings, timeout_ms), self.messages
        (ending,) = self.endings
        return ending


@pytest.fixture
def detect(jobs, tmp_path):
    """Start a detection of a small volume."""
    volume = make_result((6, 20, 18)).volume
    np.savez(tmp_path / "input.npz", array=volume.array, affine=volume.affine)
    files = ["detect", str(tmp_path / "input.npz"), "--out", str(tmp_path / "out"), "--maps=npy", "--only=heatmap,result"]
    return lambda: Run(*files, "--progress=json", "--stop-with-input")


def test_a_job_tells_its_stages_and_ends_without_a_word(detect, tmp_path):
    run = detect()
    ending = run.ending()
    assert (ending.code, ending.sentence) == (0, "")
    assert [message["stage"] for message in run.messages if "stage" in message][:1] == ["read"]
    assert {"warning": "The scanner is another one."} in run.messages
    assert ending.output.endswith(str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["heatmap.npy", "result.json"]


def test_an_answer_on_standard_output_comes_back_whole(jobs):
    jobs.have_gpu("Big")
    run = Run("devices", "--json")
    assert json.loads(run.ending().output)["devices"][0]["name"] == "Big"


def test_a_wrong_argument_ends_with_the_words_of_the_command_line(jobs):
    ending = Run("detect", "nothing", "--progress=json", "--colour=red").ending()
    assert ending.code == 2
    assert "--colour" in ending.sentence


def test_a_job_that_is_killed_is_told_and_hurts_nobody(detect, jobs):
    jobs.go_as("waits")
    run = detect()
    run.reaches("reconstruct")
    for number in processes.running():
        os.kill(number, signal.SIGKILL)
    assert (run.ending().code, run.ending().sentence[:31]) == (4, "The analysis ended unexpectedly")


def test_lines_that_are_no_messages_are_kept_for_the_log_and_harm_nothing(detect, jobs):
    jobs.go_as("garbled")
    run = detect()
    assert run.ending().code == 0
    assert run.job.log == ["launcher: \ufffd\ufffd is no UTF-8", '["no", "message"]', '{"half a message":']


def test_a_cancelled_job_ends_by_itself_and_leaves_nothing(detect, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "_PATIENCE_MS", 60_000)  # it is not killed
    jobs.go_as("waits")
    run = detect()
    run.reaches("reconstruct")
    run.job.cancel()
    run.job.cancel()
    assert (run.ending().code, run.ending().sentence) == (130, "Cancelled.")
    assert processes.running() == []
    assert not list(tmp_path.glob("out*")) and not list(tmp_path.glob(".partial*"))


def test_a_cancelled_job_that_does_not_react_is_killed(detect, jobs, monkeypatch):
    monkeypatch.setattr(process, "_PATIENCE_MS", 300)
    jobs.go_as("stuck")
    run = detect()
    run.reaches("reconstruct")
    run.job.cancel()
    assert run.ending(3000).code == 130
    assert processes.running() == []


@pytest.mark.parametrize("mode", ["waits", "stuck"])
def test_an_abandoned_job_is_gone_at_once_and_nobody_is_told(detect, jobs, monkeypatch, mode):
    monkeypatch.setattr(process, "_PATIENCE_MS", 1000)
    jobs.go_as(mode)
    run = detect()
    run.reaches("reconstruct")
    told = len(run.messages)
    run.job.abandon()
    assert not run.job.running
    assert processes.running() == []
    assert (len(run.messages), run.endings) == (told, [])


def test_a_python_that_cannot_be_started_is_told(jobs, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/nowhere/PythonSlicer")
    ending = Run("devices").ending()
    assert (ending.code, ending.sentence[:33]) == (4, "Slicer's Python could not be star")


def test_waiting_lets_the_application_react(detect, jobs):
    import qt

    jobs.go_as("waits")
    run = detect()
    qt.QTimer.singleShot(50, jobs.go_on)
    run.job.wait()
    assert run.ending().code == 0

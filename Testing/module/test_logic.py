"""Detection from scripts, without the panel: `MRIAnomalyLogic` and the `Runner` in it, with real jobs."""

import importlib
import os
import time
import types

import pytest
import qt
import slicer
from doubles import processes
from jobs import TESTING, FakeJobs, job_folders
from results import make_result
from scenes import add_scan, inventory

from MRIAnomalyLib.errors import Cancelled, MRIAnomalyError, NotComparableError, UsageError
from MRIAnomalyLib.gui.found import results_of
from MRIAnomalyLib.gui.runner import Outcome, Settings


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    return FakeJobs(monkeypatch, tmp_path)


@pytest.fixture
def scan(scene):
    return add_scan(scene, make_result((8, 30, 28)))


@pytest.fixture
def logic(jobs, scene, monkeypatch):
    """A logic of the module whose panel is closed."""
    monkeypatch.syspath_prepend(str(TESTING.parent / "MRIAnomaly"))
    module = importlib.import_module("MRIAnomaly")
    monkeypatch.setattr(slicer.modules, "mrianomaly", types.SimpleNamespace(path=module.__file__), raising=False)
    logic = module.MRIAnomalyLogic()
    yield logic
    logic.runner.close()


def arguments_of_the_job():
    (number,) = processes.running()
    with open(f"/proc/{number}/cmdline", "rb") as line:  # noqa: PTH123
        return line.read().decode().split("\0")


def test_waiting_gives_the_nodes_and_slicer_reacts_meanwhile(logic, scene, scan):
    ticks = []
    timer = qt.QTimer()
    timer.interval = 20
    timer.connect("timeout()", lambda: ticks.append(1))
    timer.start()
    nodes = logic.detect(scan)
    timer.stop()
    assert nodes == results_of(scene, scan)
    assert nodes.healthy and nodes.residual and nodes.findings and nodes.score_plot
    assert len(ticks) > 5
    assert job_folders() == []


def test_not_waiting_returns_at_once_and_the_outcome_follows(logic, scene, scan, spin_until):
    assert logic.detect(scan, wait=False) is None
    assert results_of(scene, scan) is None
    assert spin_until(lambda: logic.runner.outcome)
    assert (logic.runner.outcome.code, logic.runner.outcome.nodes) == (0, results_of(scene, scan))


def test_the_choices_reach_the_command_line_and_nothing_else_does(logic, jobs, scan):
    jobs.go_as("waits")
    logic.detect(scan, model="brain-t1-anogan", device="cpu", quality="thorough", wait=False)
    arguments = arguments_of_the_job()
    for wanted in ("--model=brain-t1-anogan", "--device=cpu", "--quality=thorough", "--progress=json", "--stop-with-input", "--maps=npy"):
        assert wanted in arguments
    assert [one for one in arguments if "Scan" in one] == []


def test_a_failure_is_an_exception_with_the_jobs_own_sentence(logic, jobs, scene, scan):
    before = inventory(scene)
    jobs.go_as("alien")
    with pytest.raises(NotComparableError, match="This is a knee, and the model knows brains"):
        logic.detect(scan)
    assert (inventory(scene), job_folders()) == (before, [])


@pytest.mark.parametrize(
    ("code", "kind"), [(2, UsageError), (3, NotComparableError), (4, MRIAnomalyError), (130, Cancelled), (1, MRIAnomalyError)]
)
def test_each_exit_code_is_an_exception_of_its_own(code, kind):
    with pytest.raises(kind, match="What went wrong") as raised:
        Outcome(code, "What went wrong.").check()
    assert type(raised.value) is kind


def test_cancelling_while_waiting_is_an_exception(logic, jobs, scan):
    jobs.go_as("waits")
    qt.QTimer.singleShot(300, logic.cancel)
    with pytest.raises(Cancelled):
        logic.detect(scan)
    assert (job_folders(), processes.running()) == ([], [])


def test_what_cannot_be_analysed_is_refused_before_anything_starts(logic, scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    for node, word in ((None, "Choose an input volume"), (empty, "no voxels")):
        with pytest.raises(UsageError, match=word):
            logic.detect(node)
    assert (job_folders(), processes.running()) == ([], [])


def test_one_run_at_a_time(logic, jobs, scene, scan):
    jobs.go_as("waits")
    logic.detect(scan, wait=False)
    with pytest.raises(UsageError, match="running already"):
        logic.detect(scan)
    jobs.go_on()
    assert logic.runner.wait().nodes == results_of(scene, scan)


def test_what_is_made_can_be_chosen(logic, scene, scan):
    logic.runner.start(scan, Settings(what=frozenset()))
    assert set(logic.runner.wait().nodes.outputs()) == {"heatmap", "scored", "findings_table", "slice_scores", "report"}


def test_closing_ends_a_run_at_once(logic, jobs, scene, scan):
    before = inventory(scene)
    jobs.go_as("waits")
    logic.detect(scan, wait=False)
    logic.runner.close()
    assert not logic.runner.running
    assert (inventory(scene), job_folders(), processes.running()) == (before, [], [])


def test_what_a_crashed_slicer_left_behind_is_taken_away_and_what_runs_elsewhere_is_not(logic, jobs, scan, tmp_path):
    old, fresh = (slicer.app.temporaryPath + f"/mrianomaly-job-{name}" for name in ("old", "fresh"))
    for folder in (old, fresh):
        os.mkdir(folder)  # noqa: PTH102
    os.utime(old, (time.time() - 100_000,) * 2)
    logic.detect(scan)
    assert [str(folder) for folder in job_folders()] == [fresh]
    os.rmdir(fresh)  # noqa: PTH106


def test_the_parameter_node_is_one_and_the_scenes_own(logic, scene):
    logic.getParameterNode().quality = "thorough"
    assert logic.getParameterNode().quality == "thorough"
    scene.Clear(False)
    assert logic.getParameterNode().quality == "fast"

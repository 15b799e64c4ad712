import functools
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fake_pipeline
import nibabel as nib
import numpy as np
import pytest

from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.errors import Cancelled

FAKE = Path(fake_pipeline.__file__)


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.nii.gz"
    voxels = np.random.default_rng(1).uniform(1, 100, (12, 14, 16)).astype(np.float32)
    nib.Nifti1Image(voxels, np.diag([1.2, 1.2, 1.2, 1])).to_filename(path)
    return path


@pytest.fixture(autouse=True)
def fake(monkeypatch, tmp_path):
    """The fake detector, and a temporary folder of its own for logs."""
    modules = {}
    fake_pipeline.install(modules)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delenv("FAKE", raising=False)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return monkeypatch


def logs(tmp_path):
    return list((tmp_path / "temporary").iterdir())


def one_sentence(capfd):
    """What was said on standard error, nothing having been said on standard output."""
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_the_answer_is_one_line_with_verdict_and_folder(scan, tmp_path, capfd):
    assert main(["detect", str(scan), "--out", str(tmp_path / "out")]) == 0
    said = capfd.readouterr()
    assert said.out == f"Nothing stands out. {tmp_path / 'out'}\n"
    assert said.err == "Warning: The scanner is another one.\n"
    assert (tmp_path / "out" / "result.json").exists()
    assert logs(tmp_path) == []


def test_json_lines_follow_the_contract(scan, tmp_path, capfd):
    assert main(["detect", str(scan), "--out", str(tmp_path / "out"), "--progress", "json"]) == 0
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    progress = [line for line in lines if "stage" in line]
    assert [(line["stage"], line["done"], line["total"]) for line in progress] == [
        ("read", 0, 1),
        ("read", 1, 1),
        ("reconstruct", 1, 2),
        ("reconstruct", 2, 2),
        ("write", 0, 1),
        ("write", 1, 1),
    ]
    assert all(set(line) == {"stage", "done", "total", "seconds", "remaining"} for line in progress)
    assert [line["remaining"] for line in progress[2:4]] == [0.3, None]
    assert lines[len(progress) :] == [{"warning": "The scanner is another one."}, {"finished": str(tmp_path / "out")}]


@pytest.mark.filterwarnings("ignore:a library is worried")
def test_nothing_but_json_lines_on_standard_error_whoever_prints(scan, tmp_path, capfd, fake):
    fake.setenv("FAKE", "noisy")
    assert main(["detect", str(scan), "--out", str(tmp_path / "out"), "--progress=json"]) == 0
    said = capfd.readouterr()
    assert all(json.loads(line) for line in said.err.splitlines())
    assert said.out.count("\n") == 1
    os.write(2, b"afterwards it is itself again\n")
    assert capfd.readouterr().err == "afterwards it is itself again\n"


def test_without_slicers_libraries_a_warning_says_that_the_scene_is_missing(scan, tmp_path, capfd, fake):
    found = importlib.util.find_spec
    fake.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "slicer" else found(name, *rest))
    assert main(["detect", str(scan), "--out", str(tmp_path / "out")]) == 0
    assert "scene.mrb was left out" in capfd.readouterr().err


def test_without_progress_warnings_are_still_told(scan, tmp_path, capfd):
    assert main(["detect", str(scan), "--out", str(tmp_path / "out"), "--progress", "none"]) == 0
    assert capfd.readouterr().err == "Warning: The scanner is another one.\n"


def test_what_the_model_was_not_trained_on_ends_with_3_and_nothing_written(scan, tmp_path, capfd, fake):
    fake.setenv("FAKE", "alien")
    assert main(["detect", str(scan), "--out", str(tmp_path / "out")]) == 3
    assert one_sentence(capfd) == "This is a knee, and the model knows brains.\n"
    assert not (tmp_path / "out").exists()


def test_a_bug_ends_with_4_and_names_a_log_with_the_traceback(scan, tmp_path, capfd, fake):
    fake.setenv("FAKE", "wrong")
    assert main(["detect", str(scan), "--out", str(tmp_path / "out")]) == 4
    (log,) = logs(tmp_path)
    said = one_sentence(capfd)
    assert str(log) in said and "ZeroDivisionError" not in said
    assert "ZeroDivisionError: a bug that nobody thought of" in log.read_text()


def test_in_json_an_error_is_a_line_with_the_exit_code(scan, tmp_path, capfd, fake):
    fake.setenv("FAKE", "alien")
    assert main(["detect", str(scan), "--out", str(tmp_path / "out"), "--progress", "json"]) == 3
    last = json.loads(capfd.readouterr().err.splitlines()[-1])
    assert last == {"error": "This is a knee, and the model knows brains.", "exit": 3}


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled])
def test_a_cancelled_run_ends_with_130(scan, tmp_path, capfd, fake, error):
    def stop(volume, **how):
        raise error

    fake.setattr(sys.modules["MRIAnomalyLib.pipeline"], "detect", stop)
    assert main(["detect", str(scan), "--out", str(tmp_path / "out")]) == 130
    assert one_sentence(capfd).startswith("Cancelled")


def never(*args, **how):
    pytest.fail("work began")


@pytest.mark.parametrize(
    ("make", "options", "word"),
    [
        (lambda out: out.mkdir(), [], "exists"),
        (lambda out: out.write_text("a file"), ["--overwrite"], "file"),
        (lambda out: out.parent.joinpath("file").write_text(""), ["--out", "{folder}/file/out"], "written"),
        (lambda out: None, ["--only", "heatmap,smell"], "smell"),
        (lambda out: None, ["--steps", "0"], "below 1"),
        (lambda out: None, ["--false-alarms", "5"], "between 0 and 1"),
        (lambda out: None, ["--quality", "best"], "thorough"),
        (lambda out: None, ["--maps", "tiff"], "npy"),
        (lambda out: None, ["--colour", "red"], "--colour"),
        (lambda out: None, ["--dev", "cpu"], "--dev"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(scan, tmp_path, capfd, fake, make, options, word):
    fake.setattr("MRIAnomalyLib.files.reading.read_volume", never)
    (tmp_path / "inner").mkdir()
    out = tmp_path / "inner" / "out"
    make(out)
    before = sorted(tmp_path.rglob("*"))
    options = [option.format(folder=out.parent) for option in options]
    assert main(["detect", str(scan), "--out", str(out), *options]) == 2
    assert word in one_sentence(capfd)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be_written_is_said_before_any_work(scan, tmp_path, capfd, fake):
    fake.setattr("MRIAnomalyLib.files.reading.read_volume", never)
    (tmp_path / "locked").mkdir(mode=0o500)
    fake.setattr("os.access", lambda path, mode: "locked" not in str(path))  # the superuser, too, is refused here
    assert main(["detect", str(scan), "--out", str(tmp_path / "locked" / "out")]) == 2
    assert "locked" in one_sentence(capfd)


def test_maps_are_bare_arrays_where_they_are_asked_for(scan, tmp_path):
    assert main(["detect", str(scan), "--out", str(tmp_path / "out"), "--maps", "npy", "--only", "heatmap,result"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["heatmap.npy", "result.json"]
    assert np.load(tmp_path / "out" / "heatmap.npy").shape == (16, 14, 12)


def test_a_missing_input_ends_with_2(tmp_path, capfd):
    assert main(["detect", str(tmp_path / "nowhere.nii.gz"), "--out", str(tmp_path / "out")]) == 2
    assert "nowhere.nii.gz" in one_sentence(capfd)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_process_while_it_writes_leaves_nothing(scan, tmp_path, stop):
    inner = tmp_path / "inner"
    inner.mkdir()
    command = [sys.executable, str(FAKE), "detect", str(scan), "--out", str(inner / "out"), "--progress", "json"]
    environment = {**os.environ, "FAKE": "slow", "PYTHONPATH": str(FAKE.parent.parent)}
    # a shell starts background jobs with SIGINT ignored, and children inherit that
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, preexec_fn=heed, **pipes) as process:
        try:
            for line in process.stderr:
                if json.loads(line).get("stage") == "write":
                    break
            while process.poll() is None and not list(inner.glob("*/result.json")):
                time.sleep(0.01)
            process.send_signal(stop)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert json.loads(err) == {"error": "Cancelled; nothing half-written was left behind.", "exit": 130}
    assert out == ""
    assert list(inner.iterdir()) == []

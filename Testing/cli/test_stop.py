"""`--stop-with-input`: a job ends with the program that started it, whatever that program's end was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fake_pipeline
import numpy as np
import pytest
from results import make_result

FAKE = Path(fake_pipeline.__file__)


@pytest.fixture
def start(tmp_path):
    """Begin a detection whose standard input is a pipe; returns it when it computes."""
    volume = make_result((6, 20, 18)).volume
    np.savez(tmp_path / "input.npz", array=volume.array, affine=volume.affine)
    started = []

    def begin(mode, *options):
        environment = {
            **os.environ,
            "FAKE": mode,
            "FAKE_GO": str(tmp_path / "go"),
            "PYTHONPATH": os.pathsep.join(map(str, (FAKE.parent.parent, FAKE.parent))),
        }
        command = [sys.executable, str(FAKE), "detect", str(tmp_path / "input.npz"), "--out", str(tmp_path / "out"), "--progress=json"]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen([*command, *options], env=environment, **pipes)
        started.append(process)
        assert any(json.loads(line).get("stage") == "reconstruct" for line in process.stderr)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            stream.close()


def test_a_job_whose_input_closes_is_cancelled_and_leaves_nothing(start, tmp_path):
    process = start("waits", "--stop-with-input")
    process.stdin.close()
    assert process.wait(timeout=20) == 130
    assert json.loads(process.stderr.read()) == {"error": "Cancelled; nothing half-written was left behind.", "exit": 130}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["input.npz"]


def test_a_job_that_does_not_react_is_ended_all_the_same(start):
    process = start("stuck", "--stop-with-input")
    process.stdin.close()
    assert process.wait(timeout=20) == 130


def test_what_comes_in_does_not_stop_it(start, tmp_path):
    process = start("waits", "--stop-with-input")
    process.stdin.write(b"go on\n")
    process.stdin.flush()
    (tmp_path / "go").touch()
    assert process.wait(timeout=20) == 0
    process.stdin.close()


def test_without_the_option_a_closed_input_means_nothing(start, tmp_path):
    process = start("waits")
    process.stdin.close()
    (tmp_path / "go").touch()
    assert process.wait(timeout=20) == 0

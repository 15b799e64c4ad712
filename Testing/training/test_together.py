import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from fellow import gradients, student
from safetensors.torch import load_file
from taught import normals

from MRIAnomalyLib.training import together
from MRIAnomalyLib.training.draws import Draws
from MRIAnomalyLib.training.loop import CHECKPOINT

HERE = Path(__file__).parent
LIMIT_S = 500  # a hang is to end by its own timeout; this one is for the test


def free_ports():
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in (one, other)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two processes found, each with its half of every batch, and where they wrote."""
    folder, (port, other_port) = tmp_path_factory.mktemp("together"), free_ports()
    paths = os.pathsep.join(map(str, (HERE.parents[1], HERE.parent)))
    started = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "TORCHELASTIC_RUN_ID": "none", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(HERE / "fellow.py"), str(folder), other_port]
    running = [
        subprocess.Popen(command, env={**os.environ, **started, "PYTHONPATH": paths, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in (0, 1)
    ]
    try:
        codes = [process.wait(LIMIT_S) for process in running]
    finally:
        for process in running:
            process.kill()
    assert codes == [0, 0]
    return SimpleNamespace(folder=folder, found=[torch.load(folder / f"{rank}.pt") for rank in (0, 1)])


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The checkpoint of the same training by one process."""
    folder = tmp_path_factory.mktemp("alone")
    student().fit(normals(), checkpoint_folder=folder)
    return load_file(folder / CHECKPOINT)


def test_gradients_of_game_penalties_and_encoder_are_those_of_one_process(pair):
    for at, wanted in gradients().items():
        size = torch.cat([gradient.flatten() for gradient in wanted.values()] or [torch.zeros(1)]).norm()
        for found in pair.found:
            assert found["gradients"][at].keys() == wanted.keys()
            assert all((found["gradients"][at][key] - gradient).abs().max() <= 1e-5 * size for key, gradient in wanted.items()), at


def test_the_first_process_alone_writes_and_both_end_with_the_same_weights(pair):
    assert [found["finished"] for found in pair.found] == [True, True]
    assert sorted(path.name for path in pair.folder.iterdir()) == ["0.pt", "1.pt", "given up", "run 0"]
    one, other = (found["weights"] for found in pair.found)
    assert all(torch.equal(weight, other[key]) for key, weight in one.items())


def test_a_checkpoint_of_two_processes_is_that_of_one(pair, alone):
    both = load_file(pair.folder / "run 0" / CHECKPOINT)
    assert both.keys() == alone.keys()
    assert torch.equal(both["random"], alone["random"])
    assert both["module/augmentation/chance"] == alone["module/augmentation/chance"] > 0
    torch.testing.assert_close(both["module/path/mean"], alone["module/path/mean"], rtol=1e-2, atol=0)
    start = {f"module/{name}/{key}": value for name, net in student().modules().items() for key, value in net.state_dict().items()}
    for name in ("generator", "discriminator", "encoder"):
        keys = [key for key in start if key.startswith(f"module/{name}/") and key in alone and not key.endswith("centre")]
        moved, apart = (torch.cat([(old[key] - alone[key]).flatten() for key in keys]).norm() for old in (start, both))
        assert apart < 0.05 * moved


def test_one_process_goes_on_from_the_checkpoint_of_two(pair, tmp_path):
    told = []
    again, folder = student(encoder_steps=3), shutil.copytree(pair.folder / "run 0", tmp_path / "run")
    assert again.fit(normals(), checkpoint_folder=folder, resume=True, log=lambda *line: told.append(line[:2]))
    assert told == [(12, 12)]


def test_verdicts_losses_and_the_wish_to_stop_are_those_of_both(pair):
    for found in pair.found:
        assert found["chance"] == pytest.approx(0.4 - 4 * 20 / 1000)  # one is sure, the other is not
        assert found["losses"] == {"loss": 0.5}
        assert found["any"] == [True, False]


def test_what_cannot_be_shared_is_refused_in_plain_words(pair):
    for found in pair.found:
        uneven, differing, other = found["refused"]
        assert uneven == "A batch of 15 cannot be shared by 2 processes: set batch_size to a multiple of 2."
        assert differing.startswith("The processes differ in settings, slices or checkpoint")
        assert other == "The detector anogan is trained by one process only: start it without torchrun."


def test_a_process_that_is_waited_for_in_vain_is_given_up(pair):
    assert (pair.folder / "given up").exists()


def test_a_process_that_stands_alone_joins_nothing_and_keeps_all_rows():
    with together.joined("cuda") as device:
        assert device == "cuda"
    batch = torch.arange(5.0)
    assert together.processes() == 1
    assert together.is_first()
    assert together.own_rows(batch) is together.summed(batch) is batch
    one, other = (Draws(torch.Generator().manual_seed(0), "cpu", shared=shared) for shared in (False, True))
    assert torch.equal(one.normal(3, 2), other.normal(3, 2))


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("LOCAL_RANK", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with (
        pytest.raises(together.UsageError, match="2 GPUs for more processes: start torchrun with --nproc-per-node 2"),
        together.joined("cuda"),
    ):
        pass

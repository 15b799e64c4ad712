import json
import sys

import pytest
from fake_torch import GIB, fake_torch

from MRIAnomalyLib.cli.devices import devices
from MRIAnomalyLib.cli.main import main


@pytest.fixture
def with_torch(monkeypatch):
    return lambda torch: monkeypatch.setitem(sys.modules, "torch", torch)


def test_the_real_answer_here_ends_with_the_cpu_and_is_json(capfd):
    import torch

    assert main(["devices", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert set(said) == {"devices", "why_cpu", "torch"}
    assert said["devices"][-1]["device"] == "cpu"
    assert said["torch"] == torch.__version__
    assert (said["why_cpu"] is None) == (len(said["devices"]) > 1)


def test_gpus_come_first_with_their_memory(with_torch, capfd):
    with_torch(fake_torch([("Big", 20 * GIB, 24 * GIB), ("Busy", None, 8 * GIB)], cuda="12.6"))
    found = devices()
    assert found["devices"][:2] == [
        {"device": "cuda:0", "name": "Big", "free_gib": 20.0, "total_gib": 24.0},
        {"device": "cuda:1", "name": "Busy", "free_gib": None, "total_gib": 8.0},
    ]
    assert found["why_cpu"] is None
    assert main(["devices"]) == 0
    big, busy, cpu = capfd.readouterr().out.splitlines()
    assert big == "cuda:0: Big, 20.0 of 24.0 GiB free"
    assert busy == "cuda:1: Busy, unknown of 8.0 GiB free"
    assert cpu.startswith("cpu: ")


def test_an_apple_gpu_is_listed(with_torch):
    with_torch(fake_torch(mps=True))
    assert [device["device"] for device in devices()["devices"]] == ["mps", "cpu"]


@pytest.mark.parametrize(("cuda", "why"), [(None, "has no CUDA"), ("12.6", "no GPU that PyTorch can use")])
def test_it_is_said_why_only_the_cpu_computes(with_torch, capfd, cuda, why):
    with_torch(fake_torch(cuda=cuda))
    assert why in devices()["why_cpu"]
    assert main(["devices"]) == 0
    assert why in capfd.readouterr().out.splitlines()[-1]


def test_without_torch_that_is_the_answer(with_torch):
    with_torch(None)  # what Python then raises is a ModuleNotFoundError
    found = devices()
    assert (found["torch"], found["why_cpu"]) == (None, "PyTorch is not installed.")
    assert [device["device"] for device in found["devices"]] == ["cpu"]


def test_a_torch_that_does_not_load_is_told_from_a_missing_one(monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('a DLL was not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    found = devices()
    assert found["torch"] is None
    assert "install it again" in found["why_cpu"]

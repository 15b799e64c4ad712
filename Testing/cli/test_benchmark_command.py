import json

import numpy as np
import pytest
from taught import normals, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.cli import benchmark
from MRIAnomalyLib.cli.main import main


@pytest.fixture
def bundle(tmp_path):
    """An f-AnoGAN's, and a folder for tables."""
    detector = taught("fanogan").detector
    model = make_model("brain-t1-fanogan", detector="fanogan", config=detector.settings())
    save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {}, "None.")
    return tmp_path / model["name"], tmp_path / "tables"


def test_the_warm_start_of_a_search_is_measured_and_written(bundle, monkeypatch):
    folder, out = bundle
    monkeypatch.setattr(benchmark, "_slices", lambda bundle, count: normals(count))
    arguments = ["benchmark", "warm-start", "--model", str(folder), "--quick", "--out", str(out), "--device", "cpu", "--progress", "none"]
    assert main(arguments) == 0
    table = json.loads((out / "warm-start.json").read_text())
    assert (table["model"], table["slices"], table["subjects"]) == ("brain-t1-fanogan", 16, 0)
    assert len(table["search"]) == 6


def test_a_model_without_an_encoder_is_refused_in_words(tmp_path, capsys):
    assert main(["benchmark", "warm-start", "--model", "brain-t1-anogan", "--quick", "--out", str(tmp_path), "--progress", "none"]) != 0
    assert "has no encoder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_fewer_than_one_person_is_refused_in_words(tmp_path, capsys):
    assert main(["benchmark", "warm-start", "--model", "brain-t1-fanogan", "--people", "0", "--out", str(tmp_path)]) == 2
    assert "--people is 0; it must be 1 or more" in capsys.readouterr().err

"""The one-class tables, on pictures of bars."""

import json

import numpy as np
import pytest
from class_pictures import write_pictures

from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation import batchwise
from MRIAnomalyLib.evaluation.class_images import read_images
from MRIAnomalyLib.evaluation.image_sets import SETS
from MRIAnomalyLib.evaluation.one_class import BY_BATCH, ENTRANTS, PROTOCOLS, Run
from MRIAnomalyLib.evaluation.tables import one_class

MNIST = SETS["mnist"].classes


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(one_class, "user_folder", lambda: tmp_path / "own")
    monkeypatch.setattr("MRIAnomalyLib.training.adversarial.STATISTICS_BATCHES", 3)
    for name in ("mnist", "cifar10"):
        for part, first in (("train", 0), ("test", 100)):
            write_pictures(tmp_path / name / part, SETS[name].classes, 10, colour=SETS[name].colour, first=first)
    return tmp_path


def run(root, name, *more):
    where = ["--root", str(root / name), "--out", str(root / "tables"), "--device", "cpu", "--progress", "none"]
    return main(["benchmark", name, *where, *more])


def tables(root, name):
    return json.loads((root / "tables" / f"{name}.json").read_text())


def test_all_methods_score_by_both_protocols_and_a_second_run_trains_nothing(root, monkeypatch):
    assert run(root, "mnist", "--quick", "--class", "1", "--set", "width=4") == 0
    found = tables(root, "mnist")
    assert {(row["method"], row["protocol"]) for row in found["means"]} == {(a, b) for a in ENTRANTS for b in PROTOCOLS}
    for method, entrant in ENTRANTS.items():
        rows = found[f"{method}, one-anomalous"]
        assert [row["class"] for row in rows] == ["1"]
        assert all(row[f"{term} 95"][0] <= row[f"{term} 95"][1] for row in rows for term in entrant.scores)
    assert found["latent_regularised, one-normal"][0]["paper, latent"] == 0.985
    assert [row["class"] for row in found["trivial_scores"]] == ["1"]
    page = (root / "tables" / "mnist.md").read_text()
    assert "](mnist.png)" in page and (root / "tables" / "mnist.png").read_bytes().startswith(b"\x89PNG")
    assert "aim: a mean AUROC of 0.95 with one class normal" in page and "quick: True" in page

    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    assert run(root, "mnist", "--quick", "--class", "1", "--set", "width=4", "--resume") == 0
    assert tables(root, "mnist") == found


def test_losses_are_left_out_in_turn_with_the_papers_figures_beside(root):
    options = ["--quick", "--detector", "latent_regularised", "--protocol", "one-normal", "--ablation", "--split", "validation"]
    assert run(root, "cifar10", *options) == 0
    found = tables(root, "cifar10-ablation-validation")
    assert [row["paper, latent"] for row in found["losses"]] == [0.797, 0.478, 0.532, 0.514]
    assert [BY_BATCH in row and "latent" in row for row in found["losses"]] == [True, True, False, False]
    assert found["settings"][0]["sees"] == "colours"
    assert "held out of the training folder" in found["conditions"]["looked at"]


def test_the_other_protocol_alone_gets_a_page_of_its_own(root):
    options = ["--quick", "--detector", "latent_regularised", "--protocol", "one-anomalous", "--class", "1", "--set", "width=4"]
    assert run(root, "mnist", *options) == 0
    assert [row["protocol"] for row in tables(root, "mnist-one-anomalous")["means"]] == ["one-anomalous"] * 3
    assert not (root / "tables" / "mnist.json").exists()


def test_a_network_that_learned_one_class_finds_the_others_strange(root):
    """The pictures differ only in where their bar lies; chance is 0.5."""
    short = ["--detector", "latent_regularised", "--protocol", "one-normal", "--class", "0", "--steps", "150"]
    small = ["--set", "latent_dim=4", "--set", "width=8", "--set", "batch_size=16", "--set", "learning_rate=0.002"]
    assert run(root, "mnist", *short, *small) == 0
    areas = {row["score"]: row["mean auroc"] for row in tables(root, "mnist")["means"]}
    assert areas["pixel"] > 0.9


def test_what_is_normal_follows_from_the_protocol():
    label = np.array([0, 1, 2, 1])
    alone, besides = (Run(ENTRANTS["denoiser"], protocol, 1, 0).strange(label).tolist() for protocol in PROTOCOLS)
    assert (alone, besides) == ([True, False, True, False], [False, True, False, True])


def test_scores_by_batch_depend_on_the_others_and_leave_the_network_as_it_is(root):
    stack = read_images(root / "mnist" / "test", MNIST).stack(colour=False)
    detector = Run(ENTRANTS["latent_regularised"], "one-normal", 0, 0, {"width": 4}).begun(SETS["mnist"])
    before = {name: value.clone() for name, value in detector.network.state_dict().items()}
    by_batch = batchwise.latent_by_batch(detector, stack, "cpu")
    again = batchwise.latent_by_batch(detector, stack.take(np.arange(40)), "cpu")
    assert by_batch.shape == (100,) and not np.allclose(by_batch[:40], again)
    assert all(bool((value == before[name]).all()) for name, value in detector.network.state_dict().items())


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--detector", "vae", "There is no method vae in this table"),
        ("--protocol", "both", "There is no protocol both in this table"),
        ("--class", "cat", "There is no class cat in this table"),
        ("--set", "depth=3", "None of the methods has a setting depth"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_read(tmp_path, capsys, option, value, sentence):
    assert run(tmp_path, "mnist", option, value) == 2
    assert sentence in capsys.readouterr().err

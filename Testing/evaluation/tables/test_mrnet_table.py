"""The tables of the knee study, on knees made of cylinders."""

import json

import numpy as np
import pytest
from mrnet_folder import write_folder

from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation.mrnet_study import Exams
from MRIAnomalyLib.evaluation.tables import mrnet
from MRIAnomalyLib.records import SliceStack


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("MRNet")
    write_folder(root, valid=(2, 2), findings=("abnormal", "acl", "meniscus"))
    return root


def test_six_experiments_are_made_with_a_figure_and_a_second_run_trains_nothing(root, tmp_path, monkeypatch):
    monkeypatch.setattr(mrnet, "user_folder", lambda: tmp_path / "own")
    monkeypatch.setattr("MRIAnomalyLib.training.adversarial.STATISTICS_BATCHES", 2)
    where = ["--root", str(root), "--out", str(tmp_path / "tables"), "--device", "cpu", "--progress", "none"]
    assert main(["benchmark", "mrnet", *where, "--quick", "--set", "pool=4"]) == 0
    found = json.loads((tmp_path / "tables" / "mrnet.json").read_text())
    rows = found["experiments"]
    assert {(row["plane"], row["finding"]) for row in rows} == {
        (plane, finding) for plane in ("axial PD", "sagittal T2", "coronal T1") for finding in ("acl", "meniscus")
    }
    assert {(row["normal exams"], row["exams with it"], row["left out"]) for row in rows} == {(2, 2, 0)}
    assert [row["in the study"] for row in rows if (row["plane"], row["finding"]) == ("coronal T1", "acl")] == [3000]
    assert (tmp_path / "tables" / "mrnet.png").stat().st_size > 1000
    page = (tmp_path / "tables" / "mrnet.md").read_text()
    assert "](mrnet.png)" in page and "no area" in page and "quick: True" in page

    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    assert main(["benchmark", "mrnet", *where, "--quick", "--set", "pool=4", "--resume"]) == 0
    assert json.loads((tmp_path / "tables" / "mrnet.json").read_text()) == found


def test_an_exam_is_scored_by_its_own_slices():
    blank = np.zeros((5, 1, 2, 2), np.float32)
    seen = Exams(SliceStack(blank, blank > 0, np.zeros(5, int), np.array([0, 0, 0, 1, 1])), ["normal", "abnormal acl"], 0)
    score = np.array([1.0, 2.0, 3.0, 5.0, 9.0])
    assert mrnet.exam_scores(seen, score, np.mean).tolist() == [2, 7]
    assert mrnet.exam_scores(seen, score, np.max).tolist() == [3, 9]


def test_what_is_not_mrnet_is_refused(tmp_path, capsys):
    assert main(["benchmark", "mrnet", "--root", str(tmp_path), "--progress", "none"]) == 2
    assert "train-abnormal.csv cannot be read" in capsys.readouterr().err

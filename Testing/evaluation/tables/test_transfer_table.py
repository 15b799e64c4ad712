import csv
import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from taught import normals, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation.cohorts import write_slices
from MRIAnomalyLib.evaluation.metrics import crossed_interval
from MRIAnomalyLib.evaluation.tables.transfer import rows_of
from MRIAnomalyLib.evaluation.trials import SCRATCH, Found

FAST = {"anogan": {"fast_steps": 5, "pool": 20}}


def test_a_gain_is_above_nothing_where_the_error_is_lower_and_the_area_larger():
    found = [
        (("flair", "m", 25, way), seed, Found([error + 0.01 * seed, error], [area, area]))
        for way, error, area in ((SCRATCH, 0.5, 0.6), ("from the bundle", 0.2, 0.9))
        for seed in range(3)
    ]
    tables = rows_of(found)
    (row,) = tables["gained"]
    assert row == {
        **{"cohort": "flair", "model": "m", "slices": 25, "way": "from the bundle"},
        **{"error": 0.3, "error_95": [0.3, 0.3], "auroc": 0.3, "auroc_95": [0.3, 0.3]},
    }
    assert [(one["way"], one["error"], one["auroc"]) for one in tables["reached"]] == [
        (SCRATCH, 0.505, 0.6),
        ("from the bundle", 0.205, 0.9),
    ]


def test_the_interval_holds_the_mean_and_is_wider_where_people_or_runs_differ():
    alike = np.full((3, 8), 0.4)
    assert crossed_interval(alike) == pytest.approx((0.4, 0.4))
    for differing in (alike + np.linspace(-0.1, 0.1, 8), alike + np.linspace(-0.1, 0.1, 3)[:, None]):
        low, high = crossed_interval(differing)
        assert 0.3 <= low < 0.4 - 0.01 and 0.4 + 0.01 < high <= 0.5


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Two bundles to start from, a folder of prepared slices, and outlines of lesions."""
    monkeypatch.setattr("MRIAnomalyLib.evaluation.tables.transfer.user_folder", lambda: tmp_path / "own")
    for name in ("anogan", "denoiser"):
        detector = taught(name).detector
        model = make_model(f"brain-t1-{name}", detector=name, config={**detector.settings(), **FAST.get(name, {})})
        save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {}, "None.")
    (tmp_path / "knees").mkdir()
    for split, seed in (("train", 5), ("validation", 6)):
        write_slices(tmp_path / "knees" / f"{split}.npz", replace(normals(9, seed), subject=np.arange(9) // 3))
    (tmp_path / "soop_lesion_masks").mkdir()
    mask = np.zeros((60, 60, 3), np.uint8)
    mask[20:50, 20:44, 1] = 1
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "soop_lesion_masks" / "m.nii.gz")
    rows = "\n".join(["mask,lesion_volume_ml", *["m.nii.gz,10"] * 200])
    (tmp_path / "soop_lesion_masks" / "cases.csv").write_text(rows)
    return tmp_path


def arguments(place, *more):
    models = ",".join(str(place / f"brain-t1-{name}") for name in ("anogan", "denoiser"))
    what = ["--root", str(place), "--model", models, "--target", str(place / "knees"), "--out", str(place / "tables"), "--quick"]
    return [
        "benchmark",
        "transfer",
        *what,
        "--seeds",
        "1",
        "--device",
        "cpu",
        "--set",
        "mirror=true",
        "--set",
        "pool=10",
        "--progress",
        "none",
        *more,
    ]


def test_the_tables_and_the_picture_are_written_and_a_second_run_trains_nothing(place, monkeypatch):
    monkeypatch.setattr("MRIAnomalyLib.training.adversarial.STATISTICS_BATCHES", 3)
    assert main(arguments(place)) == 0
    out = place / "tables"
    tables = json.loads((out / "transfer.json").read_text())
    assert [(row["model"], row["slices"], row["way"]) for row in tables["gained"]] == [
        (f"brain-t1-{name}", slices, way)
        for name, ways in (("anogan", ("from the bundle", "from the bundle, 2 layers frozen")), ("denoiser", ("from the bundle",)))
        for slices in (4, 8)
        for way in ways
    ]
    assert tables["command"].endswith("--target knees --slices 4,8 --steps 3 --seeds 1 --set mirror=True --set pool=10")
    assert tables["cohorts"][0] == {
        **{"cohort": "knees", "model": "brain-t1-anogan", "people to learn from": 3, "their slices": 9},
        **{"people looked at": 3, "slices of them": 9},
    }
    assert "left_out" not in tables
    assert tables["conditions"]["quick"] is True
    rows = list(csv.DictReader((out / "transfer.csv").open()))
    assert len(rows) == 2 * (3 + 2)
    page = (out / "transfer.md").read_text()
    assert "| knees | brain-t1-denoiser | 8 | from the bundle |" in page
    assert "](transfer.png)" in page
    assert (out / "transfer.png").read_bytes()[:4] == b"\x89PNG"

    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    assert main(arguments(place, "--resume")) == 0
    assert json.loads((out / "transfer.json").read_text()) == tables


def test_a_bundle_that_does_not_fit_the_slices_is_refused_before_anything_is_trained(place, capsys, monkeypatch):
    monkeypatch.setattr("MRIAnomalyLib.detectors.base.Detector.fit", None)
    for split in ("train", "validation"):
        write_slices(
            place / "knees" / f"{split}.npz",
            replace(normals(4), pixels=np.zeros((4, 1, 32, 32), np.float32), mask=np.ones((4, 1, 32, 32), bool)),
        )
    assert main(arguments(place)) == 2
    assert "was learned from slices of 16 pixels, these are to have 32" in capsys.readouterr().err


def test_a_cohort_that_one_bundle_does_not_fit_is_left_out_for_that_bundle_alone_and_the_tables_say_why(place, monkeypatch):
    monkeypatch.setattr("MRIAnomalyLib.training.adversarial.STATISTICS_BATCHES", 3)
    # the denoiser's network looks at the other side too, the generator does not
    assert main(arguments(place, "--set", "mirror=false", "--slices", "4")) == 0
    tables = json.loads((place / "tables" / "transfer.json").read_text())
    assert {row["model"] for row in tables["reached"]} == {"brain-t1-anogan"}
    assert {row["slices"] for row in tables["reached"]} == {4}
    (row,) = tables["left_out"]
    assert (row["cohort"], row["model"]) == ("knees", "brain-t1-denoiser")
    assert "must keep its mirror of True" in row["why"]


def test_a_setting_that_no_model_has_is_refused(place, capsys):
    assert main(arguments(place, "--set", "depth=3")) == 2
    assert "None of the methods has a setting depth" in capsys.readouterr().err

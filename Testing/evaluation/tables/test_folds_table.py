import json
from dataclasses import replace

import numpy as np
import pytest
from taught import normals, planted, taught
from tiny_bundle import make_model

from MRIAnomalyLib.bundles.bundle import save_bundle
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation import flair
from MRIAnomalyLib.evaluation.scans import Scan
from MRIAnomalyLib.evaluation.tables import folds as table
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.records import Prepared

FREE, SICK = 50, 10


def case(number):
    return Case(id=str(number), subject=str(number), image=None, healthy=number < FREE)


def scan_of(case, recipe, steps):
    """A small slice of each person; those with a lesion have a bright blob."""
    steps.one()
    number = int(case.id)
    stack = replace(normals(1, seed=100 + number), level=np.zeros(1, int))
    truth = np.zeros_like(stack.mask[:, 0])
    if not case.healthy:
        stack, truth[:, 5:7, 4:7] = planted(stack, 1.0), True
    nowhere, tone = np.eye(4), (np.ones(2), np.ones(2))
    prepared = Prepared(stack, nowhere, nowhere, stack.pixels, tone, {}, (0, 0))
    return Scan(case, prepared, None if case.healthy else truth & stack.mask[:, 0])


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "user_folder", lambda: tmp_path / "own")
    monkeypatch.setattr(flair, "flair", lambda root, split: [case(number) for number in range(FREE + SICK)] if split == "test" else [])
    monkeypatch.setattr(flair, "scan_of_level", scan_of)
    monkeypatch.setattr(flair, "lesion_mm2", lambda case: 0 if case.healthy else 100)
    detector = taught("denoiser").detector
    recipe = {"size_px": 16, "sequence": "FLAIR"}
    model = make_model("brain-flair-denoiser", detector="denoiser", config=detector.settings(), recipe=recipe)
    save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {}, "None.")
    return tmp_path


def run(place, *more):
    named = str(place / "brain-flair-denoiser")
    return main(["benchmark", "folds", "--root", str(place), "--model", named, "--out", str(place), "--progress", "none", *more])


def tables(place):
    return json.loads((place / "flair-folds.json").read_text())


def test_all_people_stand_in_the_table_and_each_fold_in_a_row_of_its_own(place):
    assert run(place, "--set", "steps=60", "--set", "batch_size=8") == 0
    found = tables(place)
    rows = {row["map"]: row for row in found["found"]}
    assert rows["evidence"]["AUROC, any lesion"] > 0.8
    assert rows["evidence"]["pixel_ap"] > 3 * rows["evidence"]["prevalence"]
    assert rows["evidence"]["flagged with lesion"].endswith(f" of {SICK}")
    assert [row["fold"] for row in found["by_fold"]] == [1, 2, 3, 4, 5]
    assert {row["flagged without lesion"].split()[-1] for row in found["by_fold"]} == {"10"}
    assert found["models"][0]["starts from"] == "nothing"
    assert "steps 60" in found["models"][0]["steps"]
    page = (place / "flair-folds.md").read_text()
    assert "benchmark folds --root DATA --model brain-flair-denoiser --set steps=60" in page
    assert "Beyond atlas and asymmetry by paired draws: brain-flair-denoiser in" in page
    assert run(place, "--set", "steps=60", "--set", "batch_size=8", "--resume") == 0
    assert tables(place) == found


def row(model, low, value=0.1):
    return {"A": model, "B": "atlas and asymmetry", **{k: v for n in table.JUDGED for k, v in ((n, value), (f"{n}_95", [low, 0.2]))}}


def test_a_model_is_beyond_the_map_without_one_only_where_the_whole_interval_is():
    told = table.beyond_told([row("good", 0.01), row("even", -0.01), {**row("good", 0.01), "B": "intensity"}])
    assert "good in pixel_ap, best_dice, AUROC, any lesion; its AP +0.100 (+0.010 to +0.200)" in told
    assert "even in nothing" in told
    assert told.count("good in") == 1


def test_a_setting_that_no_method_has_is_refused_at_once(place, capsys):
    assert run(place, "--set", "nonsense=1") == 2
    assert "nonsense" in capsys.readouterr().err
    assert not (place / "own").exists()

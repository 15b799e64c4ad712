import json

import pytest

from MRIAnomalyLib.errors import InputError, UsageError
from MRIAnomalyLib.evaluation.join import join, joined


def deciding(model, ap):
    figures = {f"{kind}_{name}": ap for kind in ("dark", "bright") for name in ("ap", "best_dice", "volume_auroc")}
    people = {"other_scanners_flagged": "1 of 18", "other_scanners_refused": 0, "patient19_flagged": "1 of 1"}
    return {"model": model, "map": "evidence", "pixel_ap": ap, **figures, **people}


def run(*models, ap=0.5, split="test", **more):
    """The tables of a run, as far as they matter here."""
    free = f"none, calibration of {models[0]}"
    maps = [{"model": who, "map": name, "ap": ap} for who, name in ((free, "intensity"), *((model, "evidence") for model in models))]
    return {
        "command": f"mrianomaly benchmark brain --model {','.join(models)}",
        "conditions": {"aims": "", "split": split, "quick": False, "outline_seed": 7},
        "deciding": [deciding(model, ap) for model in models],
        "compared": [
            {"A": model, "B": "intensity", "lesion": "dark", "pixel_ap": ap, "pixel_ap_95": [0, 1], "pixel_ap_not_better": 0}
            for model in models
        ],
        "models": [{"model": model, "weights_sha256": str(ap)} for model in models],
        "semi_synthetic": maps,
        "patients": maps,
        "trivial_scores": [{"score": "mean intensity", "auroc": ap, "confounded": "no"}],
        **more,
    }


def test_a_models_rows_take_the_place_of_its_former_ones_and_the_others_stay():
    tables = joined(run("a", "b", ap=0.4), run("b", ap=0.6))
    assert [(row["model"], row["pixel_ap"]) for row in tables["deciding"]] == [("b", 0.6), ("a", 0.4)]
    assert [(row["model"], row["ap"]) for row in tables["semi_synthetic"]] == [
        ("none, calibration of a", 0.4),
        ("a", 0.4),
        ("none, calibration of b", 0.6),
        ("b", 0.6),
    ]
    assert [(row["A"], row["pixel_ap"]) for row in tables["compared"]] == [("a", 0.4), ("b", 0.6)]
    assert tables["trivial_scores"][0]["auroc"] == 0.4


def test_joining_twice_changes_nothing_more():
    once = joined(run("a", ap=0.4), run("b", ap=0.6))
    assert joined(once, run("b", ap=0.6)) == once


def test_the_page_says_which_model_had_a_run_of_its_own_and_what_is_reached_now():
    told = joined(run("a", ap=0.4), run("b", ap=0.95))["conditions"]
    assert "`benchmark brain --model b`" in told["b"]
    assert "a" not in told
    assert told["aims"].startswith("b reaches pixel AP of dark lesions 0.95")


def test_runs_on_other_people_are_not_joined():
    with pytest.raises(UsageError, match="differ in split: test and validation"):
        joined(run("a"), run("b", split="validation"))


def test_json_csv_and_page_are_written_anew_with_the_maps_that_decide(tmp_path):
    for name, tables in (("brain", run("a", ap=0.4)), ("run", run("b", ap=0.6))):
        (tmp_path / f"{name}.json").write_text(json.dumps(tables))
    join(tmp_path / "brain.json", tmp_path / "run.json")
    assert len(json.loads((tmp_path / "brain.json").read_text())["semi_synthetic"]) == 4
    page = (tmp_path / "brain.md").read_text()
    assert "| none, calibration of a | intensity |" not in page and "| b | evidence | 0.6 |" in page
    assert (tmp_path / "brain.csv").read_text().splitlines()[1].startswith("b,evidence,0.6")


def test_a_file_that_holds_no_tables_is_refused(tmp_path):
    (tmp_path / "brain.json").write_text("{}")
    with pytest.raises(InputError, match="give their JSON files"):
        join(tmp_path / "brain.json", tmp_path / "brain.json")

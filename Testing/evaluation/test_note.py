"""Figures of a table written into a bundle."""

import json

import pytest
from tiny_bundle import make_bundle

from MRIAnomalyLib.bundles.bundle import open_bundle, verify
from MRIAnomalyLib.bundles.loading import best_of
from MRIAnomalyLib.errors import InputError, UsageError
from MRIAnomalyLib.evaluation.note import note
from MRIAnomalyLib.evaluation.page import write_tables


def table_of(folder, bundle, conditions=(), **changes):
    files = bundle.model["files"]
    own = {f"{name}_sha256": files[f"{name}.safetensors"] for name in ("weights", "calibration")}
    tables = {
        "conditions": {"split": "validation", "quick": False, **dict(conditions)},
        "deciding": [
            {"model": bundle.name, "map": "evidence", "pixel_ap": 0.616, "dark_ap": 0.708, "dark_ap_95": [0.668, 0.75]},
            {"model": "brain-t1-other", "map": "evidence", "pixel_ap": 0.5, "dark_ap": 0.5, "dark_ap_95": [0.4, 0.6]},
            {"model": "none", "map": "atlas and asymmetry", "pixel_ap": 0.46, "dark_ap": 0.572, "dark_ap_95": [0.5, 0.6]},
        ],
        "models": [{"model": "brain-t1-other", "weights_sha256": "x", "calibration_sha256": "x"}, {"model": bundle.name, **own, **changes}],
        "other_scanners": [
            {"model": bundle.name, "site": "there", "flagged": 1},
            {"model": "brain-t1-other", "site": "there", "flagged": 8},
        ],
    }
    write_tables(folder, "table", "Tables", "mrianomaly benchmark brain", tables)
    return folder / "table.json"


def test_the_figures_that_decided_stand_in_the_bundle_and_on_its_card_and_nothing_else_changes(tmp_path):
    before = make_bundle(tmp_path / "bundle")
    note(before, table_of(tmp_path, before))
    after = open_bundle(tmp_path / "bundle")
    verify(after)
    assert after.model["validation"] == {"pixel_ap": 0.616, "split": "validation", "made_by": "mrianomaly benchmark brain"}
    card = after.text("card.md")
    assert "Made by `mrianomaly benchmark brain`" in card
    assert "| figure | evidence (brain-t1-anogan) | atlas and asymmetry (none) |" in card
    assert "| dark_ap_95 | 0.668 to 0.75 | 0.5 to 0.6 |" in card
    assert "brain-t1-other" not in card
    assert "### Other scanners\n\n| site | flagged |\n| --- | --- |\n| there | 1 |" in card
    changed = {name for name, sha256 in after.model["files"].items() if before.model["files"][name] != sha256}
    assert changed == {"card.md"}


def test_a_table_explains_its_own_columns_where_they_mean_something_else(tmp_path):
    bundle = make_bundle(tmp_path / "bundle")
    note(bundle, table_of(tmp_path, bundle, {"legend": "auroc: of pixels."}))
    card = open_bundle(tmp_path / "bundle").text("card.md")
    assert "auroc: of pixels." in card
    assert "false alarms" not in card


def test_the_bundle_with_the_better_figures_is_the_one_that_auto_takes(tmp_path):
    several = [make_bundle(tmp_path / name) for name in ("first", "second")]
    for bundle, pixel_ap in zip(several, (0.4, 0.6), strict=True):
        path = table_of(tmp_path, bundle)
        tables = json.loads(path.read_text())
        tables["deciding"][0]["pixel_ap"] = pixel_ap
        path.write_text(json.dumps(tables))
        note(bundle, path)
    assert best_of([open_bundle(bundle.folder) for bundle in several]).folder == several[1].folder


@pytest.mark.parametrize(
    ("conditions", "changes", "said"),
    [
        ({}, {"weights_sha256": "0"}, "other weights or another calibration"),
        ({}, {"calibration_sha256": "0"}, "other weights or another calibration"),
        ({"split": "test"}, {}, "not a whole table of validation subjects"),
        ({"quick": True}, {}, "not a whole table of validation subjects"),
    ],
)
def test_a_table_that_does_not_decide_is_refused_and_the_bundle_stays(tmp_path, conditions, changes, said):
    bundle = make_bundle(tmp_path / "bundle")
    with pytest.raises(UsageError, match=said):
        note(bundle, table_of(tmp_path, bundle, conditions, **changes))
    assert open_bundle(tmp_path / "bundle").model == bundle.model


def test_another_file_is_refused(tmp_path):
    (tmp_path / "speed.json").write_text("{}")
    with pytest.raises(InputError, match="not a benchmark's table that decides"):
        note(make_bundle(tmp_path / "bundle"), tmp_path / "speed.json")

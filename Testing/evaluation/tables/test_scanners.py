"""The table of simulated scanners, of heads whose fate is known."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_answers import NOISE, Model, bundle, prepared, slices

from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.errors import NotComparableError
from MRIAnomalyLib.evaluation.lesions import Head
from MRIAnomalyLib.evaluation.tables import scanners
from MRIAnomalyLib.evaluation.tables.scanner_rows import AFTER, BEFORE, UNCHANGED, Found, rows_of
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.prepare.recipe import Recipe


def said(flagged, warned=False, beyond=0.5):
    return {"flagged": flagged, "warned": warned, "beyond": beyond}


def found(person, change="noise", strength="strong", before=True, after=False, **more):
    return Found(change, strength, person, False, {BEFORE: said(before, **more), AFTER: said(after, **more)})


def test_alarms_are_counted_by_change_and_preparation_with_those_that_came_with_a_warning_apart():
    rows = rows_of([found("a"), found("b", warned=True), Found("noise", "strong", "c", True, {})])["alarms"]
    before, after = rows
    assert (before["standardisation"], before["volumes"], before["flagged"], before["warned"], before["refused"]) == (BEFORE, 3, 2, 1, 1)
    assert (before["flagged_without_warning"], after["flagged"]) == (1, 0)
    low, high = before["flagged_share_exact"]
    assert low < 2 / 3 < high
    assert after["flagged_share_exact"][0] == 0
    assert before["beyond_3"] == 0.5  # of those two of whom something is known


def test_what_is_spared_is_told_within_people_and_leaves_unchanged_heads_out():
    people = [found(who, change, strength) for who in "abc" for change, strength in (("noise", "mild"), ("noise", "strong"), UNCHANGED)]
    rows = rows_of([*people, found("a", "ghosting", after=True)])["spared"]
    assert [(row["strength"], row["volumes"]) for row in rows] == [("mild", 3), ("strong", 4)]
    assert (rows[0]["spared"], rows[0]["spared_95"]) == (1.0, [1.0, 1.0])
    assert rows[1]["spared"] == pytest.approx((0.5 + 1 + 1) / 3, abs=1e-3)
    low, high = rows[1]["spared_95"]
    assert low < rows[1]["spared"] < high


@pytest.fixture
def model(monkeypatch):
    """One that takes a head twice as bright as it came for one with a lesion, and how it is asked."""
    good = Model(spread=NOISE)
    monkeypatch.setattr(scanners, "head_of", lambda case: Head(np.ones((2, 2, 2)), np.eye(4), np.ones((2, 2, 2), bool)))
    monkeypatch.setattr(scanners, "simulated", lambda head, *what: Head(2 * head.array, head.affine, head.mask))
    monkeypatch.setattr(scanners, "place_brain", lambda array, *where: array.max())
    monkeypatch.setattr(scanners, "standardise", lambda placed, recipe: prepared(slices(3, change=placed - 1)))
    one = scanners.Preparation(Recipe(), good.calibration, lambda scan: good.see(scan.case, scan.prepared.stack))
    return {BEFORE: one, AFTER: one}


def test_a_head_is_judged_under_each_preparation_as_it_came_and_as_it_was_changed(model):
    case = Case(id="a", subject="a", image=Path("a"))
    plain, changed = (scanners.look(case, *what, bundle(), model) for what in (UNCHANGED, ("noise", "strong")))
    assert [plain["answers"][name]["flagged"] for name in (BEFORE, AFTER)] == [False, False]
    assert changed["answers"][AFTER]["flagged"]
    assert changed["answers"][AFTER]["beyond"] > plain["answers"][AFTER]["beyond"]
    assert not changed["refused"]


def test_a_head_that_does_not_fit_the_template_counts_as_refused(model, monkeypatch):
    def lost(*head):
        raise NotComparableError("lost")

    monkeypatch.setattr(scanners, "place_brain", lost)
    case = Case(id="a", subject="a", image=Path("a"))
    assert scanners.look(case, "noise", "mild", bundle(), model) == {"refused": True, "answers": {}}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Every head that is looked at; nobody is prepared."""
    looked = []
    (tmp_path / "scan").write_bytes(b"scan")
    people = [Case(id=who, subject=who, image=tmp_path / "scan") for who in "abcdefghijk"]
    monkeypatch.setattr(scanners, "choose_bundle", bundle)
    monkeypatch.setattr(scanners, "version", lambda: "1.2")
    monkeypatch.setattr(scanners, "user_folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(scanners.sets, "healthy", lambda root, split: people)
    monkeypatch.setattr(scanners, "preparations_of", lambda *what: {})

    def look(case, change, strength, *model):
        looked.append((case.id, change, strength))
        return {"refused": False, "answers": {name: said(strength == "strong" and name == BEFORE) for name in (BEFORE, AFTER)}}

    monkeypatch.setattr(scanners, "look", look)
    return looked


def test_every_change_is_tried_on_everyone_and_a_resumed_run_asks_only_what_is_missing(asked, tmp_path):
    scanners.scanner_table(tmp_path, tmp_path / "out", model="brain-t1-anogan", people=2)
    assert len(asked) == len(set(asked)) == 2 * 11
    scanners.scanner_table(tmp_path, tmp_path / "out", model="brain-t1-anogan", people=3, resume=True)
    assert len(asked) == 3 * 11
    tables = json.loads((tmp_path / "out" / "scanners.json").read_text())
    assert list(tables)[:4] == ["command", "conditions", "spared", "alarms"]
    assert [row["spared"] for row in tables["spared"]] == [0, 1]
    page = (tmp_path / "out" / "scanners.md").read_text()
    assert "--model brain-t1-anogan --split validation --people 3`" in page
    with Image.open(tmp_path / "out" / "scanners.png") as picture:
        assert picture.width > picture.height
    assert (tmp_path / "out" / "scanners.png").stat().st_size < 40_000


def test_quick_looks_at_three_people_and_strong_changes(asked, tmp_path):
    scanners.scanner_table(tmp_path, tmp_path / "out", model="brain-t1-anogan", quick=True)
    assert len(asked) == 3 * 6
    assert {strength for *_, strength in asked} == {"none", "strong"}


@pytest.mark.parametrize(("model", "why"), [("brain-flair-denoiser", "not for T1 scans"), ("brain-t1-denoiser", "pip install")])
def test_a_model_for_other_scans_and_a_missing_package_are_told_in_words(tmp_path, capsys, monkeypatch, model, why):
    monkeypatch.setitem(sys.modules, "torchio", None)
    arguments = ["benchmark", "scanners", "--root", str(tmp_path), "--model", model, "--out", str(tmp_path), "--progress", "none"]
    assert main(arguments) == 2
    assert why in capsys.readouterr().err
    assert not list(tmp_path.iterdir())

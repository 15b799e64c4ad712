import json
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from small_answers import LESION, Model, bundle, slices

from MRIAnomalyLib.calibration.evidence import EvidenceConfig
from MRIAnomalyLib.cli.main import main
from MRIAnomalyLib.evaluation.bootstrap import Figure
from MRIAnomalyLib.evaluation.scans import KINDS
from MRIAnomalyLib.evaluation.shown import Looks, Shown
from MRIAnomalyLib.evaluation.tables import evidence, evidence_painted, evidence_strokes
from MRIAnomalyLib.evaluation.tables.evidence_painted import Painted
from MRIAnomalyLib.evaluation.variants import Variant, evidence_by
from MRIAnomalyLib.files.cases import Case

BLIND, KEEN = Model(blur=1.0), Model()


@pytest.fixture
def small(monkeypatch, root, tmp_path):
    """A model that sees lesions in the mirror only, and small brains for real ones."""

    def volumes_of(case, outline, recipe, folder, resume, steps):
        number = sum(map(ord, case.subject))
        kinds = {"untouched": 0.0} | (KINDS if outline else {})
        return {kind: Shown(case.subject, slices(number, change), np.array(LESION) & bool(change)) for kind, change in kinds.items()}

    def looker(*about):
        return lambda shown: Looks(BLIND.redraw(shown.stack), KEEN.redraw(shown.stack))

    monkeypatch.setattr(evidence_painted, "volumes_of", volumes_of)
    for name, double in {
        "looker": looker,
        "choose_bundle": bundle,
        "load_detector": lambda bundle: SimpleNamespace(both_sides=False),
        "calibration_of": lambda bundle: SimpleNamespace(config=EvidenceConfig(silent=("atlas", "asymmetry"))),
    }.items():
        monkeypatch.setattr(evidence, name, double)
    return partial(evidence.evidence_tables, root, tmp_path / "tables", device="cpu")


def test_what_helps_both_kinds_of_lesions_is_told_apart_from_chance(small):
    out = small(["brain-t1-one"])
    tables = json.loads((out / "evidence.json").read_text())
    clear = {row["variant"]: row for row in tables["clear_differences"]}
    assert clear["mirror image redrawn, too"]["pixel_ap"] == "better"
    assert "shipped" not in clear
    assert _differences(tables)["slice score: mean"].keys() == {"model", "variant", "dark_slice_auroc", "bright_slice_auroc"}
    rows = {row["variant"]: row for row in tables["figures"]}
    value, low, high = rows["shipped"]["dark_pixel_ap"]
    assert 0 <= low <= value <= high <= 1
    difference, mirrored = (table["mirror image redrawn, too"]["dark_pixel_ap"][0] for table in (_differences(tables), rows))
    assert difference == pytest.approx(mirrored - value, abs=2e-3)
    assert f"{value:.3f} ({low:.3f} to {high:.3f})" in (out / "evidence.md").read_text()


def _differences(tables):
    return {row["variant"]: row for row in tables["differences"]}


def test_a_difference_is_clear_by_its_mean_or_by_both_kinds_alone():
    none, up, unsure = (Figure(value, np.array(drawn)) for value, drawn in ((0, [0, 0]), (0.1, [0.05, 0.15]), (0.1, [-0.1, 0.3])))

    def word(mean, dark, bright):
        other = {"pixel_ap": mean, "dark_pixel_ap": dark, "bright_pixel_ap": bright}
        rows = Painted.rows_of(None, {"model": {"shipped": dict.fromkeys(other, none), "other": other}})["clear_differences"]
        return [row["pixel_ap"] for row in rows]

    assert word(unsure, up, unsure) == []
    assert word(unsure, up, up) == ["better"]
    assert word(up, up, unsure) == ["better"]
    assert word(_less(up), unsure, _less(up)) == ["worse"]


def _less(figure):
    return Figure(-figure.value, -figure.drawn)


def test_models_of_other_scans_and_preparations_are_refused_in_words(tmp_path, capsys):
    where = ["--root", str(tmp_path), "--out", str(tmp_path / "tables"), "--progress", "none"]
    for models, sentence in {
        "knee-pdfs-denoiser": "knee-pdfs-denoiser is for PDFS scans of the knee",
        "brain-t1-denoiser,brain-flair-denoiser": "brain-flair-denoiser and brain-t1-denoiser prepare scans in different ways",
    }.items():
        assert main(["benchmark", "evidence", "--model", models, *where]) == 2
        assert sentence in capsys.readouterr().err


def test_of_one_level_patients_with_a_stroke_are_told_from_those_without_and_sizes_apart(monkeypatch, tmp_path):
    """A bright lesion counts more where dark counts less: what is dark elsewhere no longer drowns it."""
    cases = {"calibration": 12, "validation": 6}

    def flair(root, split):
        return [
            Case(id=f"{split}{n}", subject=f"{split}{n}", image=None, healthy=n % 2 == 0 or split == "calibration")
            for n in range(cases[split])
        ]

    def scan_of_level(case, recipe, steps):
        stack = slices(sum(map(ord, case.id)), 0.0 if case.healthy else 0.5)
        return SimpleNamespace(prepared=SimpleNamespace(stack=stack), truth=None if case.healthy else np.array(LESION))

    for name, double in {"flair": flair, "scan_of_level": scan_of_level, "lesion_mm2": lambda case: 100 * int(case.id[-1])}.items():
        monkeypatch.setattr(evidence_strokes, name, double)
    study = evidence_strokes.Strokes(tmp_path, quick=False)
    normals, shown = study.prepare(None, tmp_path, False, None)
    assert study.volumes == len(normals) + len(shown) == 18
    model, config = Model(), EvidenceConfig(smoothing_px=(0.0, 1.0, 1.0), without_scanner=False)
    healthy, seen = ([(one, Looks(*[model.redraw(one.stack)] * 2)) for one in some] for some in (normals, shown))
    variants = [Variant("shipped", config), Variant("other", replace(config, dark_weight=0.0))]
    found = {one.name: study.figures_of(shown, maps, one.slice_share) for one, maps in evidence_by(variants, healthy, seen)}
    assert list(found["shipped"]) == ["pixel_ap", "best_dice", "auroc", "auroc_200_mm2"]
    assert found["shipped"]["auroc"].value > 0.9
    assert found["other"]["pixel_ap"].value >= found["shipped"]["pixel_ap"].value > 0.5
    (row,) = study.rows_of({"mine": found})["differences"]
    assert row["variant"] == "other" and row["pixel_ap"][0] >= 0
    assert study.figures_of(shown, [(one.truth, one.truth, 0.0) for one in shown], 1.0) == {}

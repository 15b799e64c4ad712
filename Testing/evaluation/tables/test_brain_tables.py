"""The brain tables on small made-up brains and models of known quality."""

import json
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest
from small_answers import NOISE, Model, answers, bundle, slices
from tiny_bundle import make_bundle

from MRIAnomalyLib import resources
from MRIAnomalyLib.evaluation.baselines import LEARNING_FREE, MAPS
from MRIAnomalyLib.evaluation.tables import alarms, brain, fit, found
from MRIAnomalyLib.evaluation.tables.deciding import deciding


@pytest.fixture(scope="module")
def good():
    return answers(Model(spread=NOISE))


@pytest.fixture(scope="module")
def poor():
    """Redraws lesions, too."""
    return answers(Model(blur=0.9), label="brain-t1-denoiser")


@cache
def decided(given):
    return deciding(given, found.semi_synthetic(given), found.patients(given))


def test_a_model_that_draws_healthy_brains_stands_above_one_that_draws_lesions_too(good, poor):
    (better, _), (worse, _) = decided(good), decided(poor)
    assert better["pixel_ap"] == pytest.approx((better["dark_ap"] + better["bright_ap"]) / 2, abs=1e-4)
    assert better["pixel_ap"] > worse["pixel_ap"]
    assert better["dark_ap_95"][0] <= better["dark_ap"] <= better["dark_ap_95"][1]
    assert better["dark_volume_auroc"] == 1.0


def test_the_map_without_a_model_has_a_row_of_its_own_and_takes_nobody_for_ill(good):
    shown, bar = decided(good)
    assert (shown["model"], shown["map"]) == ("brain-t1-anogan", "evidence")
    assert (bar["model"], bar["map"]) == ("none, calibration of brain-t1-anogan", "atlas and asymmetry")
    assert "own_flagged" in shown
    assert "own_flagged" not in bar


def test_the_deciding_row_counts_people_as_they_were_flagged(good):
    row = decided(good)[0]
    assert row["own_flagged"] == f"{sum(one.judged.volume_p <= 0.05 for one in good.own)} of 4"
    assert (row["other_scanners_flagged"][-4:], row["studyforrest_flagged"][-4:]) == ("of 2", "of 1")
    assert (row["patients_flagged"], row["patient19_flagged"]) == ("1 of 2", "1 of 1")
    assert row["seconds_per_scan"] == "6 on 1 core"


def test_a_refused_head_is_counted_as_refused(good):
    first = good.others[0]
    thin = first.scan.prepared.facts | {"brain_ml": 100.0}
    given = answers(Model(spread=NOISE), others=[_with_facts(first, thin), *good.others[1:]])
    assert decided(given)[0]["other_scanners_refused"] == 1
    assert [row["refused"] for row in alarms.by_site(given)] == [0, 1, 0, 0]


def _with_facts(seen, facts):
    return replace(seen, scan=replace(seen.scan, prepared=replace(seen.scan.prepared, facts=facts)))


def test_maps_that_ask_no_model_carry_no_models_name(good):
    rows = found.semi_synthetic(good)
    assert len(rows) == 2 * len(MAPS)
    assert {row["map"] for row in rows if row["model"] != "brain-t1-anogan"} == LEARNING_FREE


def test_patients_are_told_one_by_one_and_pooled_with_p_beside_what_the_model_shows(good):
    rows = found.patients(good, ["intensity", "evidence"])
    assert [row["patient"] for row in rows] == ["patient07"] * 2 + ["patient19"] * 2 + ["all"] * 2
    assert ["p" in row for row in rows] == [False, True, False, True, False, False]


@pytest.mark.parametrize(("claimed", "shares"), [(NOISE, (68.3, 95.4, 99.7)), (2 * NOISE, (95.4, 100.0, 100.0))])
def test_the_spread_that_a_model_claims_is_held_against_healthy_people(claimed, shares):
    row = fit.redrawing(answers(Model(spread=claimed)))[0]
    assert [row[f"inside_{limit}"] for limit in (1, 2, 3)] == pytest.approx(shares, abs=1.0)
    assert row["inside_1_people"][0] <= row["inside_1"] <= row["inside_1_people"][1]
    assert row["mean_residual"] == pytest.approx(NOISE * 0.798, rel=0.05)  # of a normal law: sqrt(2 / pi)


def test_a_model_that_claims_no_spread_has_none_in_the_table(poor):
    assert not any(key.startswith("inside") for row in fit.redrawing(poor) for key in row)


def test_false_alarms_are_counted_among_the_split_and_the_calibration_subjects(good):
    own, calibration = alarms.false_alarms(good, "validation")
    assert (own["who"], own["volumes"]) == ("validation subjects", 4)
    assert (calibration["volumes"], calibration["flagged"]) == (24, 1)  # the strangest of 24 has p = 1 / 24


def test_bundles_of_one_name_are_told_apart():
    several = [bundle(), bundle("brain-t1-inpainter", "b"), bundle("brain-t1-inpainter", "c")]
    assert list(brain.labelled(several)) == ["brain-t1-anogan", "brain-t1-inpainter bbbbbbbb", "brain-t1-inpainter cccccccc"]


def test_without_names_the_models_that_ship_are_compared_and_none_that_a_user_installed(monkeypatch, tmp_path):
    monkeypatch.setenv("MRIANOMALY_BUNDLES", str(tmp_path))
    make_bundle(tmp_path / "brain-t1-inpainter", name="brain-t1-inpainter", detector="inpainter")
    names = [bundle.name for bundle in brain.shipped_bundles()]
    assert "brain-t1-anogan" in names
    assert all(bundle.folder.is_relative_to(resources.resources_folder()) for bundle in brain.shipped_bundles())


def test_heads_are_prepared_once_for_all_models_of_a_recipe_and_the_page_begins_with_what_decides(tmp_path, monkeypatch, good, poor):
    ready = {"brain-t1-anogan": good, "brain-t1-denoiser": poor}
    prepared = []
    people = SimpleNamespace(volumes=15)
    monkeypatch.setattr(brain, "choose_bundle", bundle)
    monkeypatch.setattr(brain, "people_of", lambda root, split, quick: people)
    monkeypatch.setattr(brain, "prepare_scans", lambda people, recipe, steps: prepared.append(recipe))
    monkeypatch.setattr(brain, "answers_of", lambda label, bundle, scans, steps: ready[label])
    brain.brain_tables(tmp_path, tmp_path / "out", quick=True, split="validation", models=list(ready))
    assert len(prepared) == 1
    tables = json.loads((tmp_path / "out" / "brain-validation.json").read_text())
    assert list(tables)[:3] == ["command", "conditions", "deciding"]
    assert tables["deciding"][0]["model"] == "brain-t1-anogan"
    against = [row["B"] for row in tables["compared"] if (row["A"], row["lesion"]) == ("brain-t1-anogan", "dark")]
    assert set(against) == LEARNING_FREE | {"brain-t1-denoiser"}
    assert len(tables["trivial_scores"]) == 2 * 4  # for each kind of lesion; one preparation
    assert len(tables["deciding"]) == 3  # one calibration, so the map without a model stands there once
    assert [row["weights_sha256"] for row in tables["models"]] == ["aw", "aw"]
    page = (tmp_path / "out" / "brain-validation.md").read_text()
    assert "--split validation --model brain-t1-anogan,brain-t1-denoiser`" in page


def test_a_person_of_a_noisy_scanner_counts_as_flagged_there(good):
    model = Model(spread=NOISE)
    noisy = [model.see(one.scan.case, slices(number, noise=3 * NOISE)) for number, one in enumerate(good.others)]
    row = next(row for row in alarms.by_site(answers(model, others=noisy)) if row["site"] == "other")
    assert (row["volumes"], row["flagged"], row["warned"], row["flagged_without_warning"]) == (2, 2, 2, 0)

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread
from small_answers import LESION, Model, bundle, slices

from MRIAnomalyLib.evaluation import pictures
from MRIAnomalyLib.evaluation.examples import Example
from MRIAnomalyLib.evaluation.pictures import facts_of, level_shown, picture_page, row_of
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.prepare.recipe import Recipe

MODEL = Model()
CASE = Case(id="a", subject="a", image=None)
SICK, WELL = Example("Bright lesion", "painted in", CASE), Example("Healthy head", "as it came", CASE)


@pytest.fixture(scope="module")
def sick():
    return MODEL.see(CASE, slices(1, 0.6), np.array(LESION))


@pytest.fixture(scope="module")
def well():
    return MODEL.see(CASE, slices(2))


def test_the_slice_with_most_of_the_lesion_is_shown_whatever_the_model_says(sick):
    truth = np.array(LESION)
    truth[6, 8:16, 8:16] = True
    assert level_shown(replace(sick, scan=replace(sick.scan, truth=truth))) == 6


def test_of_a_healthy_scan_the_strangest_slice_is_shown(well):
    scores = well.judged.slice_scores.copy()
    scores[[2, 5]] = scores.max() + np.array([1, 2])
    p = np.ones(len(scores))
    p[[2, 5]] = 0.04
    p[0] = np.nan
    assert level_shown(replace(well, judged=replace(well.judged, slice_scores=scores, slice_family_p=p))) == 5


@pytest.mark.parametrize("sign", [1, -1])
def test_a_row_says_what_was_found_on_which_side_of_healthy(sign):
    seen = MODEL.see(CASE, slices(1, 0.6 * sign), np.array(LESION))
    row = row_of(SICK, seen, MODEL.calibration)
    assert (row.found[LESION[level_shown(seen)]] == sign).mean() > 0.5
    assert (sign * row.evidence[row.found == sign] >= MODEL.calibration.threshold).all()
    assert (row.verdict, row.flagged) == (f"flagged, p = {1 / 25:.2g}", True)


def test_a_healthy_scan_that_is_not_flagged_says_so(well):
    row = row_of(WELL, replace(well, judged=replace(well.judged, volume_p=0.44)), MODEL.calibration)
    assert (row.verdict, row.flagged, row.truth) == ("not flagged, p = 0.44", False, None)


def test_without_p_values_a_row_and_the_facts_say_so(well):
    silent = replace(well, judged=replace(well.judged, volume_p=np.nan))
    row = row_of(WELL, silent, MODEL.calibration)
    assert (row.verdict, row.flagged) == ("no p-value", False)
    model = bundle()
    model.model["calibration"] |= {"subjects": 4, "smallest_p": 1.0}
    assert facts_of(model) == "compared with 4 people, too few for p-values: nothing is ever flagged"


def test_what_a_method_masked_and_completed_is_shown(well):
    completed, mask = well.redrawn.healthy + 0.1, np.full_like(well.redrawn.healthy, 0.5)
    row = row_of(WELL, replace(well, redrawn=replace(well.redrawn, completed=completed, mask=mask)), MODEL.calibration)
    level = level_shown(well)
    assert np.array_equal(row.healthy, completed[level, 0])
    assert np.array_equal(row.mask, mask[level, 0])


def test_facts_say_the_smallest_p():
    model = bundle()
    model.model["calibration"]["smallest_p"] = 0.04
    assert facts_of(model) == "calibrated on 24 people: p reaches down to 0.04, flagged from 0.05"


@pytest.fixture
def written(tmp_path, sick, well, monkeypatch):
    """The page of two models of one name and one recipe, and whom they were shown."""
    prepared = []
    models = {sha: bundle("brain-t1-inpainter", sha) for sha in "bc"}
    for model in models.values():
        model.model["calibration"]["smallest_p"] = 0.04
    monkeypatch.setattr(pictures, "choose_bundle", models.get)
    monkeypatch.setattr(pictures, "recipe_from", lambda stored: Recipe())
    monkeypatch.setattr(pictures, "examples_of", lambda sequence, root: [SICK, WELL])
    monkeypatch.setattr(pictures, "prepare_examples", lambda examples, recipe, steps: prepared.append(recipe) or [sick, well])
    monkeypatch.setattr(pictures, "calibration_of", lambda model: MODEL.calibration)
    monkeypatch.setattr(pictures, "viewer", lambda model, calibration, steps: lambda seen: seen)
    picture_page(None, tmp_path, models=["b", "c"])
    return tmp_path, prepared


def test_every_model_has_a_picture_of_its_own_and_cases_are_prepared_once(written):
    folder, prepared = written
    text = (folder / "pictures.md").read_text(encoding="utf-8")
    names = [f"brain-t1-inpainter-{sha * 8}.png" for sha in "bc"]
    for name in names:
        assert f"](pictures/{name})" in text
        assert imread(io.BytesIO((folder / "pictures" / name).read_bytes())).shape[1] == 1100
    assert prepared == [Recipe()]


def test_who_cannot_see_the_picture_reads_the_verdicts(written):
    text = (written[0] / "pictures.md").read_text(encoding="utf-8")
    assert "![Bright lesion: flagged, p = 0.04; Healthy head: " in text
    assert "`mrianomaly benchmark pictures --model brain-t1-inpainter,brain-t1-inpainter`" in text

"""Models and maps beside each other, on small made-up brains and models of known quality."""

import numpy as np
import pytest
from small_answers import NOISE, Model, answers, slices

from MRIAnomalyLib.evaluation.baselines import LEARNING_FREE
from MRIAnomalyLib.evaluation.measure import resampled
from MRIAnomalyLib.evaluation.metrics import ap_interval, auroc_interval
from MRIAnomalyLib.evaluation.tables import found
from MRIAnomalyLib.evaluation.tables.beside import (
    COMPARED,
    ROUNDS,
    Beside,
    each_alone,
    in_draws,
    of_each,
    on_page,
    painted_shown,
    people_drawn,
)
from MRIAnomalyLib.evaluation.trivial import told_apart, warning


@pytest.fixture(scope="module")
def good():
    return answers(Model(spread=NOISE))


def shown(given, people):
    return {name: painted_shown(name, given, people) for name in COMPARED}


@pytest.fixture(scope="module")
def beside(good):
    """A model, the same once more, and one that redraws lesions; all on one calibration's maps without a model."""
    held, people = Beside(), people_drawn(good.own)
    held.add("good", "here", shown(good, people))
    for label, given in (("again", good), ("poor", answers(Model(blur=0.9)))):
        held.add(label, "here", {"evidence": painted_shown("evidence", given, people_drawn(given.own))})
    return held


@pytest.fixture(scope="module")
def rows(beside):
    return {(row["A"], row["B"], row["lesion"]): row for row in beside.rows("good", in_draws)}


def test_every_model_stands_beside_each_map_that_needs_none_and_the_best_beside_the_others(rows):
    pairs = [(label, name) for label in ("good", "again", "poor") for name in LEARNING_FREE] + [("good", "again"), ("good", "poor")]
    assert set(rows) == {(*pair, kind) for pair in pairs for kind in ("dark", "bright")}


def test_a_difference_is_that_of_the_figures_in_the_tables_beside_it(good, rows):
    table = {(row["map"], row["lesion"]): row for row in found.semi_synthetic(good)}
    for (_, name, kind), row in ((key, row) for key, row in rows.items() if key[0] == "good" and key[1] in LEARNING_FREE):
        for figure, column in (("pixel_ap", "ap"), ("best_dice", "best_dice"), ("volume_auroc", "volume_auroc")):
            assert row[figure] == pytest.approx(table["evidence", kind][column] - table[name, kind][column], abs=2e-3)
            assert row[f"{figure}_95"][0] - 1e-3 <= row[figure] <= row[f"{figure}_95"][1] + 1e-3


def test_the_better_model_is_better_in_every_draw_and_a_model_never_better_than_itself(rows):
    better, same = rows["good", "poor", "bright"], rows["good", "again", "bright"]
    assert better["pixel_ap"] > 0 and better["pixel_ap_not_better"] == 0
    assert (same["pixel_ap"], same["pixel_ap_95"], same["pixel_ap_not_better"]) == (0, [0, 0], 1)


def test_the_draws_are_those_of_the_other_intervals(good):
    figures = painted_shown("evidence", good, people_drawn(good.own))["bright"]
    sick = good.painted["bright"]
    maps = [np.abs(one.judged.evidence) for one in sick]
    parts = [one.scan.truth for one in sick], [one.judged.core for one in sick], [one.subject for one in sick]
    assert figures["pixel_ap"].interval == pytest.approx(ap_interval(maps, *parts, rounds=ROUNDS))
    scores = [[one.judged.volume_score for one in some] for some in (sick, good.own)]
    assert figures["volume_auroc"].interval == pytest.approx(auroc_interval(*scores, rounds=ROUNDS))


def test_a_page_shows_a_difference_in_one_cell(rows):
    cell = on_page([rows["good", "again", "dark"]])[0]
    assert (cell["A"], cell["B"], cell["lesion"]) == ("good", "again", "dark")
    assert cell["pixel_ap (95 %; not better)"] == "+0.000 (+0.000 to +0.000; 1.000)"


def test_people_with_and_without_a_lesion_are_drawn_apart(good):
    people = people_drawn(good.own[:3], good.others)
    assert list(people.names) == ["a", "b", "c", "e", "f", "g"]
    assert np.array_equal(people.weights.sum(1), np.full(ROUNDS, 6.0))
    assert set(people.weights[:, :3].sum(1)) == {3.0}
    assert not np.array_equal(people.weights[:, :3], people.weights[:, 3:])


def test_where_people_are_too_few_to_be_drawn_from_each_one_stands_for_himself(good):
    held = Beside()
    held.add("good", "here", shown(good, each_alone(good.own)))
    row = held.rows("good", of_each)[0]
    assert len(row["pixel_ap of each person"].split(", ")) == len(good.own)
    assert not any("95" in column or "not_better" in column for column in row)


def test_a_set_whose_lesioned_scans_are_brighter_throughout_is_said_to_be_confounded(good):
    several = [*good.own, *good.others]
    people = resampled(several, 50)
    rows = told_apart("tiny", {"none": several}, several, people)
    assert {row["confounded"] for row in rows} == {"no"} and warning(rows) == ""
    brighter = [Model().see(one.scan.case, slices(number)) for number, one in enumerate(several)]
    for one in brighter:
        one.scan.prepared.stack.pixels[...] += 0.5
    assert "mean intensity" in warning(told_apart("tiny", {"brighter": brighter}, several, people))

import numpy as np
import pytest
from small_answers import LESION, Model, slices

from MRIAnomalyLib.evaluation import flair
from MRIAnomalyLib.evaluation.tables import flair as table
from MRIAnomalyLib.evaluation.tables import flair_rows
from MRIAnomalyLib.evaluation.tables.flair import flair_tables
from MRIAnomalyLib.files.cases import Case


@pytest.fixture
def seen(monkeypatch):
    """Six people without and six with a bright lesion, seen by a model that redraws them well."""
    monkeypatch.setattr(flair, "lesion_mm2", lambda case: 0 if case.healthy else 100)
    model = Model()

    def case(number, healthy):
        return Case(id=str(number), subject=str(number), image=None, healthy=healthy)

    healthy = [model.see(case(number, True), slices(number)) for number in range(6)]
    return healthy + [model.see(case(number, False), slices(number, 0.5), np.array(LESION)) for number in range(6, 12)]


@pytest.fixture
def rows(seen):
    return {row["map"]: row for row in flair_rows.stroke_rows("brain-flair-anogan", seen, ["evidence", "intensity"])}


def test_lesions_that_a_model_sees_are_told_from_people_without(rows):
    assert rows["evidence"]["AUROC, any lesion"] > 0.95
    assert rows["evidence"]["pixel_ap"] > 5 * rows["evidence"]["prevalence"]
    low, high = rows["evidence"]["ap_95"]
    assert low <= rows["evidence"]["pixel_ap"] <= high


def test_sizes_that_no_lesion_has_are_left_out(rows):
    assert "AUROC, from 50 mm2" in rows["evidence"]
    assert "AUROC, from 200 mm2" not in rows["evidence"]


def test_what_is_compared_of_a_map_is_what_its_row_says(seen, rows):
    figures = flair_rows.strokes_in_draws("evidence", seen)
    assert list(figures) == ["pixel_ap", "best_dice", "AUROC, any lesion", "AUROC, from 50 mm2"]
    assert {name: round(figure.value, 3) for name, figure in figures.items()} == {name: rows["evidence"][name] for name in figures}
    assert figures["pixel_ap"].interval[0] == pytest.approx(rows["evidence"]["ap_95"][0], abs=0.05)


def test_trivial_scores_stand_for_each_size_of_lesion(seen):
    rows = flair_rows.trivial_rows("brain-flair-anogan", seen)
    assert list(dict.fromkeys(row["lesion"] for row in rows)) == ["any lesion", "from 50 mm2"]
    assert len(rows) == 2 * 4


def test_pixels_of_people_without_a_lesion_count_as_healthy(rows):
    assert rows["evidence"]["ap, all people"] <= rows["evidence"]["pixel_ap"]


def test_maps_that_ask_no_model_say_so(rows):
    assert rows["intensity"]["model"] == "none, calibration of brain-flair-anogan"
    assert rows["evidence"]["model"] == "brain-flair-anogan"


def test_a_model_for_another_sequence_is_refused(tmp_path, monkeypatch):
    from types import SimpleNamespace

    bundle = SimpleNamespace(name="brain-t1-anogan", model={"recipe": {}})
    monkeypatch.setattr(table, "choose_bundle", lambda name: bundle)
    monkeypatch.setattr(flair, "flair", lambda root, split: [])
    with pytest.raises(table.UsageError, match="is for T1 scans"):
        flair_tables(tmp_path, tmp_path, False, models=["brain-t1-anogan"])

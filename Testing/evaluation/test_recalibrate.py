from dataclasses import replace

import numpy as np
import pytest
from small_answers import prepared
from taught import normals, taught
from tiny_bundle import PNG, make_model

from MRIAnomalyLib.bundles.bundle import open_bundle, save_bundle, verify
from MRIAnomalyLib.errors import CalibrationError, UsageError
from MRIAnomalyLib.evaluation import finish
from MRIAnomalyLib.evaluation import recalibrate as module
from MRIAnomalyLib.evaluation.recalibrate import recalibrate
from MRIAnomalyLib.files.cases import Case

PEOPLE = "people who are well"


def people(count):
    return [Case(id=str(number), subject=f"someone {number}", image=None, healthy=True) for number in range(count)]


def looked_up(cases, recipe):
    """Each person's two slices."""
    return [(case, prepared(replace(normals(2, seed=200 + int(case.id)), level=np.arange(2)))) for case in cases]


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """One that was compared with nobody yet, and twenty people to compare it with."""
    detector = taught("fanogan").detector
    told = {"data": "Made up", "subjects": 1, "smallest_p": 0.5, "people": PEOPLE}
    recipe = {"size_px": 16, "slices": 2}
    config = {**detector.settings(), "both_sides": False}
    model = make_model(
        "brain-t1-fanogan",
        detector="fanogan",
        config=config,
        recipe=recipe,
        calibration=told,
        timing={"cpu": {"seconds": 7.0, "hardware": "a core"}},
    )
    save_bundle(tmp_path / model["name"], model, detector.weights(), {"scores": np.zeros(1)}, "# Card", {"losses.png": PNG}, "None.")
    monkeypatch.setattr(module, "read_cases", lambda table: people(20))
    for place, name in ((module, "kept"), (finish, "kept"), (finish, "prepare_cases")):
        monkeypatch.setattr(place, name, looked_up)
    return open_bundle(tmp_path / model["name"])


def test_the_calibration_and_the_time_of_a_scan_are_new_and_all_else_stays(bundle, tmp_path):
    recalibrate(bundle, tmp_path)
    now = open_bundle(bundle.folder)
    verify(now)
    assert now.model["calibration"]["subjects"] == 20
    assert now.model["calibration"]["people"] == PEOPLE
    assert now.model["timing"]["cpu"]["seconds"] < 7
    assert now.model["config"] == bundle.model["config"]
    before = taught("fanogan").detector.weights()
    assert all(np.array_equal(array, before[name]) for name, array in now.weights().items())
    assert (now.folder / "card" / "losses.png").read_bytes() == PNG
    assert "reconstructions.png" in (now.folder / "card.md").read_text()


def test_looking_at_both_sides_is_a_setting_that_may_come_later_and_changes_what_is_ordinary(bundle, tmp_path):
    recalibrate(bundle, tmp_path)
    one_side, sheet = open_bundle(bundle.folder).calibration(), bundle.folder / "card" / "reconstructions.png"
    before = sheet.read_bytes()
    recalibrate(open_bundle(bundle.folder), tmp_path, {"both_sides": True})
    now = open_bundle(bundle.folder)
    assert now.model["config"]["both_sides"] is True
    assert not np.array_equal(now.calibration()["volume_scores"], one_side["volume_scores"])
    assert sheet.read_bytes() != before


def test_a_setting_of_the_training_is_refused_and_nothing_is_written(bundle, tmp_path):
    before = (bundle.folder / "model.json").read_bytes()
    with pytest.raises(UsageError, match="latent_dim belongs to the training"):
        recalibrate(bundle, tmp_path, {"latent_dim": 5})
    assert (bundle.folder / "model.json").read_bytes() == before


def test_too_few_people_are_refused_where_there_were_enough(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "read_cases", lambda table: people(5))
    with pytest.raises(CalibrationError):
        recalibrate(bundle, tmp_path)

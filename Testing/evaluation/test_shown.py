import numpy as np
import pytest
from small_answers import BRAIN, LESION, prepared, slices

from MRIAnomalyLib.evaluation import shown
from MRIAnomalyLib.evaluation.scans import Scan
from MRIAnomalyLib.evaluation.steps import Steps
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.prepare.recipe import Recipe
from MRIAnomalyLib.records import Reconstruction

WHO = Case(id="a", subject="a", image=None)


@pytest.fixture
def made(monkeypatch):
    """What was prepared, in place of real heads."""
    calls = []

    def scan_of(case, recipe, steps):
        calls.append("untouched")
        return Scan(case, prepared(slices(3)))

    def painted(clean, outline, change, recipe, steps):
        calls.append(change)
        return Scan(clean.case, prepared(slices(3, change)), np.array(LESION))

    monkeypatch.setattr(shown, "scan_of", scan_of)
    monkeypatch.setattr(shown, "painted", painted)
    return calls


def volumes(folder, resume, outline="outline"):
    return shown.volumes_of(WHO, outline, Recipe(), folder, resume, Steps(3, None))


def test_a_person_is_prepared_untouched_and_with_each_lesion_and_only_once_with_resume(made, tmp_path):
    first = volumes(tmp_path, resume=False)
    assert [*first] == ["untouched", "dark", "bright"]
    assert [one.truth.sum() for one in first.values()] == [0, LESION.sum(), LESION.sum()]
    again = volumes(tmp_path, resume=True)
    assert len(made) == 3
    assert all(np.array_equal(again[kind].stack.pixels, first[kind].stack.pixels) for kind in first)
    volumes(tmp_path, resume=False)
    assert len(made) == 6


def test_without_an_outline_there_is_the_person_only(made, tmp_path):
    assert [*volumes(tmp_path, resume=False, outline=None)] == ["untouched"]
    assert made == ["untouched"]


def test_a_damaged_file_is_made_anew(made, tmp_path):
    volumes(tmp_path, resume=False)
    next(tmp_path.rglob("*-dark.npz")).write_bytes(b"half")
    assert volumes(tmp_path, resume=True)["dark"].truth.any()
    assert len(made) == 6


class OneSided:
    """Takes the left of whatever it is shown for brighter than it is, and is sure there."""

    def __init__(self):
        self.asked = 0

    def steps_for(self, quality):
        return 0

    def reconstruct(self, stack, device, steps):
        self.asked += 1
        left = np.arange(stack.pixels.shape[-1]) < stack.pixels.shape[-1] // 2
        spread = np.where(left, np.float32(1), np.float32(7)) * np.ones_like(stack.pixels)
        return Reconstruction(stack.pixels + np.float32(0.5) * left, {}, spread=spread)


def test_what_a_model_makes_of_the_mirror_image_is_brought_back_and_averaged(tmp_path):
    stack = slices(1)
    looks = shown.looker(OneSided(), "w" * 64, tmp_path, "cpu", False, Steps(1, None))(shown.Shown("a", stack, BRAIN[:, 0] & False))
    assert looks.both.healthy == pytest.approx(stack.pixels + 0.25, abs=2e-3)
    assert looks.both.spread == pytest.approx(np.full_like(stack.pixels, 5.0), abs=5e-3)  # the root of the mean of 1 and 49
    assert looks.one.healthy[..., 0] == pytest.approx(stack.pixels[..., 0] + 0.5, abs=2e-3)


def test_a_model_is_asked_once_about_a_volume_with_resume_and_again_about_another(tmp_path):
    model = OneSided()
    one, other = (shown.Shown("a", slices(number), BRAIN[:, 0] & False) for number in (1, 2))

    def asked(volume, weights="w", resume=True):
        before = model.asked
        shown.looker(model, weights * 64, tmp_path, "cpu", resume, Steps(1, None))(volume)
        return model.asked - before

    assert [asked(one), asked(one), asked(other), asked(one, weights="v"), asked(one, resume=False)] == [2, 0, 2, 2, 2]

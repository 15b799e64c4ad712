import dataclasses

import numpy as np
import pytest

from MRIAnomalyLib.evaluation.lesion_rows import by_size_and_contrast
from MRIAnomalyLib.evaluation.measure import compared, measured, resampled
from MRIAnomalyLib.evaluation.reading import HEALTHY, LESION, SICK, UNKNOWN, Reading, contrasts_of, read_reading, state_of, write_reading
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.records import SliceStack

SHAPE = (3, 16, 16)
CORE = np.ones(SHAPE, bool)
LESION_AT = np.zeros(SHAPE, bool)
LESION_AT[1, 4:8, 4:8] = True


def reading(number, sick, look, **changes):
    """A case whose map is made of its truth and noise by `look`."""
    noise = np.random.default_rng(number).random(SHAPE)
    truth = LESION_AT if sick else np.zeros(SHAPE, bool)
    map_ = look(truth, noise).astype(np.float32)
    parts = {
        "subject": f"p{number}",
        "state": LESION if sick else HEALTHY,
        "score": float(map_.max()),
        "p": 0.01 if sick else 0.5,
        "voxel_mm3": 18.0,
    }
    sums = float(map_[truth].sum()), float(map_[~truth].sum())
    parts |= {"residual": sums, "contrasts": (0.3,) if sick else (), "trivial": {"mean intensity": 1.0}}
    return Reading(id=str(number), map_=map_, core=CORE, truth=truth, **parts | changes)


def readings(look):
    return [reading(number, number % 2 == 1, look) for number in range(12)]


LOOKS = {
    "perfect": lambda truth, noise: truth + 0.1 * noise,
    "random": lambda truth, noise: noise,
    "inverted": lambda truth, noise: ~truth * 1.0 + 0.1 * noise,
}


def found_in(told):
    return {name: measured(cases, 0.5, resampled(cases, 100)) for name, cases in told.items()}


def figures(look, threshold=0.5):
    cases = readings(LOOKS[look])
    return measured(cases, threshold, resampled(cases, 100)).figures


def test_a_perfect_map_is_perfect_in_everything():
    found = figures("perfect")
    for name in ("image AUROC", "image AP", "subject AUROC", "slice AUROC", "pixel AUROC", "pixel AP", "best possible Dice"):
        assert found[name].value == 1
        assert found[name].interval == (1, 1)
    assert found["Dice at the threshold"].value == found["lesions found"].value == 1
    assert found["false findings a volume"].value == 0
    assert found["l1-ratio"].value > 10


def test_a_random_map_has_the_prevalence_as_precision_and_half_as_area():
    found = figures("random", threshold=2.0)
    assert found["pixel AUROC"].value == pytest.approx(0.5, abs=0.1)
    assert found["pixel AP"].value == pytest.approx(found["share of lesion pixels"].value, abs=0.03)
    assert found["l1-ratio"].value == pytest.approx(1, abs=0.15)
    assert found["lesions found"].value == found["Dice at the threshold"].value == 0


def test_an_inverted_map_is_worse_than_chance():
    found = figures("inverted")
    assert found["pixel AUROC"].value == 0
    assert found["l1-ratio"].value < 0.1


def test_flagged_shares_stand_for_healthy_and_sick_cases_apart():
    found = figures("perfect")
    assert found["healthy cases flagged (nominal 0.05)"].value == 0
    assert found["sick cases flagged"].value == 1


def test_figures_that_the_cases_cannot_give_are_left_out():
    cases = [dataclasses.replace(one, p=np.nan) for one in readings(LOOKS["random"]) if one.state == HEALTHY]
    found = measured(cases, 0.5, resampled(cases, 20)).figures
    assert not [name for name in found if "AUROC" in name or "Dice" in name or "flagged" in name or "lesions" in name]


def test_a_case_that_is_only_known_to_be_sick_counts_as_a_scan_and_not_as_pixels():
    cases = [reading(0, False, LOOKS["perfect"]), reading(1, False, LOOKS["inverted"], state=SICK, score=9.0)]
    found = measured(cases, 0.5, resampled(cases, 20)).figures
    assert found["image AUROC"].value == 1
    assert "pixel AP" not in found


def test_a_person_counts_once_by_the_strangest_of_several_scans():
    cases = [reading(number, False, LOOKS["random"], subject="h", score=0.1) for number in range(3)]
    cases += [reading(4, True, LOOKS["perfect"], subject="s"), reading(5, False, LOOKS["random"], subject="s", score=0.0)]
    found = measured(cases, 0.5, resampled(cases, 20)).figures
    assert found["subject AUROC"].value == 1


def test_the_better_of_two_methods_is_better_in_the_same_draws_and_a_method_is_not_better_than_itself():
    told = {name: readings(LOOKS[look]) for name, look in (("good", "perfect"), ("bad", "random"), ("good again", "perfect"))}
    rows = {(row["A"], row["B"]): row for row in compared(found_in(told), told.get, 100) if row["figure"] == "pixel AP"}
    assert rows["good", "bad"]["draws in which A is not better"] == 0
    assert rows["good", "bad"]["difference_95"][0] > 0
    assert rows["good", "good again"]["difference_95"] == [0, 0]
    assert rows["good", "good again"]["draws in which A is not better"] == 1


def test_methods_are_compared_on_the_cases_that_both_saw():
    told = {"all": readings(LOOKS["perfect"]), "some": readings(LOOKS["random"])[:6]}
    assert {row["cases"] for row in compared(found_in(told), told.get, 100)} == {6}


def test_lesions_are_grouped_by_size_and_contrast():
    cases = readings(LOOKS["perfect"])
    people = resampled(cases, 50)
    rows = by_size_and_contrast(cases, measured(cases, 0.5, people).hits, people)
    # 16 voxels of 18 mm3 are 0.288 mL
    assert [(row["by"], row["from"], row["lesions"], row["found"]) for row in rows] == [("size, mL", 0, 6, 1), ("contrast", 0.2, 6, 1)]


def test_the_contrast_of_a_lesion_is_against_what_surrounds_it():
    pixels = np.full((3, 1, 16, 16), 0.8, np.float32)
    pixels[LESION_AT[:, None]] = 1.0
    stack = SliceStack(pixels, np.ones(pixels.shape, bool), np.arange(3), np.zeros(3, int))
    assert contrasts_of(stack, LESION_AT) == pytest.approx((0.25,))
    assert contrasts_of(stack, np.ones(SHAPE, bool)) == (0.0,)


@pytest.mark.parametrize(
    ("case", "truth", "state"),
    [
        ({"mask": "m"}, LESION_AT, LESION),
        ({"mask": "m"}, LESION_AT & False, "lesion elsewhere"),
        ({"healthy": True}, None, HEALTHY),
        ({"label": "Abnormal acl"}, None, SICK),
        ({"label": "normal"}, None, UNKNOWN),
        ({}, None, UNKNOWN),
    ],
)
def test_what_is_known_of_a_case_follows_from_mask_and_label(case, truth, state):
    assert state_of(Case("1", "1", None, **case), truth) == state


def test_a_reading_is_kept_and_read_back_and_a_damaged_one_is_not_taken(tmp_path):
    path, kept = tmp_path / "kept" / "1.npz", reading(1, True, LOOKS["random"])
    write_reading(kept, path)
    back = read_reading(path)
    assert np.array_equal(back.map_, kept.map_) and np.array_equal(back.truth, kept.truth)
    assert (back.score, back.residual, back.contrasts, back.state) == (kept.score, kept.residual, kept.contrasts, kept.state)
    path.write_bytes(path.read_bytes()[:100])
    assert read_reading(path) is None
    assert read_reading(tmp_path / "nowhere.npz") is None

import numpy as np
import pytest

from MRIAnomalyLib.evaluation.metrics import ap_interval, auroc_interval, pixel_figures, volume_auroc


def cases(seed=0):
    rng = np.random.default_rng(seed)
    truths = [rng.random((4, 8, 8)) < 0.1 for _ in range(3)]
    maps = [truth + rng.normal(0, 0.5, truth.shape) for truth in truths]
    return maps, truths, [np.ones((4, 8, 8), bool)] * 3


def test_a_perfect_map_has_perfect_figures():
    _, truths, cores = cases()
    figures = pixel_figures([truth.astype(float) for truth in truths], truths, cores)
    assert figures["auroc"] == figures["ap"] == figures["best_dice"] == 1.0


def test_a_map_without_information_has_the_prevalence_as_precision():
    _, truths, cores = cases()
    rng = np.random.default_rng(1)
    figures = pixel_figures([rng.random(truth.shape) for truth in truths], truths, cores)
    assert figures["ap"] == pytest.approx(figures["prevalence"], abs=0.05)
    assert figures["auroc"] == pytest.approx(0.5, abs=0.1)


def test_best_dice_is_at_least_that_of_any_fixed_threshold():
    maps, truths, cores = cases()
    best = pixel_figures(maps, truths, cores)["best_dice"]
    score, truth = np.concatenate([m.ravel() for m in maps]), np.concatenate([t.ravel() for t in truths])
    for threshold in np.linspace(-1, 2, 13):
        found = score >= threshold
        assert best >= 2 * (found & truth).sum() / (found.sum() + truth.sum()) - 1e-9


def test_what_lies_outside_the_core_does_not_count():
    maps, truths, cores = cases()
    smaller = [core.copy() for core in cores]
    for core in smaller:
        core[0] = False
    spoilt = [np.where(core, map_, 99) for map_, core in zip(maps, smaller, strict=True)]
    assert pixel_figures(spoilt, truths, smaller) == pixel_figures(maps, truths, smaller)


def test_ties_between_sick_and_healthy_count_half():
    assert volume_auroc([1.0, 2.0], [1.0, 0.0]) == pytest.approx((0.5 + 1 + 1 + 1) / 4)


def test_the_interval_holds_the_figure_and_is_of_subjects_not_of_pixels():
    maps, truths, cores = cases()
    figure = pixel_figures(maps, truths, cores)["ap"]
    low, high = ap_interval(maps, truths, cores, list("abc"), seed=3)
    assert low <= figure <= high
    assert low < high
    doubled = [[one for one in some for _ in range(2)] for some in (maps, truths, cores)]
    assert ap_interval(*doubled, list("aabbcc"), seed=3) == pytest.approx((low, high), rel=0.02)


def test_one_subject_drawn_again_and_again_has_no_width_and_the_plain_figure():
    maps, truths, cores = cases()
    low, high = ap_interval(maps, truths, cores, ["a"] * 3)
    assert low == high == pytest.approx(pixel_figures(maps, truths, cores)["ap"])


def test_the_interval_of_the_volume_score_holds_it_and_narrows_with_people():
    rng = np.random.default_rng(5)
    healthy = rng.normal(0, 1, 40)
    sick = healthy + rng.normal(0.5, 1, 40)
    widths = []
    for people in (10, 40):
        low, high = auroc_interval(sick[:people], healthy[:people])
        assert low <= volume_auroc(sick[:people], healthy[:people]) <= high
        widths.append(high - low)
    assert widths[1] < widths[0]

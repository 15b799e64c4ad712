import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from MRIAnomalyLib.evaluation.bootstrap import LEVELS, Figure, draws, ends, share, tally


def ranked(size, people=7, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random(size) < 0.2
    return truth + rng.normal(size=size), truth, rng.integers(people, size=size)


def test_each_subject_drawn_once_gives_the_plain_figures():
    values, truth, owner = ranked(200)
    counts, once = tally(values, truth, owner, 7), np.ones((1, 7))
    assert counts.auroc(once)[0] == pytest.approx(roc_auc_score(truth, values))
    assert counts.ap(once)[0] == pytest.approx(average_precision_score(truth, values))


def test_ties_count_one_half_as_everywhere():
    values, truth, owner = ranked(200)
    counts = tally(np.round(values), truth, owner, 7)
    assert counts.auroc(np.ones((1, 7)))[0] == pytest.approx(roc_auc_score(truth, np.round(values)))


def test_many_pixels_counted_by_level_give_the_figures_to_the_third_decimal():
    values, truth, owner = ranked(20 * LEVELS)
    counts, once = tally(values, truth, owner, 7), np.ones((1, 7))
    assert len(counts.levels) <= 2 * LEVELS + 1
    assert counts.auroc(once)[0] == pytest.approx(roc_auc_score(truth, values), abs=5e-4)
    assert counts.ap(once)[0] == pytest.approx(average_precision_score(truth, values), abs=5e-4)


def test_a_subject_drawn_twice_counts_like_two():
    values, truth, owner = ranked(100, people=2)
    twice = [np.concatenate([part, part[owner == 1]]) for part in (values, truth)]
    assert tally(values, truth, owner, 2).auroc(np.array([[1, 2]]))[0] == pytest.approx(roc_auc_score(twice[1], twice[0]))


@pytest.mark.parametrize("threshold", [-9.0, 0.3, 9.0])
def test_dice_at_a_threshold_is_that_of_what_lies_from_it_upwards(threshold):
    values, truth, owner = ranked(20 * LEVELS)
    found = values >= threshold
    expected = 2 * (found & truth).sum() / (found.sum() + truth.sum())
    counts, once = tally(values, truth, owner, 7, threshold), np.ones((1, 7))
    assert counts.dice_from(threshold, once)[0] == pytest.approx(expected)
    assert counts.dice(once).max() >= expected - 1e-12


def test_a_draw_without_anybody_sick_says_nothing_and_is_left_out():
    counts = tally(np.array([1.0, 2.0]), np.array([False, True]), np.array([0, 1]), 2)
    drawn = counts.auroc(np.array([[2, 0], [1, 1]]))
    assert np.isnan(drawn[0]) and drawn[1] == 1
    assert ends(drawn) == (1, 1)


def test_the_interval_of_a_share_is_that_of_the_binomial_distribution():
    flagged = (np.arange(100) < 20).astype(float)
    low, high = Figure(0.2, share(flagged, np.ones(100), draws(100, 4000, 0))).interval
    assert (low, high) == pytest.approx((0.125, 0.28), abs=0.015)  # 0.2 -+ 1.96 sqrt(0.2 0.8 / 100)


def test_scans_of_one_person_make_the_interval_no_narrower():
    flagged = (np.arange(20) < 6).astype(float)
    widths = [np.ptp(ends(share(times * flagged, times * np.ones(20), draws(20, 2000, 0)))) for times in (1, 5)]
    assert widths[0] == pytest.approx(widths[1])

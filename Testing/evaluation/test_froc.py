import numpy as np
import pytest

from MRIAnomalyLib.evaluation.froc import froc, hits_of, thresholds_for

BIG = 100.0  # mm3 of a voxel: one alone is a finding
SHAPE = (3, 9, 9)


def spots(*places):
    """A map with single voxels of these values: (slice, row, column, value)."""
    map_ = np.zeros(SHAPE)
    for k, j, i, value in places:
        map_[k, j, i] = value
    return map_


LESIONS = spots((1, 2, 2, 1), (1, 2, 3, 1), (1, 6, 6, 1)) > 0  # two: one of two voxels, one of one
MAP = spots((1, 2, 2, 5), (1, 6, 6, 3), (0, 8, 0, 4), (2, 0, 8, 2))  # hits the first at 5, the second at 3; false ones at 4 and 2


def test_lesions_and_false_findings_are_counted_by_hand():
    hits = hits_of(MAP, LESIONS, [5, 4, 3, 2], BIG)
    assert hits.found.tolist() == [[True] * 4, [False, False, True, True]]
    assert hits.false.tolist() == [0, 1, 1, 2]
    assert hits.findings.tolist() == [1, 2, 3, 4]


def test_a_finding_on_two_lesions_is_one_finding_and_no_false_one():
    bridge = LESIONS | (spots(*((1, 3 + step, 3 + step, 1) for step in range(4))) > 0)
    hits = hits_of(bridge * 5.0, LESIONS, [1], BIG)
    assert (hits.found.all(), hits.findings[0], hits.false[0]) == (True, 1, 0)


def test_what_is_too_small_for_a_finding_finds_nothing():
    assert not hits_of(MAP, LESIONS, [1], voxel_mm3=10.0).found.any()


def test_the_curve_gives_the_best_sensitivity_within_a_budget():
    thresholds = np.array([2.0, 3.0, 4.0, 5.0])
    hits = [hits_of(MAP, LESIONS, thresholds, BIG), hits_of(spots((0, 0, 0, 4)), LESIONS & False, thresholds, BIG)]
    curve, once = froc(hits, thresholds, [0, 1], 2), np.ones((1, 2))
    assert curve.sensitivity(once).tolist() == [[1, 1, 0.5, 0.5]]
    assert curve.false_findings(once).tolist() == [[1.5, 1, 1, 0]]
    assert [curve.within(budget, once)[0] for budget in (0.5, 1, 2)] == [0.5, 1, 1]


def test_a_draw_of_people_without_lesions_has_no_sensitivity():
    hits = [hits_of(MAP, LESIONS, [3.0], BIG), hits_of(MAP, LESIONS & False, [3.0], BIG)]
    curve = froc(hits, np.array([3.0]), [0, 1], 2)
    assert np.isnan(curve.within(4, np.array([[0, 2]])))
    assert curve.false_findings(np.array([[0, 2]])) == 3


def test_perfect_random_and_inverted_maps():
    truth = np.zeros((4, 20, 20), bool)
    truth[1:3, 5:8, 5:8] = True
    core, noise = np.ones_like(truth), np.random.default_rng(0).random(truth.shape)
    best = {}
    for name, map_ in (("perfect", truth + 0.1 * noise), ("random", noise), ("inverted", ~truth + 0.1 * noise)):
        thresholds = thresholds_for([map_], [core])
        best[name] = froc([hits_of(map_, truth, thresholds, BIG)], thresholds, [0], 1).within(0.5, np.ones((1, 1)))[0]
    assert best["perfect"] == 1
    assert best["random"] == best["inverted"] == 0


def test_thresholds_mark_nothing_that_is_not_strange_at_all():
    map_ = spots((0, 0, 0, 1.0))
    assert thresholds_for([map_], [np.ones(SHAPE, bool)])[0] > 0
    assert thresholds_for([map_], [np.ones(SHAPE, bool)])[-1] == pytest.approx(1.0)

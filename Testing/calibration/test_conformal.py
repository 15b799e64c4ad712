import numpy as np
import pytest
from scipy import stats

from MRIAnomalyLib.calibration.conformal import conformal_p, controlling_threshold, kept_ranks, location_p
from MRIAnomalyLib.errors import CalibrationError


def test_p_is_uniform_on_fresh_normal_cases():
    rng = np.random.default_rng(0)
    p = np.array([conformal_p(rng.normal(), rng.normal(size=99)) for _ in range(10_000)])
    spread_evenly = p - rng.random(p.size) / 100  # p has steps of 1 / 100
    assert stats.kstest(spread_evenly, "uniform").pvalue > 0.01


def test_ties_count_against_significance():
    assert conformal_p(1.0, np.ones(19)) == 1.0


def test_the_smallest_p_is_one_in_n_plus_one():
    assert conformal_p(10.0, np.zeros(46)) == pytest.approx(1 / 47)


def test_too_few_normals_says_how_many_and_what_to_do():
    with pytest.raises(CalibrationError, match=r"18 healthy subjects.*calibrate"):
        conformal_p(1.0, np.arange(18))


def test_location_p_is_the_exact_conformal_p_rounded_up():
    rng = np.random.default_rng(1)
    healthy = rng.normal(size=(46, 3, 4, 5))
    ranks = kept_ranks(46)
    kept = -np.sort(-healthy, axis=0)[np.array(ranks) - 1]
    evidence = rng.normal(1, 2, size=(3, 4, 5))
    given = location_p(evidence, kept, ranks, 46)
    exact = (1 + (healthy >= evidence).sum(0)) / 47
    assert (given >= exact - 1e-6).all()
    strong = exact <= 4 / 47
    assert np.allclose(given[strong], exact[strong])


def test_the_threshold_bounds_false_findings_on_new_healthy_volumes():
    rng, thresholds = np.random.default_rng(2), np.linspace(0, 6, 61)

    def curves(count):
        peaks = rng.exponential(size=(count, 12)) * rng.uniform(0.5, 1.5, size=(count, 1))
        return (peaks[:, :, None] > thresholds).sum(1)

    realised = []
    for _ in range(300):
        threshold = controlling_threshold(curves(46), thresholds, alpha=1.0, most=20)
        realised.append(curves(1)[0, np.searchsorted(thresholds, threshold)])
    assert np.mean(realised) <= 1.0


def test_counts_that_rise_again_use_the_monotone_envelope():
    curves = np.tile([5, 0, 3, 0], (100, 1))  # regions split as the threshold rises
    assert controlling_threshold(curves, np.arange(4.0), alpha=1.0, most=20) == 3.0


def test_a_bound_that_so_few_subjects_cannot_promise_is_not_promised():
    assert controlling_threshold(np.zeros((10, 4)), np.arange(4.0), alpha=1.0, most=20) is None

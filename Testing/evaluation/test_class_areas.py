"""Mean areas over runs, and their intervals."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from MRIAnomalyLib.evaluation.class_areas import area_interval, mean_area


def scored(trainings=2, runs=3, count=300, apart=1.0):
    """Scores with ties, of pictures of which each run takes others for anomalous."""
    random = np.random.default_rng(0)
    strange = random.random((runs, count)) < 0.3
    scores = random.normal(size=(trainings, runs, count)) + apart * strange
    return scores.round(1), strange


def test_the_mean_area_is_the_mean_of_the_areas():
    scores, strange = scored()
    areas = [[roc_auc_score(ill, values) for ill, values in zip(strange, one, strict=True)] for one in scores]
    assert mean_area(scores, strange) == pytest.approx(np.mean(areas), abs=1e-12)


def test_the_interval_holds_the_mean_and_narrows_with_the_number_of_pictures():
    few, many = scored(count=200), scored(count=5000)
    wide, narrow = area_interval(*few), area_interval(*many)
    assert wide[0] < mean_area(*few) < wide[1] and narrow[0] < mean_area(*many) < narrow[1]
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2
    assert area_interval(*few) == wide


def test_trainings_that_differ_widen_the_interval():
    scores, strange = scored(trainings=1)
    unlike = np.concatenate([scores, scores - 2 * strange])
    low, high = area_interval(unlike, strange)
    assert low < mean_area(scores - 2 * strange, strange) + 0.05 and high > mean_area(scores, strange) - 0.05

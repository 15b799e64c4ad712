import json

import numpy as np
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.evaluation.tables.speed import speed_table


def test_both_searches_are_timed_over_the_same_slices_and_compared():
    detector = create("anogan", {"image_size": 16, "latent_dim": 4, "width": 4, "pool": 50, "steps": 60, "batch_size": 16})
    detector.fit(ellipses(40, 16))
    told = []
    table = json.loads(json.dumps(speed_table(detector, ellipses(12, 16, 5), steps=30, alone=5, progress=lambda *done: told.append(done))))
    assert (table["slices"], table["slices_one_at_a_time"], table["steps"]) == (12, 5, 30)
    ratio = table["seconds_per_slice_one_at_a_time"] / table["seconds_per_slice_batched"]
    np.testing.assert_allclose(table["times_faster"], ratio)
    assert abs(table["mean_residual_ratio"] - 1) < 0.05
    assert table["spearman"] > 0.8
    assert table["largest_difference_float32"] < 1e-4
    assert told[-1][0] == told[-1][1]

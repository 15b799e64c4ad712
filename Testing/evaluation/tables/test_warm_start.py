import json
from types import SimpleNamespace

import numpy as np
import pytest
from taught import BLOB, normals, planted, taught

from MRIAnomalyLib.evaluation.tables.warm_start import REFINEMENTS, Lesioned, lesion_table, search_table, ways_of


@pytest.fixture(scope="module")
def detector():
    return taught("fanogan").detector


def test_each_way_is_timed_and_compared_with_the_search_from_random_starts(detector):
    told = []
    rows = json.loads(json.dumps(search_table(detector, normals(8, seed=5), far_steps=40, step=lambda: told.append(1))))
    assert [row["way"] for row in rows] == ["random + 40", "pool + 40", *(f"encoder + {steps}" for steps in REFINEMENTS)]
    assert len(told) == len(rows)
    assert (rows[0]["loss_over_random"], rows[0]["spearman"]) == (1, pytest.approx(1))
    assert all(row["cpu_seconds_per_slice"] > 0 for row in rows)
    assert rows[2]["cpu_seconds_per_slice"] < rows[0]["cpu_seconds_per_slice"]  # one pass against forty steps


def test_no_refinement_is_the_encoders_own_answer_and_refinement_comes_nearer(detector):
    stack = normals(8, seed=5)
    rows = {row["way"]: row for row in search_table(detector, stack, far_steps=2)}
    off = np.abs(stack.pixels - detector.reconstruct(stack, steps=0).healthy) / 0.75  # in the network's range
    assert rows["encoder + 0"]["residual"] == pytest.approx(off.mean((1, 2, 3), where=stack.mask).mean(), rel=1e-4)
    assert rows["encoder + 50"]["loss"] < rows["encoder + 0"]["loss"]


def test_lesions_are_counted_for_each_way_by_the_raw_residual_and_by_the_evidence(detector):
    truth = np.zeros((4, 16, 16), bool)
    truth[BLOB] = True
    lesioned = [Lesioned(str(seed), planted(normals(4, seed), 0.6), truth) for seed in (5, 6)]

    def judge(stack, redrawn):
        return SimpleNamespace(core=stack.mask[:, 0], evidence=np.where(truth, 1.0, 0.0))

    rows = lesion_table(detector, SimpleNamespace(judge=judge), lesioned, far_steps=10)
    assert len(rows) == 2 * len(ways_of(10))
    for row in rows:
        assert row["ap"] == 1 if row["map"] == "evidence" else row["prevalence"] < row["ap"] < 1
        low, high = row["ap_95"]  # of two people who may score alike to the last digit
        assert low - 1e-9 <= row["ap"] <= high + 1e-9

from dataclasses import replace

import numpy as np
import pytest
from small_answers import Model, slices

from MRIAnomalyLib.evaluation.baselines import LEARNING_FREE, MAPS, map_of, score_of
from MRIAnomalyLib.files.cases import Case


@pytest.fixture(scope="module")
def seen():
    """A person with a dark lesion, as a T1 model and, with the same judgement, as one for FLAIR sees him."""
    one = Model().see(Case(id="1", subject="1", image=None), slices(1, -0.5))
    return replace(one, sequence="T1"), replace(one, sequence="FLAIR")


@pytest.mark.parametrize("name", MAPS)
def test_on_flair_dark_counts_half_in_maps_that_need_no_model_and_elsewhere_as_much_as_bright(seen, name):
    t1, flair = seen
    plain, weighed = map_of(name, t1), map_of(name, flair)
    signed = MAPS[name](t1.scan.prepared.stack, t1.redrawn.healthy, t1.judged)
    assert np.array_equal(plain, np.abs(signed)) and (signed < 0).any()
    half = (signed < 0) & (name in LEARNING_FREE)
    assert np.allclose(weighed, np.where(half, plain / 2, plain))


def test_a_map_scores_a_volume_by_as_many_voxels_as_the_calibration_and_the_evidence_as_the_verdict_does(seen):
    few, many = (score_of("atlas z", replace(seen[0], score_voxels=count)) for count in (5, 60))
    assert few > many == score_of("atlas z", seen[0])
    assert score_of("evidence", seen[0]) == seen[0].judged.volume_score

import numpy as np
import pytest

from MRIAnomalyLib.calibration.scores import slice_scores, volume_score

MAP = np.concatenate([np.zeros(190), [-9.0], np.full(9, 1.0)]).reshape(1, 10, 20)
CORE = np.ones((1, 10, 20), bool)


@pytest.mark.parametrize(("top", "score"), [(0.0, 9.0), (0.01, 5.0), (1.0, 18 / 200)])
def test_a_slice_scores_by_its_strongest_pixels_from_the_highest_alone_to_all(top, score):
    assert slice_scores(MAP, CORE, top) == pytest.approx([score])


def test_a_slice_with_too_little_brain_has_no_score():
    assert np.isnan(slice_scores(MAP, CORE & (np.arange(20) < 3))).all()


def test_a_volume_scores_by_the_mean_of_its_strongest_voxels():
    many = np.concatenate([MAP, np.zeros_like(MAP)])
    assert volume_score(many, np.ones(many.shape, bool), 60) == pytest.approx(18 / 60)
    assert volume_score(MAP, CORE, 1) == 9
    assert volume_score(MAP, ~CORE, 10) == 0

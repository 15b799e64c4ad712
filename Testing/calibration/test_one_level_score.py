"""What one level is scored by: a finer residual, its bright side, less what the other side shows."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from MRIAnomalyLib.calibration.evidence import DETAIL, DETAIL_AND_EVIDENCE, PARTS, config_for
from MRIAnomalyLib.calibration.judgement import calibrate, load_calibration
from MRIAnomalyLib.calibration.scores import volume_score
from MRIAnomalyLib.findings.components import count_curve
from MRIAnomalyLib.records import Reconstruction, SliceStack

COUNT = partial(count_curve, voxel_mm3=18.0)
SPOT = np.zeros((32, 32))
SPOT[12:15, 6:9] = 0.3


def one_level(spot):
    """A level without noise but for faint grain, brighter by `spot`, (H, W), and what a healthy one is."""
    size = spot.shape[0]
    grain = np.random.default_rng(abs(int(1000 * spot.sum())) + 1).normal(0, 0.02, (1, 1, size, size))
    stack = SliceStack((1 + grain + spot).astype(np.float32), np.ones((1, 1, size, size), bool), np.zeros(1, int), np.zeros(1, int))
    return stack, Reconstruction(np.ones((1, 1, size, size), np.float32), {})


PEOPLE = [one_level(np.full((32, 32), number / 1e6)) for number in range(30)]


@pytest.fixture(scope="module")
def calibration():
    return calibrate(PEOPLE, COUNT, config_for(PEOPLE[0][1], ("residual", DETAIL)))


def test_the_score_is_finer_than_the_evidence_and_less_by_what_is_dark_or_on_the_other_side(calibration):
    config = calibration.config
    one_side, both, dark = (calibration.judge(*one_level(map_)) for map_ in (SPOT, SPOT + SPOT[:, ::-1], -SPOT))
    plain = calibrate(PEOPLE, COUNT, replace(config, parts=PARTS, floors=config.floors[:3])).judge(*one_level(SPOT))
    assert one_side.volume_score > plain.volume_score == pytest.approx(volume_score(plain.evidence, plain.core, config.score_voxels))
    assert both.volume_score < 0.75 * one_side.volume_score
    assert dark.volume_score < 0.3 * one_side.volume_score
    assert one_side.evidence == pytest.approx(plain.evidence, abs=1e-5)
    assert set(one_side.spread) == set(PARTS)  # of which a scan is warned of


def test_with_the_evidence_beside_it_the_score_is_that_of_their_sum_and_the_other_side_still_goes_off():
    config = config_for(PEOPLE[0][1], (*PARTS, DETAIL_AND_EVIDENCE))
    assert config.parts == (*PARTS, DETAIL) and config.evidence_share > 0
    both, alone = (calibrate(PEOPLE, COUNT, how) for how in (config, replace(config, evidence_share=0.0)))
    one_side, two_sides, dark = (both.judge(*one_level(map_)) for map_ in (SPOT, SPOT + SPOT[:, ::-1], -SPOT))
    assert np.array_equal(one_side.evidence, alone.judge(*one_level(SPOT)).evidence)
    assert one_side.volume_score > alone.judge(*one_level(SPOT)).volume_score
    assert two_sides.volume_score < 0.75 * one_side.volume_score
    assert dark.volume_score < 0.3 * one_side.volume_score


def test_the_only_slice_is_told_as_the_volume_also_by_a_calibration_of_before(calibration):
    before = {**calibration.arrays(), "slice_scores": np.zeros((len(PEOPLE), 1), np.float32)}
    for known in (calibration, load_calibration(before, calibration.settings())):
        judged = known.judge(*one_level(SPOT))
        assert judged.slice_scores[0] == judged.volume_score
        assert judged.slice_p[0] == judged.slice_family_p[0] == judged.volume_p
        assert (judged.slice_scores >= known.slice_thresholds(0.05))[0] == (judged.volume_p <= 0.05)


def test_a_calibration_of_before_scores_dark_detail_by_half(calibration):
    settings = calibration.settings()
    before = {name: value for name, value in settings["evidence"].items() if name != "detail_dark"}
    assert load_calibration(calibration.arrays(), {**settings, "evidence": before}).config.detail_dark == 0.5


def test_the_finer_residual_is_kept_with_the_calibration(calibration):
    loaded = load_calibration(calibration.arrays(), calibration.settings())
    one = one_level(np.eye(32) * 0.2)
    assert loaded.judge(*one).volume_score == pytest.approx(calibration.judge(*one).volume_score, rel=2e-2)

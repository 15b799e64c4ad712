"""On made brains: an ellipsoid with smooth texture that varies between people, symmetric but for noise."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from MRIAnomalyLib.calibration.asymmetry import left_right
from MRIAnomalyLib.calibration.evidence import PARTS, EvidenceConfig, combine, config_for, core_of, parts_of
from MRIAnomalyLib.calibration.judgement import calibrate, load_calibration
from MRIAnomalyLib.calibration.reference import Reference, ReferenceBuilder, off
from MRIAnomalyLib.errors import BundleError, CalibrationError
from MRIAnomalyLib.findings.components import count_curve
from MRIAnomalyLib.records import Reconstruction, SliceStack

SHAPE = (10, 32, 32)
K, J, I = np.meshgrid(*[np.linspace(-1, 1, size) for size in SHAPE], indexing="ij")  # noqa: E741
BRAIN = (I / 0.8) ** 2 + (J / 0.9) ** 2 + (K / 1.3) ** 2 < 1
COUNT = partial(count_curve, voxel_mm3=18.0)


def person(seed):
    """Slices of one healthy person, and a blurred guess of them as a detector would give."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    pixels = (BRAIN * (0.8 + 0.5 * texture + rng.normal(0, 0.02, SHAPE))).astype(np.float32)
    stack = SliceStack(pixels[:, None], BRAIN[:, None], np.arange(SHAPE[0]), np.zeros(SHAPE[0], int))
    return stack, Reconstruction(ndimage.gaussian_filter(pixels, (0, 4, 4))[:, None], terms={})


def with_lesion(stack, amount):
    blob = np.exp(-(((I - 0.4) / 0.15) ** 2 + ((J + 0.2) / 0.15) ** 2 + (K / 0.4) ** 2))
    pixels = (stack.pixels[:, 0] * (1 + amount * blob)).astype(np.float32)
    return SliceStack(pixels[:, None], stack.mask, stack.level, stack.subject), blob > 0.5


@pytest.fixture(scope="module")
def calibration():
    return calibrate([person(seed) for seed in range(40)], COUNT, EvidenceConfig())


def test_fresh_healthy_people_get_p_values_that_are_not_too_small(calibration):
    p = np.array([calibration.judge(*person(seed)).volume_p for seed in range(100, 160)])
    assert (p <= 0.1).mean() <= 0.2
    assert p.min() >= 1 / 41


@pytest.mark.parametrize("amount", [0.6, -0.6])
def test_a_lesion_is_the_strongest_evidence_and_its_sign_is_kept(calibration, amount):
    stack, redrawn = person(200)
    struck, where = with_lesion(stack, amount)
    judged = calibration.judge(struck, redrawn)
    peak = np.unravel_index(np.abs(judged.evidence).argmax(), SHAPE)
    assert where[peak]
    assert np.sign(judged.evidence[peak]) == np.sign(amount)
    assert judged.volume_p == pytest.approx(1 / 41)
    assert judged.p_map[peak] == pytest.approx(1 / 41)


def test_a_slice_without_brain_is_not_scored(calibration):
    stack, redrawn = person(201)
    mask = stack.mask.copy()
    mask[0] = False
    judged = calibration.judge(SliceStack(stack.pixels, mask, stack.level, stack.subject), redrawn)
    assert np.isnan(judged.slice_scores[0]) and np.isnan(judged.slice_p[0])
    assert not np.isnan(judged.slice_scores[5])
    assert (judged.p_map[0] == 1).all()


def test_healthy_people_show_at_most_one_finding_on_average(calibration):
    found = [COUNT(calibration.judge(*person(seed)).evidence, np.array([calibration.threshold]))[0] for seed in range(100, 130)]
    assert calibration.threshold_controlled
    assert np.mean(found) <= 1.0


def test_slices_beyond_their_threshold_are_those_with_a_small_family_p(calibration):
    stack, redrawn = person(202)
    judged = calibration.judge(with_lesion(stack, 0.8)[0], redrawn)
    beyond = judged.slice_scores > calibration.slice_thresholds(0.05)
    assert beyond.any()
    assert (beyond == (judged.slice_family_p <= 0.05)).all()


def test_a_calibration_survives_the_bundle_in_half_precision(calibration):
    loaded = load_calibration(calibration.arrays(), calibration.settings())
    stack, redrawn = person(203)
    struck, _ = with_lesion(stack, 0.6)
    before, after = calibration.judge(struck, redrawn), loaded.judge(struck, redrawn)
    strong = np.abs(before.evidence) > 1  # near zero a cube root makes much of a rounding
    assert np.allclose(before.evidence[strong], after.evidence[strong], rtol=0.03)
    assert before.volume_p == after.volume_p


def test_an_incomplete_calibration_is_refused(calibration):
    arrays = calibration.arrays()
    del arrays["volume_scores"]
    with pytest.raises(BundleError, match="incomplete"):
        load_calibration(arrays, calibration.settings())


def test_maps_of_another_coverage_are_refused(calibration):
    arrays = calibration.arrays()
    with pytest.raises(BundleError, match="incomplete"):
        load_calibration({**arrays, "coverage": np.packbits(np.ones(arrays["grid"], bool))}, calibration.settings())


def test_too_few_healthy_people_are_refused():
    with pytest.raises(CalibrationError, match="5 healthy subjects"):
        calibrate([person(seed) for seed in range(5)], COUNT, EvidenceConfig())


def test_nobody_is_judged_by_himself():
    rng = np.random.default_rng(3)
    maps = rng.normal(size=(25, 4, 8, 8)).astype(np.float32)
    without = ReferenceBuilder(maps, 0.0).reference(without=7)
    alone = ReferenceBuilder(np.delete(maps, 7, 0), 0.0).reference()
    assert np.allclose(without.mean, alone.mean, atol=1e-5)
    assert np.allclose(without.spread, alone.spread, atol=1e-4)


def test_calibration_maps_are_standard_where_many_people_were_seen():
    rng = np.random.default_rng(4)
    maps = rng.normal(3, 2, size=(200, 4, 8, 8)).astype(np.float32)
    z = ReferenceBuilder(maps, 0.0).reference().standardise(maps)
    assert abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.05


def test_asymmetry_changes_sign_when_the_brain_is_mirrored():
    stack, _ = person(5)
    map_ = stack.pixels[:, 0]
    assert np.array_equal(left_right(map_[..., ::-1], BRAIN), left_right(map_, BRAIN)[..., ::-1])


def test_evidence_is_only_where_residual_and_atlas_agree():
    parts = {"residual": np.array([4.0, -4, 4, 0]), "atlas": np.array([1.0, -1, -1, 3])}
    assert np.allclose(combine(parts, EvidenceConfig()), [2, -2, 0, 0])


def test_disease_on_both_sides_is_lowered_but_does_not_cancel():
    parts = {"residual": np.full(3, 8.0), "atlas": np.full(3, 8.0), "asymmetry": np.array([8.0, 0, -8])}
    assert np.allclose(combine(parts, EvidenceConfig()), [8, 4, 4])
    assert np.allclose(combine(parts, EvidenceConfig(asymmetry_floor=0.0)), [8, 0, 0])


def test_of_one_level_the_residual_lowers_what_the_atlas_says_but_does_not_undo_it():
    parts = {"residual": np.array([4.0, 0, -4, 4]), "atlas": np.array([4.0, 4, 4, 0])}
    one, several = (config_for(Reconstruction(np.zeros((count, 1, 4, 4)), {}), PARTS) for count in (1, 2))
    assert np.allclose(combine(parts, one), [4, 2, 2, 0])
    assert np.allclose(combine(parts, several), [4, 0, 0, 0])
    aside = {"residual": np.array([4.0, -4]), "asymmetry": np.zeros(2)}
    assert np.allclose(combine(aside, replace(one, silent=("atlas",))), [2, -2])


def test_of_flair_dark_evidence_counts_half_and_of_other_sequences_as_much_as_bright():
    redrawn = Reconstruction(np.zeros((2, 1, 4, 4)), {})
    parts = {"residual": np.array([4.0, -4, 0])}
    for sequence, expected in (("FLAIR", [4, -2, 0]), ("T1", [4, -4, 0])):
        assert np.allclose(combine(parts, config_for(redrawn, PARTS, sequence=sequence)), expected)
    aside = {"asymmetry": np.array([4.0, -4, 0])}
    assert np.allclose(combine(aside, config_for(redrawn, PARTS, sequence="FLAIR")), [4, -2, 0])


def test_of_flair_nothing_is_bright_that_is_darker_than_most_of_the_brain_whatever_is_expected_there():
    """A narrow ventricle is brighter than healthy people there, and no lesion."""
    assert config_for(Reconstruction(np.zeros((2, 1, 4, 4)), {}), PARTS).bright_from == 0
    config = config_for(Reconstruction(np.zeros((2, 1, 4, 4)), {}), PARTS, sequence="FLAIR")
    maps, expected = np.array([0.5, 0.9, 1.2, 1.2, 0.5]), np.array([0.2, 0.2, 0.2, 1.0, 0.9])
    found = off(maps, expected, config.bright_from)
    assert np.allclose(found, [0, 0.9 - config.bright_from, 1.2 - config.bright_from, 0.2, -0.4])
    assert np.array_equal(off(-maps, -expected), expected - maps)  # without it a difference, also below 0
    assert np.allclose(Reference(expected, np.full(5, 0.1)).standardise(maps, config.bright_from), 10 * found)


def test_brightness_in_itself_is_asked_of_residual_and_atlas():
    stack, redrawn = person(300)
    free, asked = (EvidenceConfig(bright_from=level, without_scanner=False) for level in (0.0, 5.0))
    core = core_of(stack, free)
    people = [person(seed) for seed in range(20)]
    assert parts_of(stack, redrawn, core, free)["residual"].max() > 0 >= parts_of(stack, redrawn, core, asked)["residual"].max()
    z = [calibrate(people, COUNT, config).measure(stack, redrawn).z for config in (free, asked)]
    assert z[0]["atlas"].max() > 1 > 0 >= z[1]["atlas"].max()
    assert np.array_equal(z[0]["asymmetry"], z[1]["asymmetry"])


def test_a_part_can_be_switched_off():
    config = EvidenceConfig(parts=("residual",), floors=(0.02,))
    judged = calibrate([person(seed) for seed in range(20)], COUNT, config).judge(*person(300))
    assert set(judged.z) == {"residual"}
    assert np.allclose(judged.evidence, judged.z["residual"], atol=1e-5)


def test_a_score_does_not_depend_on_who_was_judged_before(calibration):
    first = calibration.judge(*person(301)).volume_score
    calibration.judge(*person(302))
    assert calibration.judge(*person(301)).volume_score == first


def test_a_residual_counts_in_the_spread_that_the_detector_predicts():
    stack, redrawn = person(0)
    spread = np.where(np.arange(32) < 16, 0.05, 0.2) * np.ones_like(stack.pixels)
    counted = Reconstruction(redrawn.healthy, {}, spread=spread)
    divided = Reconstruction(stack.pixels - (stack.pixels - redrawn.healthy) / spread, {})
    core, config = core_of(stack, EvidenceConfig()), EvidenceConfig()
    residuals = [parts_of(stack, one, core, config)["residual"] for one in (counted, divided)]
    np.testing.assert_allclose(*residuals, rtol=1e-4, atol=1e-5)


def test_where_hardly_any_healthy_person_has_brain_nothing_is_judged(calibration):
    stack, redrawn = person(204)
    eye = (I**2 + (J + 0.98) ** 2) < 0.01  # beyond the brain's front end
    mask = stack.mask | eye[:, None]
    pixels = np.where(eye[:, None] & ~stack.mask, 3.0, stack.pixels).astype(np.float32)
    with_eye = SliceStack(pixels, mask, stack.level, stack.subject)
    judged = calibration.judge(with_eye, Reconstruction(redrawn.healthy, {}))
    assert not judged.core[eye & ~BRAIN].any()
    assert judged.volume_p > 0.05


def test_a_brain_that_lies_wider_everywhere_is_measured_in_its_own_spread(calibration):
    stack, redrawn = person(205)
    wider = SliceStack(redrawn.healthy + 3 * (stack.pixels - redrawn.healthy), stack.mask, stack.level, stack.subject)
    ordinary, judged = calibration.judge(stack, redrawn), calibration.judge(wider, redrawn)
    assert judged.spread["residual"] > 2 * ordinary.spread["residual"]
    assert judged.volume_p > 0.05


def test_a_silent_part_is_measured_but_has_no_say():
    people = [person(seed) for seed in range(20)]
    silent = calibrate(people, COUNT, EvidenceConfig(silent=("atlas",))).judge(*person(300))
    without = calibrate(people, COUNT, EvidenceConfig(parts=("residual", "asymmetry"), floors=(0.02, 0.02))).judge(*person(300))
    assert set(silent.z) == {"residual", "atlas", "asymmetry"}
    assert np.array_equal(silent.evidence, without.evidence)


def test_the_parts_that_a_detector_does_not_name_are_silent_and_predicted_spreads_have_their_own_floor():
    healthy = np.zeros((2, 1, 4, 4))
    assert config_for(Reconstruction(healthy, {}), PARTS) == EvidenceConfig()
    assert config_for(Reconstruction(healthy, {}), ("residual",)).silent == ("atlas", "asymmetry")
    assert config_for(Reconstruction(healthy, {}, spread=healthy + 1), PARTS).floors[0] > EvidenceConfig().floors[0]


def test_the_rim_of_the_brain_is_not_judged():
    stack, redrawn = person(6)
    core = core_of(stack, EvidenceConfig())
    assert core.sum() < BRAIN.sum()
    assert all((part[~core] == 0).all() for part in parts_of(stack, redrawn, core, EvidenceConfig()).values())


def test_of_one_level_what_is_smooth_may_be_disease_and_stays():
    size = 32
    config = config_for(Reconstruction(np.zeros((1, 1, size, size), np.float32), {}), PARTS)
    slope = np.broadcast_to(np.linspace(0, 1, size, dtype=np.float32), (1, 1, size, size))
    stack = SliceStack(slope, np.ones((1, 1, size, size), bool), np.zeros(1, int), np.zeros(1, int))
    redrawn, core = Reconstruction(np.zeros_like(slope), {}), core_of(stack, config)
    kept, gone = (parts_of(stack, redrawn, core, how)["residual"] for how in (config, replace(config, without_scanner=True)))
    assert np.ptp(kept[core]) > 0.7
    assert np.ptp(gone[core]) < 0.3  # what is left is the smoothing of the ends


def test_of_one_level_a_wide_spread_may_be_disease_and_stays():
    people = [
        (
            SliceStack(*(part[:1] for part in (stack.pixels, stack.mask, stack.level, stack.subject))),
            replace(redrawn, healthy=redrawn.healthy[:1]),
        )
        for stack, redrawn in map(person, range(30))
    ]
    stack, redrawn = people[0]
    wide = replace(stack, pixels=redrawn.healthy + 3 * (stack.pixels - redrawn.healthy))
    configs = [EvidenceConfig(without_scanner=without) for without in (True, False)]
    scores = [calibrate(people[1:], COUNT, config).judge(wide, redrawn).volume_score for config in configs]
    assert scores[1] > 1.5 * scores[0]


def test_the_score_is_that_of_as_many_voxels_as_the_calibration_was_made_with():
    people = [person(number) for number in range(30)]
    few, many = (calibrate(people[1:], COUNT, EvidenceConfig(score_voxels=count)) for count in (5, 60))
    assert few.judge(*people[0]).volume_score > many.judge(*people[0]).volume_score
    assert few.volume_scores.min() > many.volume_scores.min()
    before = {name: value for name, value in many.settings()["evidence"].items() if name != "score_voxels"}
    assert load_calibration(many.arrays(), {**many.settings(), "evidence": before}).config.score_voxels == 60  # as all were before

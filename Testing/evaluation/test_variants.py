from dataclasses import fields, replace

import numpy as np
import pytest
from small_answers import LESION, Model, slices

from MRIAnomalyLib.calibration.evidence import DETAIL, EVIDENCE_SHARE, PARTS, EvidenceConfig, config_for
from MRIAnomalyLib.calibration.reference import Reference
from MRIAnomalyLib.evaluation.shown import Looks, Shown
from MRIAnomalyLib.evaluation.variants import SHIPPED, Variant, everywhere_alike, evidence_by, variants_of
from MRIAnomalyLib.records import Reconstruction


def seen_by(model, stacks):
    return [(Shown(str(row), stack, np.array(LESION)), Looks(*[model.redraw(stack)] * 2)) for row, stack in enumerate(stacks)]


@pytest.fixture(scope="module")
def evidence():
    """By variant, of one volume, those whom it is compared with being those of the model's calibration."""
    model, config = Model(), EvidenceConfig()
    healthy = seen_by(model, [slices(1000 + number) for number in range(24)])
    return {variant.name: maps[0] for variant, maps in evidence_by(variants_of(config), healthy, seen_by(model, [slices(5, 0.3)]))}


def test_every_variant_changes_one_thing():
    first, *others = variants_of(EvidenceConfig(silent=("atlas",)))
    assert first.name == SHIPPED
    for other in others:
        changed = [field.name for field in fields(Variant) if getattr(other, field.name) != getattr(first, field.name)]
        assert len(changed) == 2, changed  # and the name
        assert changed[0] == "name"
        assert len([key for key, value in vars(other.config).items() if value != vars(first.config)[key]]) <= 1
    assert len({other.name for other in others}) == len(others)


@pytest.mark.parametrize(
    ("silent", "names"),
    [
        ((), ["without residual", "without atlas", "without asymmetry"]),
        (("atlas",), ["without residual", "with atlas", "without asymmetry"]),
        (("atlas", "asymmetry"), ["with atlas", "with asymmetry"]),
    ],
)
def test_parts_that_speak_are_silenced_and_silent_ones_heard_but_somebody_speaks(silent, names):
    found = [variant.name for variant in variants_of(EvidenceConfig(silent=silent))]
    assert [name for name in found if name.startswith("with")] == names


def test_the_shipped_variant_is_what_a_calibration_of_the_same_people_says(evidence):
    model, stack = Model(), slices(5, 0.3)
    judged = model.calibration.judge(stack, model.redraw(stack))
    map_, core, score = evidence[SHIPPED]
    assert np.array_equal(map_, judged.evidence)
    assert np.array_equal(core, judged.core)
    assert score == judged.volume_score


def test_of_one_level_the_score_is_varied_too_and_nothing_else_with_it():
    config = config_for(Reconstruction(np.zeros((1, 1, 4, 4)), {}), (*PARTS, DETAIL), sequence="FLAIR")
    by_name = {variant.name: variant.config for variant in variants_of(config)}
    assert by_name["bright beside what is expected only"] == replace(config, bright_from=0.0)
    assert by_name["residual can undo"] == replace(config, residual_raises=False)
    assert by_name["scored by the evidence"].parts == PARTS
    assert len(by_name["scored by the evidence"].floors) == len(PARTS)
    assert by_name["scored by the evidence, too"] == replace(config, evidence_share=EVIDENCE_SHARE)
    shared = replace(config, evidence_share=0.3)
    assert {one.name: one.config for one in variants_of(shared)}["scored by the detail alone"] == config
    assert by_name["scored with the other side left in"] == replace(config, other_side=0.0)
    assert by_name["scored with dark, too"] == replace(config, detail_dark=config.dark_weight)
    assert by_name["scored by 60 pixels"] == replace(config, score_voxels=60)
    assert not any(name.startswith("scored") for name in [variant.name for variant in variants_of(EvidenceConfig())])


def test_every_variant_but_those_of_the_slice_score_makes_other_evidence(evidence):
    same = {name for name, (map_, *_) in evidence.items() if np.array_equal(map_, evidence[SHIPPED][0])}
    assert same == {SHIPPED, "slice score: mean", "slice score: highest pixel", "mirror image redrawn, too"}  # this model has one answer


def test_of_one_mean_and_spread_for_all_places_only_the_average_over_the_brain_is_left():
    mean, coverage = np.arange(8.0).reshape(2, 2, 2), np.zeros((2, 2, 2), bool)
    coverage[1] = True
    alike = everywhere_alike(Reference(mean, mean + 1), coverage)
    assert np.array_equal(alike.mean, np.full((2, 2, 2), 5.5))
    assert np.array_equal(alike.spread, np.full((2, 2, 2), 6.5))


def test_variants_of_one_measuring_differ_in_who_speaks_or_in_the_slice_score_only():
    shipped = Variant(SHIPPED, EvidenceConfig())
    assert replace(shipped, config=EvidenceConfig(silent=("atlas",)), slice_share=1.0).measuring == shipped.measuring
    assert replace(shipped, look="both").measuring != shipped.measuring


def test_of_a_detector_that_redraws_both_sides_all_variants_do_but_one_that_leaves_it_out():
    *others, last = variants_of(EvidenceConfig(), both_sides=True)
    assert {variant.look for variant in others} == {"both"}
    assert (last.name, last.look) == ("mirror image not redrawn", "one")

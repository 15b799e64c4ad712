import functools

import numpy as np
import pytest
from small_answers import LESION, prepared, slices

from MRIAnomalyLib.calibration.evidence import BRIGHT_FROM
from MRIAnomalyLib.errors import CalibrationError, UsageError
from MRIAnomalyLib.evaluation.anomalib_models import NEEDED
from MRIAnomalyLib.evaluation.methods import BASELINES, baseline_method
from MRIAnomalyLib.evaluation.scans import Scan
from MRIAnomalyLib.evaluation.steps import Steps
from MRIAnomalyLib.files.cases import Case
from MRIAnomalyLib.prepare.recipe import Recipe, recipe_from

HEALTHY = [slices(number) for number in range(100, 140)]
STEPS = Steps(10, None)


@functools.cache
def baseline(name):
    return baseline_method(name, Recipe(), HEALTHY, STEPS)


def map_of(method, stack):
    seen = method.see(Scan(Case("1", "1", None), prepared(stack)))
    return method.paint(stack, seen.redrawn.healthy, seen.judged), seen.judged.core


@pytest.mark.parametrize("name", sorted(BASELINES.keys() - NEEDED.keys()))
def test_each_baseline_marks_a_bright_lesion_and_gives_it_a_small_p(name):
    method = baseline(name)
    map_, core = map_of(method, slices(1, change=1.0))
    marked, rest = np.abs(map_)[LESION & core], np.abs(map_)[core & ~LESION]
    assert marked.mean() > 2 * rest.mean()
    assert method.p_of(np.sort(marked)[-60:].mean()) == pytest.approx(1 / 21)
    assert (marked >= method.threshold).mean() > (rest >= method.threshold).mean()


def test_the_mean_of_healthy_people_has_no_residual():
    method = baseline("mean-residual")
    mean = slices(0, noise=0)
    mean.pixels[:] = np.mean([stack.pixels for stack in HEALTHY[::2]], axis=0)
    assert np.abs(map_of(method, mean)[0]).max() < 1e-5


def test_healthy_people_make_few_false_findings_at_the_threshold_they_fixed():
    from MRIAnomalyLib.findings.components import regions

    method = baseline("zscore")
    found = [regions(map_of(method, slices(number))[0], method.threshold, 18.0).max() for number in range(200, 220)]
    assert np.mean(found) < 2


def test_too_few_for_a_p_value_give_none():
    assert np.isnan(baseline_method("zscore", Recipe(), HEALTHY[:8], STEPS).p_of(1.0))


def test_too_few_to_know_what_is_ordinary_are_refused():
    with pytest.raises(CalibrationError, match="5 healthy people were given, 6"):
        baseline_method("pca", Recipe(), HEALTHY[:5], STEPS)


def test_a_knee_has_no_side_to_compare_with():
    recipe = recipe_from({"anatomy": "knee", "sequence": "PDFS"})
    with pytest.raises(UsageError, match="no mirrored side"):
        baseline_method("atlas-asymmetry", recipe, HEALTHY, STEPS)


def test_what_is_known_of_a_baseline_changes_with_the_people_who_taught_it():
    groups = HEALTHY[:6], HEALTHY[:6], HEALTHY[1:7]
    same, again, other = (baseline_method("zscore", Recipe(), people, STEPS).known_by for people in groups)
    assert same == again != other


def test_what_is_known_of_a_baseline_changes_with_the_evidence_step(monkeypatch):
    before = baseline_method("zscore", Recipe(), HEALTHY[:6], STEPS).known_by
    monkeypatch.setitem(BRIGHT_FROM, Recipe().sequence, 0.5)
    assert baseline_method("zscore", Recipe(), HEALTHY[:6], STEPS).known_by != before

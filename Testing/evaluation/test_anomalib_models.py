"""GANomaly and PatchCore of the package anomalib, which is not among what the tests need: most of these run in its own environment."""

import re
from functools import partial

import numpy as np
import pytest
from small_answers import LESION, slices

from MRIAnomalyLib.evaluation import anomalib_models
from MRIAnomalyLib.evaluation.anomalib_models import ganomaly, obstacle, patchcore

HEALTHY = [slices(number, noise=0.03) for number in range(100, 110)]


@pytest.fixture
def quick(monkeypatch):
    """Both in seconds: a narrow network, and a backbone that nothing was learned for."""
    pytest.importorskip("anomalib", reason="GANomaly and PatchCore are those of anomalib, of the extra of that name")
    timm = pytest.importorskip("timm")
    made = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, **how: made(name, **how | {"pretrained": False}))
    monkeypatch.setattr(anomalib_models, "BACKBONE", "resnet18")
    monkeypatch.setattr(anomalib_models, "STEPS", 60)
    monkeypatch.setattr(anomalib_models, "WIDTH", 8)


def residual(redraw, stack):
    return np.abs(stack.pixels - redraw(stack))[:, 0] * stack.mask[:, 0]


@pytest.mark.parametrize("learn", [ganomaly, patchcore])
def test_a_bright_lesion_is_what_cannot_be_redrawn_and_a_slice_is_judged_by_itself(quick, learn):
    redraw, sick = learn(HEALTHY), slices(1, change=0.7, noise=0.03)
    found = residual(redraw, sick)
    assert found.shape == LESION.shape
    shown = LESION.any((1, 2))
    assert found[LESION].mean() > 1.5 * found[shown][~LESION[shown] & sick.mask[shown, 0]].mean()
    alone = residual(redraw, sick.take(np.array([5])))
    np.testing.assert_allclose(alone[0], found[5], atol=1e-4)


@pytest.mark.parametrize("learn", [ganomaly, patchcore])
def test_the_same_people_teach_the_same(quick, learn):
    first, again = (learn(HEALTHY[:3])(HEALTHY[5]) for _ in range(2))
    np.testing.assert_allclose(first, again, atol=1e-5)


def test_what_is_missing_is_said_with_what_to_do(monkeypatch):
    def fail(error):
        raise error

    for error, words in (
        (ModuleNotFoundError("No module named 'anomalib'"), r"No module named 'anomalib'.*pip install 'mrianomaly\[anomalib\]'"),
        (RuntimeError("operator torchvision::nms does not exist"), "torchvision::nms"),
        (FileNotFoundError("offline"), "weights of wide_resnet50_2.*internet"),
    ):
        monkeypatch.setitem(anomalib_models.NEEDED, "patchcore", partial(fail, error))
        assert re.search(words, obstacle("patchcore"))
    assert obstacle("pca") == ""

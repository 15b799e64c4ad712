import numpy as np
import pytest
from taught import BLOB, normals, planted, taught, untaught

from MRIAnomalyLib.errors import UsageError


@pytest.fixture(scope="module")
def trained():
    return taught("anogan").detector


def test_a_planted_blob_raises_the_score_with_its_contrast_and_lights_up_where_it_is(trained):
    stack = normals(6, seed=3)
    found = [trained.reconstruct(planted(stack, contrast), steps=150) for contrast in (0.0, 0.3, 0.6)]
    scores = [one.terms["loss"] for one in found]
    assert scores[0].mean() < scores[1].mean() < scores[2].mean()
    assert (scores[0] < scores[2]).all()
    excess = (planted(stack, 0.6).pixels - found[2].healthy) - (stack.pixels - found[0].healthy)
    assert excess[BLOB].mean() > 0.3


def test_training_brings_the_reconstruction_near_slices_never_seen(trained):
    stack = normals(8, seed=11)
    untrained = untaught("anogan").reconstruct(stack, steps=60).terms["residual"]
    assert trained.reconstruct(stack, steps=60).terms["residual"].mean() < untrained.mean()


def test_the_score_is_the_weighted_sum_of_its_terms(trained):
    terms = trained.reconstruct(normals(3, seed=2), steps=10).terms
    np.testing.assert_allclose(terms["loss"], 0.9 * terms["residual"] + 0.1 * terms["discrimination"], rtol=1e-5)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="latent_dim"):
        untaught("anogan", latent_dim=10**9)


def test_thorough_searches_longer_than_fast(trained):
    assert trained.steps_for("thorough") == 500 > trained.steps_for("fast") == 150

import numpy as np
import pytest
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import UsageError

SMALL = {"image_size": 32, "latent_dim": 8, "width": 8, "batch_size": 32, "steps": 250, "pool": 200, "learning_rate": 1e-3, "r1_gamma": 0.0}


@pytest.fixture(scope="module")
def trained():
    detector = create("anogan", SMALL)
    detector.fit(ellipses(200))
    return detector


def planted(stack, contrast):
    """The same slices with a square of 5 x 5 pixels made brighter, away from the dark middle."""
    pixels = stack.pixels.copy()
    pixels[..., 9:14, 8:13] += contrast
    return type(stack)(pixels, stack.mask, stack.level, stack.subject)


def test_a_planted_square_raises_the_score_with_its_contrast_and_lights_up_where_it_is(trained):
    stack = ellipses(6, seed=3)
    scores = []
    for contrast in (0.0, 0.2, 0.4):
        lesioned = planted(stack, contrast)
        found = trained.reconstruct(lesioned, steps=150)
        scores.append(found.terms["loss"])
    assert scores[0].mean() < scores[1].mean() < scores[2].mean()
    assert (scores[0] < scores[2]).all()
    excess = np.where(stack.mask, lesioned.pixels - found.healthy, 0)[:, 0]
    rows, columns = np.array([np.unravel_index(slice_.argmax(), slice_.shape) for slice_ in excess]).T
    inside = (rows >= 9) & (rows < 14) & (columns >= 8) & (columns < 13)
    assert inside.mean() > 0.8


def test_training_brings_the_reconstruction_near_slices_never_seen(trained):
    stack = ellipses(8, seed=11)
    untrained = create("anogan", SMALL).reconstruct(stack, steps=60).terms["residual"]
    assert trained.reconstruct(stack, steps=60).terms["residual"].mean() < 0.6 * untrained.mean()


def test_the_score_is_the_weighted_sum_of_its_terms(trained):
    terms = trained.reconstruct(ellipses(3, seed=2), steps=10).terms
    np.testing.assert_allclose(terms["loss"], 0.9 * terms["residual"] + 0.1 * terms["discrimination"], rtol=1e-5)


def test_samples_are_intensities_and_repeat(trained):
    samples = trained.sample(9, seed=4)
    assert samples.shape == (9, 1, 32, 32)
    assert 0 <= samples.min() < samples.max() <= 1.5
    assert np.array_equal(samples, trained.sample(9, seed=4))


def test_slices_of_another_size_and_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="the network takes 32"):
        create("anogan", SMALL).fit(ellipses(4, size=16))
    for wrong in ({"image_size": 48}, {"width": 0}, {"precision": "float8"}, {"latent_dim": 10**9}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            create("anogan", wrong)


def test_thorough_searches_longer_than_fast(trained):
    assert trained.steps_for("thorough") == 500 > trained.steps_for("fast") == 150

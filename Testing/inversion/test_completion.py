import numpy as np

from MRIAnomalyLib.inversion.completion import complete

DOWN, ACROSS = np.mgrid[0:20, 0:20].astype(float)
HARMONIC = (DOWN**2 - ACROSS**2 + 3 * DOWN * ACROSS)[None, None] / 100  # also for the five-point stencil


def region():
    there = np.zeros((1, 1, 20, 20), bool)
    there[..., 4:12, 6:15] = True
    there[..., 8:10, 9:12] = False  # an island of what is known
    return there


def test_a_harmonic_function_is_completed_exactly():
    spoilt = np.where(region(), 7.0, HARMONIC)
    np.testing.assert_allclose(complete(spoilt, np.zeros_like(spoilt), region()), HARMONIC, atol=1e-10)


def test_what_was_drawn_gives_its_shape_and_the_slice_around_it_the_brightness():
    random = np.random.default_rng(0)
    drawn = random.random((1, 1, 20, 20))
    wanted = drawn + HARMONIC
    np.testing.assert_allclose(complete(np.where(region(), -5.0, wanted), drawn, region()), wanted, atol=1e-10)


def test_pixels_outside_stay_bit_for_bit_and_the_input_is_left_alone():
    slices = np.random.default_rng(1).random((3, 1, 20, 20), np.float32)
    there = np.repeat(region(), 3, 0)
    there[1] = False
    before = slices.copy()
    whole = complete(slices, np.zeros_like(slices), there)
    assert whole.dtype == np.float32
    assert np.array_equal(whole[~there], slices[~there])
    assert np.array_equal(whole[1], slices[1])
    assert not np.array_equal(whole[0], slices[0])
    assert np.array_equal(slices, before)


def test_a_region_at_the_edge_of_the_image_takes_its_brightness_from_the_other_sides():
    there = np.zeros((1, 1, 20, 20), bool)
    there[..., :5, :5] = True
    whole = complete(np.where(there, 0.0, 2.0), np.zeros((1, 1, 20, 20)), there)
    np.testing.assert_allclose(whole, 2.0)

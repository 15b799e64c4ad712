import numpy as np

from MRIAnomalyLib.outputs.signed import signed_colours


def test_darker_is_blue_brighter_is_red_and_nothing_is_white():
    dark, none, bright = signed_colours(np.array([-0.5, 0.0, 0.5]))
    assert dark[2] > dark[0] + 0.3
    assert bright[0] > bright[2] + 0.3
    assert none[:3].min() > 0.9


def test_colours_grow_stronger_to_both_ends_and_stay_beyond_them():
    lightness = signed_colours(np.linspace(-1, 1, 201))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness[:101]) > 0).all()
    assert (np.diff(lightness[100:]) < 0).all()
    np.testing.assert_array_equal(signed_colours(np.array([-7.0, 7.0])), signed_colours(np.array([-1.0, 1.0])))

import numpy as np
import pytest
from ellipses import ellipses

from MRIAnomalyLib.detectors.anogan import AnoGAN
from MRIAnomalyLib.detectors.base import create, register


def test_two_detectors_of_one_name_are_a_mistake():
    with pytest.raises(ValueError, match="two detectors are named anogan"):
        register("anogan")(AnoGAN)


def test_settings_are_json_values_that_make_the_same_detector():
    detector = create("anogan", {"width": 4, "image_size": 16})
    again = create("anogan", detector.settings())
    assert again.config == detector.config
    stack = ellipses(2, 16)
    healthy = [one.reconstruct(stack, steps=2).healthy for one in (detector, again)]
    assert np.array_equal(*healthy)

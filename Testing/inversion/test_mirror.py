from dataclasses import replace

import numpy as np
from taught import normals, taught

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.inversion.mirror import averaged, mirrored
from MRIAnomalyLib.records import Reconstruction


def test_a_detector_of_both_sides_says_the_same_of_a_mirror_image():
    detector, stack = taught("fanogan").detector, normals(3, 1)
    assert detector.config.both_sides
    plain, turned = detector.redraw(stack), detector.redraw(mirrored(stack))
    assert np.allclose(plain.healthy, turned.healthy[..., ::-1], atol=1e-5)
    assert all(np.allclose(plain.terms[name], turned.terms[name], atol=1e-4) for name in plain.terms)
    alone = detector.reconstruct(stack)
    assert not np.allclose(alone.healthy, plain.healthy, atol=1e-5)


def test_one_sided_anatomy_and_other_settings_are_seen_once():
    learned, stack = taught("fanogan").detector, normals(3, 1)
    for change in ({"mirror": False}, {"both_sides": False}):
        detector = create("fanogan", learned.settings() | change)
        detector.load_weights(learned.weights())
        assert np.array_equal(detector.redraw(stack).healthy, detector.reconstruct(stack).healthy)


def test_progress_of_two_looks_is_told_as_one():
    told = []
    taught("fanogan").detector.redraw(normals(3, 1), progress=lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert told[-1] == 1
    assert min(told) <= 0.5


def test_predicted_spreads_are_joined_by_their_squares():
    here, there = np.full((1, 1, 2, 2), 3.0), np.array([[[[1.0, 5.0], [1.0, 5.0]]]])
    plain = Reconstruction(here, {"residual": np.array([2.0])}, spread=here)
    both = averaged(plain, replace(plain, healthy=there, terms={"residual": np.array([4.0])}, spread=there))
    assert np.array_equal(both.healthy[0, 0, 0], [4.0, 2.0])
    assert np.allclose(both.spread[0, 0, 0], np.sqrt([(9 + 25) / 2, (9 + 1) / 2]))
    assert both.terms["residual"] == [3.0]

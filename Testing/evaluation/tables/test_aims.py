from MRIAnomalyLib.evaluation.tables.aims import Aim, aims_told

AIMS = (Aim("pixel AP", "ap", 0.55), Aim("flagged", "flagged", 2, at_most=True))
BAR = {"model": "none, calibration of mine", "ap": 0.9}


def test_the_best_model_is_held_against_every_aim_and_a_map_without_a_model_is_passed_over():
    told = aims_told(AIMS, [BAR, {"model": "mine", "ap": 0.55, "flagged": "3 of 18"}, {"model": "yours", "ap": 0.5, "flagged": "0 of 18"}])
    assert told == "mine, the first of the ranked: pixel AP 0.55 (at least 0.55: reached), flagged 3 of 18 (at most 2: NOT reached)"

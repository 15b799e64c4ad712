from MRIAnomalyLib.evaluation.tables.aims import TRIED, Aim, aims_told

AIMS = (Aim("pixel AP", "ap", 0.55), Aim("flagged", "flagged", 2, at_most=True))
BAR = {"model": "none, calibration of mine", "ap": 0.9}


def test_the_model_that_reaches_most_is_held_against_every_aim_and_a_map_without_a_model_is_passed_over():
    mine, yours = {"model": "mine", "ap": 0.55, "flagged": "3 of 18"}, {"model": "yours", "ap": 0.6, "flagged": "2 of 18"}
    both = "yours reaches pixel AP 0.6 (at least 0.55), flagged 2 of 18 (at most 2); NOT reached: none"
    assert aims_told(AIMS, [BAR, mine, yours]) == f"{both}; mine 1 of 2"
    assert aims_told(AIMS, [{"model": "mine", "ap": 0.5}]) == f"mine reaches none; NOT reached: pixel AP 0.5 (at least 0.55) ({TRIED})"

import pytest

from MRIAnomalyLib.prepare import plausibility

GOOD = {"brain_ml": 1400.0, "correlation": 0.5, "scaling": 1.4, "fluid": 0.45, "grey": 0.8}


def test_an_ordinary_brain_passes():
    assert plausibility.reasons_to_refuse(GOOD, "T1") == []


@pytest.mark.parametrize(
    ("odd", "unlike"),
    [
        ({"brain_ml": 300.0}, "a whole adult brain: brain volume 300 mL"),
        ({"brain_ml": 3000.0}, "a whole adult brain"),
        ({"correlation": 0.1}, "a whole adult brain"),
        ({"scaling": 0.5}, "a whole adult brain"),
        ({"fluid": 1.4}, "a T1-weighted scan"),
        ({"grey": 1.1}, "a T1-weighted scan"),
    ],
)
def test_what_cannot_be_a_t1_brain_is_refused_with_what_it_is_not_and_what_to_give(odd, unlike):
    reasons = plausibility.reasons_to_refuse({**GOOD, **odd}, "T1")
    assert len(reasons) == 1
    assert f"does not look like {unlike}" in reasons[0]
    assert "Give a T1-weighted scan" in reasons[0]


def test_a_brain_cut_out_as_those_of_the_calibration_is_ordinary_and_any_other_is_warned_about():
    own, other = ({**GOOD, "extracted": value} for value in (0.0, 1.0))
    for known, strange in ((own, other), (other, own)):
        ranges = plausibility.ranges_of([known, known])
        assert plausibility.cut_out(known, ranges) == []
        assert "rim may light up" in plausibility.cut_out(strange, ranges)[0]
    assert plausibility.cut_out(other, {})  # a bundle that does not say was calibrated on heads


def test_what_was_not_measured_in_all_is_not_compared():
    ranges = plausibility.ranges_of([GOOD, {"grey": 0.8, "overlap": 0.95}])
    assert list(ranges) == ["grey"]
    assert plausibility.unusual({"overlap": 0.5}, {"overlap": [0.9, 0.95], "brain_ml": [1300, 1500]})[0].count("overlap") == 1


def test_only_what_lies_clearly_outside_the_calibration_scans_is_called_unusual():
    ranges = plausibility.ranges_of([GOOD, {**GOOD, "grey": 0.82, "fluid": 0.5}])
    assert plausibility.unusual({**GOOD, "grey": 0.81}, ranges) == []
    assert "0.70" in plausibility.unusual({**GOOD, "grey": 0.70}, ranges)[0]


def test_a_brain_that_differs_everywhere_is_warned_about():
    assert plausibility.too_wide({"atlas": 0.5}, {"atlas": 0.55}) == []
    assert "2.0 times" in plausibility.too_wide({"atlas": 1.1}, {"atlas": 0.55})[0]

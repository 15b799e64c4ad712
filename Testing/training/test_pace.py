import pytest

from MRIAnomalyLib.training.pace import pace


def test_the_rate_rises_stays_and_falls_to_nothing():
    rates = [pace(number, steps=100, warm_up=10, settle_share=0.2) for number in range(100)]
    assert rates[:2] == [pytest.approx(0.1), pytest.approx(0.2)]
    assert set(rates[9:81]) == {1.0}
    assert rates[90] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(0.05)

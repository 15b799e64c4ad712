from dataclasses import dataclass

import pytest

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.training.settings import check_kinds


@dataclass
class Settings:
    steps: int = 3
    rate: float = 0.1
    mirror: bool = True
    tone: str = "median"
    cells: tuple[int, ...] = (16, 32)
    brightest: float | None = None


def test_values_of_the_kind_of_their_field_are_taken_whole_numbers_for_any_and_lists_for_tuples():
    check_kinds(Settings, {"steps": 4, "rate": 1, "mirror": False, "tone": "white", "cells": [16], "brightest": None, "other": 3})
    check_kinds(Settings, {"cells": (16, 64), "brightest": 1.7})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("steps", "many", "a whole number"),
        ("steps", 1.5, "a whole number"),
        ("steps", True, "a whole number"),
        ("rate", "fast", "a number"),
        ("mirror", 1, "true or false"),
        ("tone", 3, "a word"),
        ("cells", 16, "a list, each entry a whole number"),
        ("cells", [16, "x"], "a list, each entry a whole number"),
        ("brightest", "very", "a number or nothing"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_the_setting_and_what_it_must_be(name, value, said):
    with pytest.raises(UsageError, match=f"The setting {name} is .*; it must be {said}[.]"):
        check_kinds(Settings, {name: value})

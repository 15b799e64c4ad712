import math

import pytest
import torch
from torch import nn

from MRIAnomalyLib.training.turns import all_turns, turn_surprise


class Corner(nn.Module):
    """Sees by how much a slice with one bright corner was turned, and is so sure of it."""

    def __init__(self, certainty):
        super().__init__()
        self.certainty = certainty

    def turns(self, slices):
        last = slices.shape[-1] - 1
        return self.certainty * torch.stack([slices[:, 0, row, column] for row, column in ((0, 0), (last, 0), (last, last), (0, last))], 1)


def bright(row, column):
    slices = torch.zeros(1, 1, 4, 4)
    slices[0, 0, row, column] = 1
    return slices


def test_all_slices_come_once_in_each_quarter_turn_one_turn_after_the_other():
    turned = all_turns(torch.cat([bright(0, 0), bright(1, 0)]))
    places = [tuple(one[0].nonzero()[0].tolist()) for one in turned]
    assert places == [(0, 0), (1, 0), (3, 0), (3, 1), (3, 3), (2, 3), (0, 3), (0, 2)]


def test_surprise_is_the_mean_of_minus_log_of_what_the_right_turns_are_given():
    certainty = 2.0
    upright, turned = turn_surprise(Corner(certainty), torch.cat([bright(0, 0), bright(3, 0)])).tolist()
    whole = math.log(math.exp(certainty) + 3)
    assert upright == pytest.approx(whole - certainty)
    assert turned == pytest.approx(whole)


def test_who_knows_nothing_is_surprised_by_the_logarithm_of_four():
    assert turn_surprise(Corner(0.0), bright(0, 0)).item() == pytest.approx(math.log(4))

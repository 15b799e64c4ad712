"""How far a picture was turned: a second task for a discriminator, which it does worse on what it has not learned.

The task is Gidaris et al.'s (ICLR 2018), as a discriminator's second one Chen et al.'s (CVPR 2019), and as a score Golan and El-Yaniv's
(NeurIPS 2018). It suits photographs, which have an upright; what a lesion does not turn it cannot see.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ..nets.dcgan import TurnDiscriminator

TURNS = 4


def turn_surprise(discriminator: TurnDiscriminator, slices: Tensor) -> Tensor:
    """(N,) mean over the four quarter turns of -log of the probability that the discriminator gives to the right one."""
    logits = discriminator.turns(all_turns(slices)).float()
    right = torch.arange(TURNS, device=slices.device).repeat_interleave(len(slices))
    return cross_entropy(logits, right, reduction="none").view(TURNS, -1).mean(0)


def all_turns(slices: Tensor) -> Tensor:
    """Square slices (N, C, S, S) -> (4 * N, C, S, S): all as they are, then all with one quarter turn, and so on."""
    return torch.cat([slices.rot90(turns, (2, 3)) for turns in range(TURNS)])

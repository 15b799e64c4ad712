"""The latent score as public code of GANomaly's family takes it: with the network in training mode, by the statistics of each batch.

A picture's score then depends on the pictures beside it, and a lone one cannot be scored. It is measured only to show what that is worth
(samet-akcay/ganomaly, issues 47, 83 and 97); nothing else in the project scores so.
"""

from __future__ import annotations

import copy

import torch

from ..detectors.latent_regularised import LatentRegularised
from ..records import Array, SliceStack
from ..training.data import posed

BATCH = 64  # pictures that normalise each other


@torch.no_grad()
def latent_by_batch(detector: LatentRegularised, stack: SliceStack, device: str, seed: int = 0) -> Array:
    """(N,) mean squared difference of latent vectors, pictures in batches drawn by this seed; the detector stays as it is."""
    network = copy.deepcopy(detector.network).to(device).train()
    order = torch.randperm(len(stack), generator=torch.Generator().manual_seed(seed))
    scores = torch.empty(len(stack))
    for rows in order.split(BATCH):
        trip = network(posed(stack.take(rows.numpy()), detector.config.intensity_top, device)[0])
        scores[rows] = (trip.latent - trip.latent_again).square().mean(1).cpu()
    return scores.numpy()

"""Ways to spoil healthy slices, from which a network learns to take off what is not healthy, and to say where it was.

A network that knows one family of corruption learns that family's look. With several, one left out of training tells what it makes of
things it has never seen. Coarse noise is of Kascenas et al. (MIDL 2022), patches from elsewhere in the slice are of Li et al., CutPaste
(CVPR 2021), those of other slices of Tan et al., Foreign Patch Interpolation (2020). No reference code was copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from .blobs import random_blobs
from .coarse_noise import Coarseness, coarse_noise
from .spoiling import spoiled
from .warping import warped

SHARE_OF_OTHER = (0.3, 1.0)  # of another slice in a patch of it
FAR = 0.06  # by which a region is bent, as a share of the image: 4 of 64 pixels
MOVED = 0.1, 0.5  # of the image: how far away a pasted patch was cut


def corrupted(slices: Tensor, mask: Tensor, families: Sequence[str], bumps: Coarseness, random: torch.Generator) -> Tensor:
    """Slices (N, 1, S, S) each spoiled in one of these ways, or clean, as `bumps.clean_share` says; nothing changes outside the masks."""
    noisy = slices + coarse_noise(mask, bumps, random)
    if tuple(families) == ("coarse_noise",):
        return noisy
    spoilt = torch.stack([noisy if name == "coarse_noise" else _FAMILIES[name](slices, random) for name in families])
    which = torch.randint(len(families), (len(slices),), generator=random)
    clean = torch.rand(len(slices), 1, 1, 1, generator=random) < bumps.clean_share
    # coarse noise has left its own share clean already
    clean &= torch.tensor([name != "coarse_noise" for name in families])[which][:, None, None, None]
    return torch.where(clean | ~mask, slices, spoilt[which, torch.arange(len(slices))])


def _other_slice(slices: Tensor, random: torch.Generator) -> Tensor:
    """A region of irregular shape shows, in part or wholly, another slice of the batch."""
    low, high = SHARE_OF_OTHER
    share = low + (high - low) * torch.rand(len(slices), 1, 1, 1, generator=random)
    return slices.lerp(slices.roll(1, 0), share * _soft_regions(slices, random))


def _moved_patch(slices: Tensor, random: torch.Generator) -> Tensor:
    """A region shows what lies elsewhere in the slice."""
    size = slices.shape[-1]
    low, high = (round(share * size) for share in MOVED)
    moves = torch.randint(low, high + 1, (len(slices), 2), generator=random).tolist()
    moved = torch.stack([slice_.roll(tuple(move), (1, 2)) for slice_, move in zip(slices, moves, strict=True)])
    return slices.lerp(moved, random_blobs(len(slices), size, 1.0, random))


def _other_brightness(slices: Tensor, random: torch.Generator) -> Tensor:
    """Regions are darker or brighter."""
    return spoiled(slices, 1.0, random)


def _bent(slices: Tensor, random: torch.Generator) -> Tensor:
    """A region is bent, as something that grows bends what is around it."""
    bent, _ = warped(slices, torch.ones_like(slices, dtype=torch.bool), FAR * slices.shape[-1], random)
    return slices.lerp(bent, _soft_regions(slices, random))


def _soft_regions(slices: Tensor, random: torch.Generator) -> Tensor:
    return functional.avg_pool2d(random_blobs(len(slices), slices.shape[-1], 1.0, random), 3, 1, 1)


_FAMILIES: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "other_slice": _other_slice,
    "moved_patch": _moved_patch,
    "other_brightness": _other_brightness,
    "bent": _bent,
}
FAMILIES = ("coarse_noise", *_FAMILIES)

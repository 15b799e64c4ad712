"""Which pixels a training slice hides: squares on a shifted grid, as in use, or rectangles; and regions of any shape.

The last stand for what a first look has found and a second look hides.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .blobs import random_blobs

SIDES = (1 / 16, 3 / 8)  # of a hidden square or rectangle, as a share of the image: 4 to 24 of 64 pixels
RECTANGLES = 5  # at most
GRID_SHARE = 0.5  # of the slices: hidden on a grid; the others by rectangles
BLOB_SHARE = 0.3  # of the slices: also regions of irregular shape


def random_hidden(count: int, size: int, random: torch.Generator) -> Tensor:
    """Maps (count, 1, size, size) that are 1 where a slice is hidden; never empty."""
    maps = [_grid(size, random) if _chance(GRID_SHARE, random) else _rectangles(size, random) for _ in range(count)]
    return torch.maximum(torch.stack(maps)[:, None], random_blobs(count, size, BLOB_SHARE, random))


def grid(size: int, side: int, row: int, column: int) -> Tensor:
    """Squares `side` wide and as far apart, one of them starting at (row, column): a quarter is hidden.

    Returns:
        (size, size) how many pixels deep inside its square a pixel lies, from 1 at the rim; 0 between the squares.
    """
    down, across = (_depth((torch.arange(size) - start) % (2 * side), side) for start in (row, column))
    return torch.minimum(down[:, None], across)


def _grid(size: int, random: torch.Generator) -> Tensor:
    side = _side(size, random)
    return (grid(size, side, _below(2 * side, random), _below(2 * side, random)) > 0).float()


def _depth(place: Tensor, side: int) -> Tensor:
    return torch.minimum(place + 1, side - place).clamp(min=0).float()


def _rectangles(size: int, random: torch.Generator) -> Tensor:
    map_ = torch.zeros(size, size)
    for _ in range(1 + _below(RECTANGLES, random)):
        height, width = _side(size, random), _side(size, random)
        row, column = _below(size - height, random), _below(size - width, random)
        map_[row : row + height, column : column + width] = 1
    return map_


def _side(size: int, random: torch.Generator) -> int:
    low, high = (max(2, round(share * size)) for share in SIDES)
    return low + _below(high - low + 1, random)


def _below(limit: int, random: torch.Generator) -> int:
    return int(torch.randint(limit, (), generator=random))


def _chance(share: float, random: torch.Generator) -> bool:
    return bool(torch.rand((), generator=random) < share)

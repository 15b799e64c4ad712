"""Which pixels a slice and its healthy counterpart do not agree on: a mask in [0, 1], in closed form.

For deviations rho in standard deviations of healthy people, the mask M of one pixel minimises

    (1 - M)^2 rho^2 + penalty M    over 0 <= M <= 1,    so that    M = max(0, 1 - penalty / (2 rho^2)):

to fit a pixel with the mask on costs rho^2 up to penalty / 2, and never more than the penalty, however far it is off. With
penalty = 2 k^2 a pixel enters the mask beyond k standard deviations.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_TV_ITERATIONS = 20


def closed_mask(squared: Tensor, penalty: Tensor | float) -> Tensor:
    """The best mask (N, 1, H, W) for squared deviations and what a masked pixel costs, which may differ from slice to slice."""
    return (1 - penalty / (2 * squared)).clamp(min=0)  # of nothing: 1 - infinity


def bounded_loss(squared: Tensor, penalty: float) -> Tensor:
    """What a pixel costs with its best mask: rho^2, from penalty / 2 on bending towards the penalty."""
    mask = closed_mask(squared, penalty)
    return (1 - mask).square() * squared + penalty * mask


def penalty_beyond(k: Tensor | float) -> Tensor | float:
    """The penalty with which pixels enter the mask beyond k standard deviations."""
    return 2 * k * k


def mean_inside(maps: Tensor, inside: Tensor) -> Tensor:
    """Mean of the 3 x 3 pixels around each that lie inside (N, 1, H, W; 0 or 1); 0 outside."""
    area = functional.avg_pool2d(inside, 3, 1, 1).clamp(min=1 / 9)
    return functional.avg_pool2d(maps * inside, 3, 1, 1) / area * inside


def smooth_mask(mask: Tensor, weight: float) -> Tensor:
    """The mask (N, 1, H, W) of which min 1/2 |M - mask|^2 + weight TV(M) is nearly reached (Chambolle 2004); stray pixels go."""
    from skimage.restoration import denoise_tv_chambolle

    flat = mask[:, 0].double().cpu().numpy()
    # of each slice by itself, in as many iterations: none depends on the others
    smooth = [denoise_tv_chambolle(one, weight, eps=0, max_num_iter=_TV_ITERATIONS) if one.any() else one for one in flat]
    return torch.from_numpy(np.stack(smooth)[:, None]).to(mask).clamp(0, 1)


def grown(region: Tensor, pixels: int, inside: Tensor) -> Tensor:
    """A region (N, 1, H, W; 0 or 1) and what lies up to so many pixels around it, also diagonally, inside."""
    return functional.max_pool2d(region, 2 * pixels + 1, 1, pixels) * inside

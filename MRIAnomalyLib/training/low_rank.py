"""How many directions a batch of latent vectors takes up, as something to lower and as something to watch.

Only singular values are needed, and those of a matrix are the roots of the eigenvalues of its Gram matrix. The gradient of eigenvalues
exists where some are equal, that of singular vectors does not.
"""

from __future__ import annotations

import torch
from torch import Tensor

LOW_RANK_FORMS = ("scale_free", "nuclear_norm")


def low_rank_loss(latent: Tensor, form: str) -> Tensor:
    """What is small when latent vectors take up few directions.

        nuclear_norm  sum of the singular values of Z (Wang et al. 2020, arXiv 2007.04734); smaller vectors lower it too, which
                      costs a decoder nothing
        scale_free    sum of the singular values of Z_c over their root sum of squares, Z_c being Z less its mean row: from 1 for one
                      direction to the square root of the rank, whatever the scale; 0 where all vectors are equal

    Args:
        latent: Z (B, d), float32 or float64; B should not be far below d, which the rank cannot exceed either.
        form: of LOW_RANK_FORMS.
    """
    if form == "nuclear_norm":
        return _squared_singular_values(latent).sqrt().sum()
    return _shares(latent).sqrt().sum()


@torch.no_grad()
def effective_rank(latent: Tensor) -> float:
    """Directions that latent vectors (B, d) take up about their mean: exp(entropy) of the shares of variance (Roy and Vetterli 2007)."""
    shares = _shares(latent)
    return float((-shares * shares.log()).sum().exp())


def _shares(latent: Tensor) -> Tensor:
    """Share of the variance (K,) of each direction that has any."""
    squared = _squared_singular_values(latent - latent.mean(0))
    return squared / squared.sum()


def _squared_singular_values(matrix: Tensor) -> Tensor:
    """Those (K,) that are more than rounding.

    What is rounding depends on the largest, as in numpy's `matrix_rank`: a fixed number added to all would give vectors of one direction
    many, and more of them the smaller the vectors are. On the CPU, because not every graphics card has eigenvalues.
    """
    gram = (matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix).cpu()
    values = torch.linalg.eigvalsh(gram)
    rounding = len(values) * torch.finfo(values.dtype).eps * values[-1]
    return values[values > rounding].to(matrix.device)

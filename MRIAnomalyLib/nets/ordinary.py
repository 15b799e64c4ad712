"""How the styles of healthy slices lie, and how their scores do: what makes scores of different kinds comparable."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .likelihood import Likelihood
from .psp import bands
from .standard import Standard

COMBINED = ("pixel", "perceptual", "reencoding", "mahalanobis")  # terms that are made one
DISTANCES = ("mahalanobis", "coarse", "middle", "fine")  # of all styles, and of a part of them


class Ordinary(nn.Module):
    """Knows styles (N, layers * latent_dim) as differences from the mean style, and terms, name -> (N,), of healthy slices."""

    def __init__(self, layers: int, latent_dim: int, components: int) -> None:
        """Nothing is known yet; `components` is how many directions of styles are told apart."""
        super().__init__()
        self._parts = (slice(0, layers), *bands(layers))
        self._latent_dim = latent_dim
        counts = [latent_dim * len(range(layers)[part]) for part in self._parts]
        self.likelihood = nn.ModuleList(Likelihood(count, components) for count in counts)
        self.standard = Standard(len(COMBINED))

    def learn_styles(self, styles: Tensor) -> None:
        """Those of healthy slices."""
        for likelihood, part in zip(self._all(), self._split(styles), strict=True):
            likelihood.fit(part)

    def learn_terms(self, terms: Mapping[str, Tensor]) -> None:
        """Those of healthy slices."""
        self.standard.fit(torch.stack([terms[name] for name in COMBINED], 1))

    def distances(self, styles: Tensor) -> dict[str, Tensor]:
        """How far styles lie from those of healthy slices, name of DISTANCES -> (N,); see `Likelihood`."""
        pairs = zip(DISTANCES, self._all(), self._split(styles), strict=True)
        return {name: likelihood(part) for name, likelihood, part in pairs}

    def nearest(self, styles: Tensor) -> Tensor:
        """What of these styles lies in the directions in which healthy slices differ most."""
        return self._all()[0].nearest(styles)

    def combined(self, terms: Mapping[str, Tensor]) -> Tensor:
        """(N,) mean of the terms of COMBINED, each in robust standard deviations of healthy slices."""
        return self.standard(torch.stack([terms[name] for name in COMBINED], 1))

    def _split(self, styles: Tensor) -> list[Tensor]:
        by_layer = styles.unflatten(1, (-1, self._latent_dim))
        return [by_layer[:, part].flatten(1) for part in self._parts]

    def _all(self) -> list[Likelihood]:
        return [one for one in self.likelihood if isinstance(one, Likelihood)]

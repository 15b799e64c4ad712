"""Training that starts from what was learned before: what is taken over, and which layers stay as they were.

Leaving the lower layers of the discriminator as they were is FreezeD: Mo et al., "Freeze the Discriminator: a Simple Baseline for
Fine-Tuning GANs" (2020). No reference code was copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..errors import UsageError
from ..nets.noise import Noise
from ..nets.place import Place
from ..records import Array


@dataclass(frozen=True, eq=False)
class Source:
    """A trained model that another starts from."""

    name: str  # of its bundle
    weights_sha256: str
    detector: str
    settings: Mapping[str, Any]  # as the detector's configuration takes them
    weights: Mapping[str, Array]

    @property
    def origin(self) -> dict[str, str]:
        """Which it is, to the byte: what a checkpoint and a bundle keep of it."""
        return {"name": self.name, "weights_sha256": self.weights_sha256}


def taken_over(nets: Mapping[str, nn.Module], learned: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays by name for these networks to start from: the learned ones, but what they know of places stays as it is.

    How healthy people look at each place, and how far they lie from what is drawn for them, is another thing in every sequence, and of as
    many levels as its grid has; training measures it.
    """
    places = {f"{name}.{key}": getattr(net, key) for name, net in nets.items() if isinstance(net, Place | Noise) for key in net.maps}
    return {**learned, **{name: map_.cpu().numpy() for name, map_ in places.items()}}


def lower_layers(layers: Sequence[nn.Module], count: int) -> list[nn.Module]:
    """The first so many of a network's layers, counted from the slice upwards.

    Raises:
        UsageError: there are not as many.
    """
    if not 0 <= count <= len(layers):
        raise UsageError(f"The setting frozen_layers is {count}; it must be from 0 to {len(layers)}.")
    return list(layers[:count])

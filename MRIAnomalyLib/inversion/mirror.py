"""A symmetric organ seen twice: as it is and in the mirror, for a counterpart that errs less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..records import Reconstruction, SliceStack


def mirrored(stack: SliceStack) -> SliceStack:
    """Each slice with left and right exchanged."""
    pixels, mask = (np.ascontiguousarray(maps[..., ::-1]) for maps in (stack.pixels, stack.mask))
    return replace(stack, pixels=pixels, mask=mask)


def averaged(plain: Reconstruction, turned: Reconstruction) -> Reconstruction:
    """The mean of what is said of slices and, turned back, of their mirror images; of predicted spreads the root of the mean square.

    Latent vectors are those of the slices as they are: a mean of two latent vectors draws neither slice.
    """
    both = replace(
        plain,
        healthy=(plain.healthy + turned.healthy[..., ::-1]) / 2,
        terms={name: (value + turned.terms[name]) / 2 for name, value in plain.terms.items()},
    )
    if plain.spread is None or turned.spread is None:
        return both
    return replace(both, spread=np.sqrt((plain.spread**2 + turned.spread[..., ::-1] ** 2) / 2))

"""Healthy texture put in the place of a lesion without a seam: Poisson image editing (Perez et al., SIGGRAPH 2003)."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from ..records import Array


def complete(slices: Array, drawn: Array, region: Array) -> Array:
    """Slices (N, 1, H, W) that have the gradients of the drawn ones in the region (bool), and are bit for bit as they were outside.

    In the region the Laplacian (five-point stencil) is that of the drawn slice; at its rim lie the pixels around it; the edge of the
    image gives nothing.
    """
    whole = slices.copy()
    for row in np.flatnonzero(region.any((1, 2, 3))):
        inside = region[row, 0]
        difference = (slices[row, 0] - drawn[row, 0]).astype(float)
        whole[row, 0][inside] = drawn[row, 0][inside] + _harmonic(difference, inside)
    return whole


def _harmonic(values: Array, inside: Array) -> Array:
    """(P,) what the P pixels inside take so that each is the mean of its neighbours, given the values (H, W) of those outside."""
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    centre, neighbour = _pairs(inside)
    unknown = inside.ravel()[neighbour]
    size = int(inside.sum())
    degree = np.bincount(number.ravel()[centre], minlength=size)
    ends = number.ravel()[centre[unknown]], number.ravel()[neighbour[unknown]]
    matrix = sparse.diags(degree.astype(float)) - sparse.coo_array((np.ones(len(ends[0])), ends), shape=(size, size))
    given = np.bincount(number.ravel()[centre[~unknown]], weights=values.ravel()[neighbour[~unknown]], minlength=size)
    return np.asarray(spsolve(matrix.tocsc(), given))


def _pairs(inside: Array) -> tuple[Array, Array]:
    """Flat places of each pixel inside and of each of its neighbours in the image."""
    place = np.arange(inside.size).reshape(inside.shape)
    edges = [(place[:-1], place[1:]), (place[:, :-1], place[:, 1:])]
    one = np.concatenate([side.ravel() for near, far in edges for side in (near, far)])
    other = np.concatenate([side.ravel() for near, far in edges for side in (far, near)])
    return one[inside.ravel()[one]], other[inside.ravel()[one]]

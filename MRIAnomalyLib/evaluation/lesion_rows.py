"""Which lesions are found: by size, and by how much they differ from what lies around them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..records import Array
from .bootstrap import ends, share
from .froc import Hits, lesions_of
from .measure import Resampled
from .reading import LESION, Reading

SIZES_ML = (0.0, 0.3, 1.0, 3.0, 10.0, math.inf)
CONTRASTS = (0.0, 0.1, 0.2, 0.4, math.inf)  # part of the brightness around, brighter or darker
BY = {"size, mL": SIZES_ML, "contrast": CONTRASTS}


def by_size_and_contrast(readings: Sequence[Reading], hits: Mapping[str, Hits], people: Resampled) -> list[dict[str, Any]]:
    """Share of lesions found at a method's threshold, which `hits` begin with; groups without any lesion are left out."""
    ill = [one for one in readings if one.state == LESION]
    if not ill:
        return []
    places = np.repeat(people.places(ill), [len(one.contrasts) for one in ill])
    found = np.concatenate([hits[one.id].found[:, 0] for one in ill])
    values = {
        "size, mL": np.concatenate([_sizes(one) for one in ill]),
        "contrast": np.abs(np.concatenate([one.contrasts for one in ill])),
    }
    rows = []
    for name, edges in BY.items():
        for low, high in itertools.pairwise(edges):
            here = (values[name] >= low) & (values[name] < high)
            if here.any():
                hit, all_ = (np.bincount(places[chosen], minlength=len(people.names)) for chosen in (here & found, here))
                row = {"by": name, "from": low, "to": "" if math.isinf(high) else high, "lesions": int(here.sum())}
                shares = [round(end, 3) for end in ends(share(hit, all_, people.weights))]
                rows.append({**row, "found": round(float(found[here].mean()), 3), "found_95": shares})
    return rows


def _sizes(reading: Reading) -> Array:
    """(L,) mL."""
    labels, count = lesions_of(reading.truth)
    return np.bincount(labels.ravel(), minlength=count + 1)[1:] * reading.voxel_mm3 / 1000

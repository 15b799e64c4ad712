"""Arrays by name as a safetensors file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..records import Array


def tensor_file(arrays: Mapping[str, Array]) -> bytes:
    """The file's content."""
    from safetensors.numpy import save  # not in Slicer's Python, which lists bundles before anything is installed

    # safetensors writes memory as it lies, also where rows and columns are exchanged there
    return save({name: np.asarray(array, order="C") for name, array in arrays.items()})

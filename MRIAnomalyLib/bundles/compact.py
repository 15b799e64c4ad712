"""Arrays in few bytes, for bundles that ship: 7-bit codes, deflated, in place of half precision.

Every row (the first axis) has a scale of its own, so that no code lies further from its value than half of 1/127 of that row's range. Where
neighbours are alike, as in maps, their differences are what is deflated. Arrays of integers and small ones stay as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from ..errors import BundleError
from ..records import Array

FEWEST = 4096  # values from which on an array is coded
LEVELS = 127
CODES, DIFFERENCES = ":codes", ":differences"  # what follows the name of an array that is kept as codes, or as differences of such
SCALE, SHAPE = ":scale", ":shape"


def compacted(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays by name as they are kept: in place of each float array of FEWEST values or more its codes, scale (rows, 2) and shape."""
    kept: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.size < FEWEST or array.dtype.kind != "f":
            kept[name] = array
            continue
        rows = array.reshape(len(array) if array.ndim > 1 else 1, -1).astype(np.float32)
        low = rows.min(1)
        step = np.maximum((rows.max(1) - low) / LEVELS, np.finfo(np.float32).tiny)
        codes = np.round((rows - low[:, None]) / step[:, None]).astype(np.uint8)
        versions = {CODES: zlib.compress(codes.tobytes(), 9), DIFFERENCES: zlib.compress(_differences(codes).tobytes(), 9)}
        kind = min(versions, key=lambda kind: len(versions[kind]))
        kept[name + kind] = np.frombuffer(versions[kind], np.uint8)
        kept[name + SCALE] = np.stack([low, step], 1)
        kept[name + SHAPE] = np.array(array.shape, np.int32)
    return kept


def expanded(kept: Mapping[str, Array]) -> dict[str, Array]:
    """What `compacted` was given, coded arrays as float32.

    Raises:
        BundleError: codes that do not fit their shape, or that lack their scale or shape.
    """
    arrays = {}
    for name, array in kept.items():
        base, colon, kind = name.rpartition(":")
        if not colon:
            arrays[name] = array
        elif colon + kind in (CODES, DIFFERENCES):
            try:
                arrays[base] = _expanded(array, kept[base + SCALE], kept[base + SHAPE], colon + kind == DIFFERENCES)
            except (KeyError, ValueError, zlib.error) as error:
                raise BundleError(f"The array {base!r} of the bundle cannot be read: get the bundle again from its source.") from error
    return arrays


def _expanded(content: Array, scale: Array, shape: Array, differences: bool) -> Array:
    size = int(np.prod(shape))
    inflated = zlib.decompressobj().decompress(content.tobytes(), size + 1)  # never more than the shape says
    codes = np.frombuffer(inflated, np.uint8).reshape(len(scale), size // len(scale))
    if differences:
        codes = np.cumsum(codes, 1, dtype=np.uint8)
    return (scale[:, :1] + codes * scale[:, 1:]).astype(np.float32).reshape(shape)


def _differences(codes: Array) -> Array:
    return np.diff(codes, axis=1, prepend=np.uint8(0))  # modulo 256, as `cumsum` of the same type undoes

"""Arrays in few bytes, for bundles that ship: codes of 6 bits or so, deflated, in place of half precision.

Every row (the first axis) has a scale of its own, so that no 6-bit code lies further from its value than half of 1/63 of that row's range.
Where neighbours are alike, as in maps, their differences are what is deflated. Bytes are deflated too; other integers and small arrays
stay.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from ..errors import BundleError
from ..records import Array

FEWEST = 1024  # values from which on an array is coded
BITS = 6
CODES, DIFFERENCES, BYTES = ":codes", ":differences", ":bytes"  # what follows an array's name: codes, differences of such, its own bytes
SCALE, SHAPE = ":scale", ":shape"


def compacted(arrays: Mapping[str, Array], bits: int = BITS) -> dict[str, Array]:
    """Arrays by name as they are kept: in place of each array of FEWEST floats or bytes its codes, their scale (rows, 2), and its shape.

    Codes of floats have so many bits, 8 at most.
    """
    kept: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.size < FEWEST or not (array.dtype.kind == "f" or array.dtype == np.uint8):
            kept[name] = array
            continue
        if array.dtype == np.uint8:
            versions = {BYTES: _deflated(array)}
        else:
            rows = array.reshape(len(array) if array.ndim > 1 else 1, -1).astype(np.float32)
            low = rows.min(1)
            step = np.maximum((rows.max(1) - low) / (2**bits - 1), np.finfo(np.float32).tiny)
            codes = np.round((rows - low[:, None]) / step[:, None]).astype(np.uint8)
            versions = {CODES: _deflated(codes), DIFFERENCES: _deflated(_differences(codes))}
            kept[name + SCALE] = np.stack([low, step], 1)
        kind = min(versions, key=lambda kind: len(versions[kind]))
        kept[name + kind] = versions[kind]
        kept[name + SHAPE] = np.array(array.shape, np.int32)
    return kept


def expanded(kept: Mapping[str, Array]) -> dict[str, Array]:
    """What `compacted` was given, coded floats as float32.

    Raises:
        BundleError: codes that do not fit their shape, or that lack their scale or shape.
    """
    arrays = {}
    for name, array in kept.items():
        base, colon, kind = name.rpartition(":")
        if not colon:
            arrays[name] = array
        elif colon + kind in (CODES, DIFFERENCES, BYTES):
            try:
                shape = kept[base + SHAPE]
                arrays[base] = (
                    _inflated(array, shape) if colon + kind == BYTES else _decoded(array, kept[base + SCALE], shape, colon + kind)
                )
            except (KeyError, ValueError, zlib.error) as error:
                raise BundleError(f"The array {base!r} of the bundle cannot be read: get the bundle again from its source.") from error
    return arrays


def _decoded(content: Array, scale: Array, shape: Array, kind: str) -> Array:
    codes = _inflated(content, shape).reshape(len(scale), -1)
    if kind == DIFFERENCES:
        codes = np.cumsum(codes, 1, dtype=np.uint8)
    return (scale[:, :1] + codes * scale[:, 1:]).astype(np.float32).reshape(shape)


def _deflated(array: Array) -> Array:
    return np.frombuffer(zlib.compress(array.tobytes(), 9), np.uint8)


def _inflated(content: Array, shape: Array) -> Array:
    size = int(np.prod(shape))
    inflated = zlib.decompressobj().decompress(content.tobytes(), size + 1)  # never more than the shape says
    return np.frombuffer(inflated, np.uint8).reshape(shape)


def _differences(codes: Array) -> Array:
    return np.diff(codes, axis=1, prepend=np.uint8(0))  # modulo 256, as `cumsum` of the same type undoes

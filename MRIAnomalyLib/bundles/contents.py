"""What may stand in a bundle, and reading it only after every check passed: names, sizes, magic bytes, tensor headers, SHA-256."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import BundleError
from ..records import Array

MODEL = "model.json"
WEIGHTS = "weights.safetensors"
CALIBRATION = "calibration.safetensors"
CARD = "card.md"
LICENCE = "LICENSE"
REQUIRED = (MODEL, WEIGHTS, CALIBRATION, CARD, LICENCE)
MOST_BYTES = 200_000_000  # of a whole bundle, and so of any file in it

_PICTURE = re.compile(r"card/\w[\w.-]*\.png")
_MOST_HEADER_BYTES = 1 << 20
_ITEM_BYTES = {"F16": 2, "F32": 4, "F64": 8, "I32": 4, "I64": 8, "U8": 1, "BOOL": 1}
# what torch.save, pickle and zip begin with; a text file or a tensor file never does
_CODE_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", *(bytes([0x80, protocol]) for protocol in range(1, 6)))


def sha256_of(content: bytes) -> str:
    """The SHA-256 of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def check_names(names: Iterable[str]) -> None:
    """Refuse any file name ("/" between parts) that a bundle does not have, and a bundle that lacks one it must have.

    Raises:
        BundleError: names the first offender.
    """
    names = set(names)
    strange = sorted(name for name in names if name not in REQUIRED and not _PICTURE.fullmatch(name))
    if strange:
        raise BundleError(f"{strange[0]!r} has no place in a bundle: take it out, or get the bundle again from its source.")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise BundleError(f"This is not a whole bundle: {missing[0]} is missing.")


def names_in(folder: Path) -> dict[str, int]:
    """Every file under a bundle's folder: name with "/" between parts -> bytes.

    Raises:
        BundleError: a link (which could lead anywhere), or more than 200 MB together.
    """
    sizes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise BundleError(f"{path.name!r} in the bundle {folder.name} is a link; a bundle holds plain files only.")
        if path.is_file():
            sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    if sum(sizes.values()) > MOST_BYTES:
        raise BundleError(f"The bundle {folder.name} is larger than {MOST_BYTES // 1_000_000} MB, which no bundle of ours is.")
    return sizes


def read_verified(path: Path, sha256: str) -> bytes:
    """A file's bytes, once size, first bytes, tensor header and SHA-256 were found to be right.

    Raises:
        BundleError: the file is missing, too large, pickled or zipped, malformed, or differs from its SHA-256.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BundleError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB, which no bundle's file is.")
        with path.open("rb") as stream:
            start = stream.read(8)
            if start.startswith(_CODE_MAGIC):
                raise BundleError(f"{path.name} is a pickle or zip file, which could run code: it was not opened.")
            if path.suffix == ".safetensors":
                start += _checked_header(path.name, start, stream.read(_header_bytes(path.name, start)), size)
            content = start + stream.read()
    except OSError as error:
        raise BundleError(f"{path.name} of the bundle cannot be read: {error.strerror}.") from error
    if sha256_of(content) != sha256:
        raise BundleError(f"{path.name} was altered or damaged since the bundle was made: its SHA-256 differs from the one in {MODEL}.")
    return content


def read_tensors(path: Path, sha256: str) -> dict[str, Array]:
    """The arrays of a safetensors file, read only after `read_verified` passed it."""
    from safetensors import SafetensorError  # not in Slicer's Python, which lists bundles before anything is installed
    from safetensors.numpy import load

    content = read_verified(path, sha256)
    try:
        return load(content)
    except (SafetensorError, ValueError) as error:
        raise BundleError(f"{path.name} of the bundle is not a tensor file that can be read.") from error


def check_dtypes(tensors: dict[str, Array]) -> None:
    """Refuse arrays that no bundle could be opened with again.

    Raises:
        BundleError: a dtype other than float16/32/64, int32/64, uint8 and bool.
    """
    allowed = {np.dtype(name) for name in ("f2", "f4", "f8", "i4", "i8", "u1", "?")}
    wrong = [name for name, array in tensors.items() if array.dtype not in allowed]
    if wrong:
        raise BundleError(f"The array {wrong[0]!r} is of type {tensors[wrong[0]].dtype}, which a bundle cannot hold.")


def _header_bytes(name: str, start: bytes) -> int:
    length = int.from_bytes(start, "little")
    if len(start) < 8 or not 2 <= length <= _MOST_HEADER_BYTES:
        raise BundleError(f"{name} is not a tensor file: its header is missing or longer than 1 MiB.")
    return length


def _checked_header(name: str, start: bytes, header: bytes, size: int) -> bytes:
    """The header itself, when each tensor it names is of an allowed type and lies inside the file."""
    room = size - 8 - _header_bytes(name, start)
    try:
        entries = json.loads(header)
        for key, entry in entries.items():
            if key == "__metadata__":
                continue
            low, high = entry["data_offsets"]
            expected = math.prod(entry["shape"]) * _ITEM_BYTES[entry["dtype"]]
            if not 0 <= low <= high <= room or high - low != expected or min(entry["shape"], default=0) < 0:
                raise BundleError(f"{name} is truncated or malformed: the array {key!r} does not fit into the file.")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BundleError(f"{name} is truncated or malformed: its header cannot be understood.") from error
    return header

"""A trained model as data: open it, list what is at hand, verify it, save it. No torch, nothing in a bundle is executed.

A bundle is a folder with `model.json` (described by `model.Model`), `weights.safetensors`, `calibration.safetensors`, `card.md`,
`card/*.png` and `LICENSE`. `model.json` carries the SHA-256 of every other file, and each is checked before it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import resources
from ..errors import BundleError
from ..files.atomic import whole_folder
from ..files.tensors import tensor_file
from ..records import Array, ModelFacts
from .compact import expanded
from .contents import (
    CALIBRATION,
    CARD,
    LICENCE,
    MODEL,
    WEIGHTS,
    check_dtypes,
    check_names,
    names_in,
    read_tensors,
    read_verified,
    sha256_of,
)
from .model import SCHEMA, parse_model

_MOST_MODEL_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model on disk whose description was understood and whose file names are as they must be."""

    folder: Path
    model: dict[str, Any]  # as `model.Model` describes it

    @property
    def name(self) -> str:
        """Such as `brain-t1-anogan`."""
        return self.model["name"]

    @property
    def detector(self) -> str:
        """Name in the registry of detectors."""
        return self.model["detector"]

    @property
    def licence(self) -> str:
        """Licence of the weights."""
        return self.model["licence"]

    @property
    def commercial(self) -> bool:
        """Whether the licence lets the weights be used commercially: no Creative Commons licence with NC."""
        return "NC" not in self.licence.replace("-", " ").split()

    @property
    def facts(self) -> ModelFacts:
        """What every output says of the model; its SHA-256 is that of model.json, which pins all other files."""
        return ModelFacts(
            name=self.name,
            detector=self.detector,
            licence=self.licence,
            training_data=self.model["training"]["data"],
            calibration_subjects=self.model["calibration"]["subjects"],
            sha256=sha256_of((self.folder / MODEL).read_bytes()),
        )

    def weights(self) -> dict[str, Array]:
        """The detector's arrays, those of a lender too; BundleError when a file was altered, or the lender is not there."""
        return self._lent() | expanded(self.kept(WEIGHTS))

    def calibration(self) -> dict[str, Array]:
        """The statistics of healthy people; BundleError when the file was altered."""
        return expanded(self.kept(CALIBRATION))

    def kept(self, name: str) -> dict[str, Array]:
        """The arrays of WEIGHTS or CALIBRATION as they are kept; BundleError when the file was altered."""
        return read_tensors(self.folder / name, self.model["files"][name])

    def lender(self) -> Bundle | None:
        """The bundle that holds networks for this one; BundleError when it is not there, or its weights are others."""
        if (loan := self.model.get("lender")) is None:
            return None
        beside = self.folder.parent / loan["name"]
        lender = open_bundle(beside if beside.is_dir() else loan["name"])
        if lender.model["files"][WEIGHTS] != loan["weights_sha256"]:
            raise BundleError(f"{self.name} needs the weights of {loan['name']} as they were: install that bundle again from its source.")
        return lender

    def _lent(self) -> dict[str, Array]:
        """The networks that another bundle holds for this one."""
        if (lender := self.lender()) is None:
            return {}
        return {name: array for name, array in lender.weights().items() if name.split(".")[0] in self.model["lender"]["networks"]}

    def text(self, name: str) -> str:
        """The content of `card.md` or `LICENSE`; BundleError when the file was altered."""
        return read_verified(self.folder / name, self.model["files"][name]).decode("utf-8", errors="replace")


@dataclass(frozen=True)
class BundleProblem:
    """A folder that looks like a bundle and is refused."""

    folder: Path
    reason: str


def open_bundle(name_or_path: str | Path) -> Bundle:
    """The bundle of this name, or in this folder.

    Raises:
        BundleError: no such bundle, or one that is damaged, incomplete or of another schema.
    """
    path = Path(name_or_path).expanduser()
    if str(name_or_path) == path.name:  # no folder in it: a name, which goes before a folder that happens to lie here
        for place in resources.bundle_folders():
            if (place / path / MODEL).is_file():
                return _open_folder(place / path)
    if path.is_dir():
        return _open_folder(path)
    if path.is_file():
        raise BundleError(f"{path.name} is a file, not a bundle's folder: install it with `mrianomaly models install {path.name}`.")
    known = [bundle.name for bundle in list_bundles() if isinstance(bundle, Bundle)]
    raise BundleError(f"There is no model called {str(name_or_path)!r}; at hand: {', '.join(known) or 'none'}.")


def list_bundles() -> list[Bundle | BundleProblem]:
    """Every bundle at hand, verified, by name; one that is refused stands in the list with its reason."""
    entries: list[Bundle | BundleProblem] = []
    places: dict[str, Path] = {}
    # a dot: one that is being written at this moment
    for folder in (described.parent for place in resources.bundle_folders() for described in place.glob(f"[!.]*/{MODEL}")):
        try:
            bundle = _open_folder(folder)
            if folder.name != bundle.name:
                raise BundleError(f"The folder {folder.name} holds a bundle called {bundle.name}: give it that name.")
            if bundle.name in places:
                raise BundleError(f"Another bundle called {bundle.name} comes first, in {places[bundle.name]}.")
            verify(bundle)
            places[bundle.name] = folder.parent
            entries.append(bundle)
        except BundleError as error:
            entries.append(BundleProblem(folder, str(error)))
    return sorted(entries, key=lambda entry: entry.folder.name)


def verify(bundle: Bundle) -> None:
    """Check every file of a bundle against model.json: none missing, none unlisted, none altered, none that could run code.

    Raises:
        BundleError: one sentence about the first thing found wrong.
    """
    present = set(names_in(bundle.folder)) - {MODEL}
    listed = set(bundle.model["files"])
    check_names({MODEL, *present})
    if present != listed:
        name = sorted(present ^ listed)[0]
        raise BundleError(f"{name} is {'in the folder but not listed in' if name in present else 'missing but listed in'} {MODEL}.")
    for name, sha256 in sorted(bundle.model["files"].items()):
        read_verified(bundle.folder / name, sha256)


def save_bundle(
    folder: str | Path,
    model: Mapping[str, Any],
    weights: dict[str, Array],
    calibration: dict[str, Array],
    card: str,
    pictures: Mapping[str, bytes],
    licence: str,
    *,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle, whole or not at all.

    Args:
        folder: where it goes.
        model: the entries of `model.Model` but for `schema` and `files`, which are set here.
        weights: the detector's arrays by name.
        calibration: the arrays that calibration keeps, by name.
        card: text of card.md.
        pictures: file name (`curves.png`) -> PNG bytes, for `card/`.
        licence: text of LICENSE.
        overwrite: replace a folder that exists.

    Raises:
        BundleError: an entry is missing, a name or dtype is not one a bundle can have.
        UsageError: the folder exists or cannot be written.
    """
    check_dtypes({**weights, **calibration})
    contents = {
        WEIGHTS: tensor_file(weights),
        CALIBRATION: tensor_file(calibration),
        CARD: card.encode(),
        LICENCE: licence.encode(),
        **{f"card/{name}": content for name, content in pictures.items()},
    }
    complete = {**model, "schema": SCHEMA, "files": {name: sha256_of(content) for name, content in contents.items()}}
    described = json.dumps(complete, indent=1, ensure_ascii=False, allow_nan=False).encode()
    parse_model(described)
    with whole_folder(Path(folder), overwrite=overwrite) as temporary:
        for name, content in {**contents, MODEL: described}.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        verify(_open_folder(temporary))
    return _open_folder(Path(folder))


def _open_folder(folder: Path) -> Bundle:
    described = folder / MODEL
    if not described.is_file():
        raise BundleError(f"{folder.name} is not a bundle: it holds no {MODEL}.")
    if described.stat().st_size > _MOST_MODEL_BYTES:
        raise BundleError(f"{MODEL} is larger than {_MOST_MODEL_BYTES >> 20} MiB: this is not a bundle of ours.")
    check_names(names_in(folder))
    return Bundle(folder, parse_model(described.read_bytes()))


def stopped_early(folder: Path) -> bool:
    """Whether a folder is the bundle of a training that has steps left to do."""
    try:
        return not open_bundle(folder).model.get("training_finished", True)
    except BundleError:
        return False

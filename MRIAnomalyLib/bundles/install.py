"""Put a bundle where MRIAnomaly looks for it: from a folder or a `.mrianomaly` file (the same folder, zipped)."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from .. import resources
from ..errors import BundleError
from ..files.atomic import whole_folder
from .bundle import Bundle, open_bundle, verify
from .contents import MODEL, MOST_BYTES, check_names, names_in
from .model import parse_model


def install(source: str | Path, overwrite: bool = False) -> Bundle:
    """Copy a bundle into the user's own bundles folder, verified before it lands there.

    Args:
        source: a bundle's folder, or a `.mrianomaly` file.
        overwrite: replace an installed bundle of the same name.

    Raises:
        BundleError: there is no such file, or what it holds is not a whole, unaltered bundle.
        ExistsError: a bundle of this name is installed already.
        UsageError: nothing can be written there.
    """
    source = Path(source).expanduser()
    try:
        files = _from_folder(source) if source.is_dir() else _from_zip(source)
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        # RuntimeError: encrypted; NotImplementedError: an exotic compression
        raise BundleError(f"{source.name} is missing or is not a bundle's folder or a .mrianomaly file that can be read.") from error
    target = resources.user_bundles_folder() / parse_model(files[MODEL])["name"]
    with whole_folder(target, overwrite=overwrite) as temporary:
        for name, content in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        verify(open_bundle(temporary))
    return open_bundle(target)


def _from_folder(folder: Path) -> dict[str, bytes]:
    if not (folder / MODEL).is_file():
        raise BundleError(f"{folder.name} is not a bundle: it holds no {MODEL}.")
    sizes = names_in(folder)
    check_names(sizes)
    return {name: (folder / name).read_bytes() for name in sizes}


def _from_zip(path: Path) -> dict[str, bytes]:
    """Every file of a zip whose names and sizes are right: nothing is unpacked to a path that the zip chose."""
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise BundleError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB, which no bundle of ours is.")
        # a zip of the folder has the folder's name before every file, a zip of its content has not
        inside = next((member.filename.removesuffix(MODEL) for member in members if member.filename.endswith(MODEL)), "")
        if any(not member.filename.startswith(inside) for member in members):
            raise BundleError(f"{path.name} holds files outside the bundle's own folder, which no bundle of ours does.")
        names = [member.filename.removeprefix(inside) for member in members]
        check_names(names)
        if len(set(names)) < len(names):
            raise BundleError(f"{path.name} holds two files of the same name, which no bundle of ours does.")
        # a zip that lies about a size is cut there by zipfile and fails its checksum
        return {name: archive.read(member) for name, member in zip(names, members, strict=True)}

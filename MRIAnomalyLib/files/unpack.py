"""The files behind a path: of a folder, of a zip (unpacked for a while, with guards), or the file itself."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

from ..errors import InputError

LARGEST_BYTES = 4 * 1024**3  # unpacked: four times a generous head examination, and less than would fill a disk


@contextmanager
def files_behind(path: Path) -> Iterator[list[Path]]:
    """Every file in a folder or zip, sorted, or the one file named; those of a zip live until the context ends.

    Raises:
        InputError: nothing there; a zip that is damaged, encrypted, too large, or that wants to write outside its own folder.
    """
    if not path.exists():
        raise InputError(f"There is no file or folder {path}: check the path.")
    if path.is_dir():
        yield _inside(path)
    elif path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory(prefix="mrianomaly-") as folder:
            _unzip(path, Path(folder))
            yield _inside(Path(folder))
    else:
        yield [path]


def _inside(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.rglob("*") if entry.is_file())


def _unzip(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())  # nothing beyond the stated size is ever unpacked
            if size > LARGEST_BYTES:
                raise InputError(
                    f"{path} would unpack to {size / 1024**3:.1f} GiB, more than the {LARGEST_BYTES // 1024**3} GiB allowed: "
                    "unpack it yourself and name the folder of the series."
                )
            if any(_escapes(entry.filename) for entry in archive.infolist()):
                raise InputError(f"{path} holds a file that would be written outside its own folder, so that it was not unpacked.")
            archive.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"{path} is not a whole zip file: copy or download it again.") from error
    except (RuntimeError, NotImplementedError) as error:  # what zipfile says of a password, and of a packing it does not know
        raise InputError(f"{path} is encrypted or packed in an unknown way: unpack it yourself and name the folder.") from error


def _escapes(name: str) -> bool:
    # a Windows path understands both kinds of slashes and drive letters
    parts = PureWindowsPath(name)
    return ".." in parts.parts or bool(parts.anchor)

"""Write a folder or a file whole or not at all: first beside its place, then renamed into it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ExistsError, UsageError


def check_target(target: Path, overwrite: bool, inputs: tuple[Path, ...] = ()) -> None:
    """Say at once, before long work, whether a folder could be written; touches nothing.

    Args:
        target: the folder.
        overwrite: whether one that exists may be replaced, with all that is in it.
        inputs: files and folders that must outlive it.

    Raises:
        ExistsError: it exists and `overwrite` is not set.
        UsageError: it is a file; it holds an input, the folder that one works in or the home folder;
            or nothing can be written there.
    """
    if target.exists() and not overwrite:
        raise ExistsError(f"{target} exists already: name another folder, or allow it to be replaced with --overwrite.")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file where a folder is to be written: name another folder.")
    for precious in (Path.cwd(), Path.home(), *inputs):
        if precious.resolve().is_relative_to(target.resolve()):
            raise UsageError(f"{target} cannot be replaced, because {precious} is in it and would be lost: name another folder.")
    _nearest(target)


@contextmanager
def whole_folder(target: Path, overwrite: bool) -> Iterator[Path]:
    """Give an empty folder to write into; it becomes `target`, parents included, when the context ends without an exception.

    After an exception of any kind nothing is left of it, and a folder that was to be replaced is as it was.

    Raises:
        UsageError: see `check_target`; also if `target` came into being in the meantime.
    """
    check_target(target, overwrite)
    partial = _beside(target)
    try:
        with _said_in_words(target):
            partial.mkdir()
        yield partial
        check_target(target, overwrite)
        with _said_in_words(target):
            _put_in_place(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a path to write to, with the same endings as `target`; it replaces `target` when the context ends without an exception.

    Raises:
        UsageError: nothing can be written there, or `target` is a folder.
    """
    if target.is_dir():
        raise UsageError(f"{target} is a folder where a file is to be written: name a file.")
    partial = _beside(target)
    try:
        yield partial
        with _said_in_words(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _put_in_place(partial: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        partial.rename(target)
        return
    old = _beside(target)
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(target: Path) -> Path:
    """Name nothing has yet, on the same disk; the endings stay last, because writers choose the format by them."""
    return _nearest(target) / f".partial-{uuid.uuid4().hex[:12]}-{target.name}"


def _nearest(target: Path) -> Path:
    """Nearest folder above `target` that exists; it must take new files."""
    folder = next(above for above in target.absolute().parents if above.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"Nothing can be written into {folder}: name another place for {target}.")
    return folder


@contextmanager
def _said_in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}): name another place or make room.") from error

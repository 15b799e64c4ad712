"""The processes that a test has started, also those whose parent is gone. Found by a mark in their environment, on Linux only."""

import os
import signal
import uuid
from pathlib import Path

from .hands import spin_until

_MARK = f"STARTED_BY_TEST={uuid.uuid4().hex}"


def mark():
    """From here on every process that is started carries the mark."""
    name, value = _MARK.split("=")
    os.environ[name] = value


def running():
    """Numbers of the marked processes that have not ended."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if folder.name != str(os.getpid()) and _is_marked(folder)]


def end_leftovers(wait_ms=2000):
    """Give what is ending the time to end; kill the rest and return its numbers."""
    spin_until(lambda: not running(), wait_ms)
    left = running()
    for number in left:
        os.kill(number, signal.SIGKILL)
    return left


def _is_marked(folder):
    try:
        # a finished process that nobody has asked about yet has no environment any more
        return _MARK.encode() in (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        return False

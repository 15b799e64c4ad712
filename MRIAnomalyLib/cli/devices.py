"""`mrianomaly devices`: what can compute here, and why it is the CPU where it is. Answers without PyTorch too: that it is missing."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from types import ModuleType
from typing import Any

from .progress import Reporter

_GIB = 2**30


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("devices", help="what can compute here: the best first, as --device takes it")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, report: Reporter) -> str:
    """The devices, one a line or in JSON."""
    found = devices()
    if args.json:
        return json.dumps(found, indent=1, ensure_ascii=False)
    lines = [_line(**device) for device in found["devices"]]
    return "\n".join([*lines, *filter(None, [found["why_cpu"]])])


def devices() -> dict[str, Any]:
    """What can compute here, as JSON values.

    Returns:
        `devices`: best first, each `device` (as --device takes it), `name`, `free_gib` and `total_gib` (None where nobody says);
        `why_cpu`: one sentence where there is no GPU, else None; `torch`: its version, None where it is not there.
    """
    cores = os.cpu_count() or 1
    cpu = _device("cpu", f"{cores} core{'s' if cores > 1 else ''}")
    try:
        import torch
    except ModuleNotFoundError:
        return {"devices": [cpu], "why_cpu": "PyTorch is not installed.", "torch": None}
    except (ImportError, OSError):  # a library of its own is missing; on Windows an OSError
        return {"devices": [cpu], "why_cpu": "PyTorch is installed but does not load: install it again.", "torch": None}
    gpus = _gpus(torch)
    return {"devices": [*gpus, cpu], "why_cpu": None if gpus else _why_cpu(torch), "torch": torch.__version__}


def _gpus(torch: ModuleType) -> list[dict[str, Any]]:
    if torch.backends.mps.is_available():
        return [_device("mps", "Apple GPU")]
    found = []
    for number in range(torch.cuda.device_count()):
        facts, free = torch.cuda.get_device_properties(number), None
        with contextlib.suppress(RuntimeError):  # a GPU that another program fills or keeps to itself does not even answer this
            free = torch.cuda.mem_get_info(number)[0]
        found.append(_device(f"cuda:{number}", facts.name, free, facts.total_memory))
    return found


def _why_cpu(torch: ModuleType) -> str:
    if torch.version.cuda or torch.version.hip or torch.backends.mps.is_built():
        return "There is no GPU that PyTorch can use, or its driver is missing or too old."
    return "This PyTorch has no CUDA, so that it cannot use a GPU."


def _device(device: str, name: str, free: int | None = None, total: int | None = None) -> dict[str, Any]:
    in_gib = [None if size is None else round(size / _GIB, 1) for size in (free, total)]
    return {"device": device, "name": name, "free_gib": in_gib[0], "total_gib": in_gib[1]}


def _line(device: str, name: str, free_gib: float | None, total_gib: float | None) -> str:
    if total_gib is None:
        return f"{device}: {name}"
    return f"{device}: {name}, {'unknown' if free_gib is None else free_gib} of {total_gib} GiB free"

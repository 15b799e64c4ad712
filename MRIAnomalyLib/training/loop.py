"""A training run that can stop at any checkpoint and go on to the very same weights.

A checkpoint is one safetensors file: tensors of every module, optimiser and random generator, and a JSON text with the
rest in its header. Nothing in it can be executed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import InputError, UsageError
from ..files.atomic import whole_file
from ..files.tensors import tensor_file
from ..records import Array
from .together import any_says, average_losses, is_first, refuse_differences

CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "weights.safetensors"
CHECKPOINT_MINUTES = 5.0  # what a crash may cost
LOG_EVERY = 50  # steps that one line of the loss curve averages

Log = Callable[[int, int, Mapping[str, float]], None]  # (steps done, steps in all, mean losses); raising in it stops the run
Step = Callable[[int], Mapping[str, float]]  # does step number n and tells its losses


@dataclass(frozen=True, eq=False)
class Course:
    """How something is learned: what changes on the way, and the step that changes it."""

    modules: Mapping[str, nn.Module]
    optimisers: Mapping[str, torch.optim.Optimizer]
    random: torch.Generator
    steps: int
    step: Step
    settle: Callable[[], None] = lambda: None  # measures at the end what training left open


@dataclass
class Run:
    """How far a course has come, and what must stay the same for it to be resumed."""

    course: Course
    identity: Mapping[str, Any]  # configuration and data of the run, as JSON values
    defaults: Mapping[str, Any] = field(default_factory=dict)  # of settings that an older checkpoint does not know
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)  # mean losses of each LOG_EVERY steps
    pending: list[dict[str, float]] = field(default_factory=list)  # losses since the last line of the history


def train(run: Run, folder: Path | None = None, log: Log | None = None, max_minutes: float | None = None) -> bool:
    """Go through the course until it is done or the time is up, with a checkpoint now and then and one at the end.

    Of several processes the first writes and logs, and all stop when the time of one is up.

    Returns:
        True when all steps are done; False when time ran out and the run can be resumed.

    Raises:
        UsageError: of several processes not all are where the others are.
    """
    began = saved = time.monotonic()
    steps = run.course.steps
    refuse_differences(json.dumps([dict(run.identity), run.step]))
    if not is_first():
        folder = log = None
    while run.step < steps:
        if max_minutes is not None and any_says(time.monotonic() - began > 60 * max_minutes):
            break
        run.pending.append(average_losses(run.course.step(run.step)))
        run.step += 1
        if len(run.pending) == LOG_EVERY or run.step == steps:
            _note(run, log)
        if folder and time.monotonic() - saved > 60 * CHECKPOINT_MINUTES:
            save(run, folder)
            saved = time.monotonic()
    if folder:
        save(run, folder)
    return run.step >= steps


def _note(run: Run, log: Log | None) -> None:
    names = dict.fromkeys(name for losses in run.pending for name in losses)  # a run of two stages has two sets of losses
    means = {name: float(np.mean([losses[name] for losses in run.pending if name in losses])) for name in names}
    run.history.append({"step": run.step, **means})
    run.pending.clear()
    if log:
        log(run.step, run.course.steps, means)


def save(run: Run, folder: Path) -> None:
    """Write the checkpoint whole or not at all."""
    tensors: dict[str, Tensor] = {"random": run.course.random.get_state()}
    for name, module in run.course.modules.items():
        tensors |= {f"module/{name}/{key}": value for key, value in module.state_dict().items()}
    for name, optimiser in run.course.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser/{name}/{index}/{key}": value for key, value in state.items()}
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    facts = {"identity": dict(run.identity), "step": run.step, "history": run.history, "pending": run.pending}
    with whole_file(folder / CHECKPOINT) as path:
        save_file(tensors, path, {"run": json.dumps(facts)})


def save_weights(arrays: Mapping[str, Array], folder: Path) -> None:
    """Write what a run has learned, as `Detector.weights` gives it, beside its checkpoint."""
    with whole_file(folder / WEIGHTS) as path:
        path.write_bytes(tensor_file(arrays))


def resume_run(run: Run, folder: Path) -> None:
    """Bring a freshly built run to where the checkpoint in `folder` left it; without one, it stays at step 0.

    Raises:
        InputError: the checkpoint cannot be read.
        UsageError: it belongs to another configuration or to other slices.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["run"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"The checkpoint {path} cannot be read; delete it to train from the start.") from error
    if differing := _differing(run, facts["identity"]):
        raise UsageError(f"The checkpoint {path} was made with another {', '.join(differing)}; use the same, or another folder.")
    for name, module in run.course.modules.items():
        module.load_state_dict(_under(tensors, f"module/{name}/"))
    for name, optimiser in run.course.optimisers.items():
        _load_optimiser(optimiser, _under(tensors, f"optimiser/{name}/"))
    run.course.random.set_state(tensors["random"])
    run.step, run.history, run.pending = facts["step"], facts["history"], facts["pending"]


def _differing(run: Run, made_with: Mapping[str, Any]) -> list[str]:
    """What of the identity is not as it was; a setting that the checkpoint does not know came later, and was as its default is."""
    here, defaults = (json.loads(json.dumps(dict(values))) for values in (run.identity, run.defaults))
    return sorted(key for key in here.keys() | made_with.keys() if here.get(key) != made_with.get(key, defaults.get(key)))


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _load_optimiser(optimiser: torch.optim.Optimizer, flat: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for key, value in flat.items():
        index, name = key.split("/", 1)
        like = parameters[int(index)]
        # Same memory layout as the parameter: the update then rounds exactly as it did before the stop.
        laid_out = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
        state.setdefault(int(index), {})[name] = laid_out
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

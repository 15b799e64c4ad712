"""Training on the processes that torchrun started: each moves the same networks, by its rows of every batch and those of the others.

Every process draws whole batches from the same generator and keeps its rows. So a training goes the same way, but for rounding, on any
number of processes, and its checkpoint serves any number. In a process that stands alone nothing here changes anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from ..errors import UsageError

TIMEOUT = timedelta(minutes=10)  # after which a process that is waited for is given up, and the training with it


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Within it the processes that torchrun started belong together; gives the device of this one, of several GPUs its own.

    Raises:
        UsageError: there are more processes than GPUs.
    """
    if not (distributed.is_available() and distributed.is_torchelastic_launched()):
        yield device
        return
    if on_gpu := device.startswith("cuda"):
        device = _own_gpu()
    distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu and distributed.is_nccl_available() else "gloo", timeout=TIMEOUT)
    try:
        yield device
    finally:
        distributed.destroy_process_group()


def processes() -> int:
    """How many there are."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the process that writes and reports."""
    return processes() == 1 or distributed.get_rank() == 0


def own_rows(batch: Tensor) -> Tensor:
    """The rows (B, ...) that are this process's, of a whole batch (processes * B, ...)."""
    return batch.chunk(processes())[distributed.get_rank()] if processes() > 1 else batch


def summed(value: Tensor) -> Tensor:
    """The sum over all processes, to each of them; without a gradient."""
    if processes() == 1:
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total


def average_gradients(net: nn.Module) -> None:
    """Give each process the gradients of the whole batch, in one message."""
    if processes() == 1:
        return
    gradients = [weight.grad for weight in net.parameters() if weight.grad is not None]
    mean = summed(torch.cat([gradient.flatten() for gradient in gradients])) / processes()
    for gradient, new in zip(gradients, mean.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(new.view(gradient.shape))


def average_losses(losses: Mapping[str, float]) -> dict[str, float]:
    """Those of the whole batch, by name."""
    if processes() == 1:
        return dict(losses)
    mean = summed(torch.tensor(list(losses.values()), dtype=torch.float64)) / processes()
    return dict(zip(losses, mean.tolist(), strict=True))


def any_says(yes: bool) -> bool:
    """Whether at least one process says so: the same answer for all."""
    return bool(summed(torch.tensor(int(yes))))


def refuse_differences(what: str) -> None:
    """Say when the processes are not about to do the same.

    Raises:
        UsageError: this text is not the same in all of them.
    """
    if processes() == 1:
        return
    said: list[str] = [""] * processes()
    distributed.all_gather_object(said, what)
    if len(set(said)) > 1:
        raise UsageError(
            "The processes differ in settings, slices or checkpoint: give all of them the same files, such as on a shared disk."
        )


def refuse_uneven(batch_size: int) -> None:
    """Say when a batch cannot be shared.

    Raises:
        UsageError: with the setting that would fit.
    """
    if batch_size % processes():
        raise UsageError(
            f"A batch of {batch_size} cannot be shared by {processes()} processes: set batch_size to a multiple of {processes()}."
        )


def _own_gpu() -> str:
    here, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if here >= there:
        raise UsageError(f"There are {there} GPUs for more processes: start torchrun with --nproc-per-node {there}, or with --device cpu.")
    torch.cuda.set_device(here)
    return f"cuda:{here}"

"""One of the processes of `test_together`: trains with the other, notes what came of it, and in the end waits for it in vain."""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import torch
from taught import normals, untaught

from MRIAnomalyLib.errors import UsageError
from MRIAnomalyLib.training import together
from MRIAnomalyLib.training.ada import Augmentation

SETTINGS = {
    "width": 4,
    "batch_size": 16,
    "steps": 9,
    "encoder_steps": 2,
    "r1_gamma": 0.1,
    "path_weight": 1.0,
    "ada_kimg": 0.5,
    "ada_target": -1.5,
}


def student(**changes):
    return untaught("hq_anogan", **{**SETTINGS, **changes})


def gradients():
    """Gradients at the weights of the start: of the game (step 1), its penalties (0) and the encoder (9), by step, network, weight."""
    course = student().course(normals(), "cpu")
    course.modules["augmentation"].chance.fill_(0.5)
    for optimiser in course.optimisers.values():
        optimiser.param_groups[0]["lr"] = 0.0
    found = {}
    for number in (1, 0, SETTINGS["steps"]):
        course.step(number)
        for name in course.optimisers:
            weights = course.modules[name].named_parameters()
            found[number, name] = {key: weight.grad.clone() for key, weight in weights if weight.grad is not None}
    return found


def heard(verdict):
    """The chance of a variation, 0.4 before, after four batches of such verdicts."""
    augmentation = Augmentation(kimg=1.0, target=0.6)
    augmentation.chance.fill_(0.4)
    for _ in range(4):
        augmentation.hear(torch.full((10,), verdict))
    return float(augmentation.chance)


def refused(work):
    try:
        work()
    except UsageError as error:
        return str(error)
    return "nothing"


def main(folder, other_port):
    rank = int(os.environ["RANK"])
    with together.joined("cpu"):
        detector = student()
        found = {
            "gradients": gradients(),
            "finished": detector.fit(normals(), checkpoint_folder=folder / f"run {rank}"),
            "weights": {key: torch.from_numpy(array) for key, array in detector.weights().items()},
            "chance": heard((3.0, -3.0)[rank]),
            "losses": together.average_losses({"loss": float(rank)}),
            "any": [together.any_says(rank == 1), together.any_says(False)],
            "refused": [
                refused(lambda: student(batch_size=15).fit(normals())),
                refused(lambda: student(seed=rank).fit(normals())),
                refused(lambda: untaught("anogan").fit(normals())),
            ],
        }
        torch.save(found, folder / f"{rank}.pt")
    os.environ["MASTER_PORT"], together.TIMEOUT = other_port, timedelta(seconds=5)
    with together.joined("cpu"):
        wait_in_vain(folder / "given up", rank)


def wait_in_vain(mark, rank):
    """The first process asks for a sum; the other stays, but takes no part in it."""
    if rank == 0:
        try:
            together.summed(torch.ones(()))
        except RuntimeError:
            mark.touch()
    while not mark.exists():
        time.sleep(0.1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

import json
import struct

import pytest
import torch
from ellipses import ellipses

from MRIAnomalyLib.detectors import create
from MRIAnomalyLib.errors import Cancelled, InputError, UsageError
from MRIAnomalyLib.training.loop import CHECKPOINT, Course, Run, resume_run, train

SMALL = {"image_size": 16, "latent_dim": 4, "width": 4, "batch_size": 8, "steps": 60, "r1_gamma": 0.1, "pool": 20}


@pytest.fixture(scope="module")
def normals():
    return ellipses(40, 16)


def weights(detector):
    return {f"{name}.{key}": value.clone() for name, net in detector.modules().items() for key, value in net.state_dict().items()}


class Stop(Exception):
    pass


def test_a_run_that_stopped_twice_ends_with_the_weights_and_curves_of_one_that_did_not(normals, tmp_path):
    straight = create("anogan", SMALL)
    assert straight.fit(normals, checkpoint_folder=tmp_path / "straight")
    for steps in (17, 41, 60):  # not where a line of the loss curve ends
        resumed = create("anogan", {**SMALL, "steps": steps})
        assert resumed.fit(normals, checkpoint_folder=tmp_path / "stopped", resume=True)
    assert all(torch.equal(value, weights(resumed)[key]) for key, value in weights(straight).items())


def test_time_that_is_up_leaves_a_run_that_can_go_on(normals, tmp_path):
    detector = create("anogan", SMALL)
    assert not detector.fit(normals, checkpoint_folder=tmp_path, max_minutes=0.0)
    assert detector.fit(normals, checkpoint_folder=tmp_path, resume=True)


def test_checkpoints_are_tensors_and_text_only(normals, tmp_path):
    create("anogan", {**SMALL, "steps": 5}).fit(normals, checkpoint_folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [CHECKPOINT, "losses.csv", "losses.png", "samples.png"]
    content = (tmp_path / CHECKPOINT).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert json.loads(header["__metadata__"]["run"])["step"] == 5
    assert all(entry["dtype"] in ("F32", "I64", "U8") for name, entry in header.items() if name != "__metadata__")


def test_losses_are_logged_as_means_and_a_log_that_raises_stops_the_run(normals):
    told = []
    create("anogan", SMALL).fit(normals, log=lambda done, total, losses: told.append((done, total, sorted(losses))))
    assert told == [(50, 60, ["discriminator", "fake", "generator", "real"]), (60, 60, ["discriminator", "fake", "generator", "real"])]

    def stop(done, total, losses):
        raise Cancelled

    with pytest.raises(Cancelled):
        create("anogan", SMALL).fit(normals, log=stop)


def test_a_run_is_resumed_neither_with_other_settings_nor_on_other_slices(normals, tmp_path):
    create("anogan", {**SMALL, "steps": 2}).fit(normals, checkpoint_folder=tmp_path)
    with pytest.raises(UsageError, match="another learning_rate"):
        create("anogan", {**SMALL, "learning_rate": 1e-3}).fit(normals, checkpoint_folder=tmp_path, resume=True)
    with pytest.raises(UsageError, match="another slices"):
        create("anogan", SMALL).fit(ellipses(40, 16, seed=1), checkpoint_folder=tmp_path, resume=True)


@pytest.mark.parametrize("damage", [b"", b"\x80\x04not a checkpoint", None])
def test_a_damaged_checkpoint_is_refused_in_words(normals, tmp_path, damage):
    path = tmp_path / CHECKPOINT
    create("anogan", {**SMALL, "steps": 1}).fit(normals, checkpoint_folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    with pytest.raises(InputError, match="cannot be read; delete it"):
        create("anogan", SMALL).fit(normals, checkpoint_folder=tmp_path, resume=True)


def run_of(step, steps, identity=None, defaults=None):
    """A run of one layer, which it gives too."""
    net = torch.nn.Linear(2, 2)
    return Run(Course({"net": net}, {}, torch.Generator(), steps, step), identity or {}, defaults or {}), net


def test_a_step_that_fails_leaves_the_last_checkpoint_whole(tmp_path):
    run, _ = run_of(lambda number: {"loss": 1.0}, 3)
    train(run, tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def fail(number):
        net.weight.data.add_(1)
        raise Stop

    longer, net = run_of(fail, 9)
    resume_run(longer, tmp_path)
    with pytest.raises(Stop):
        train(longer, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_setting_that_an_older_checkpoint_does_not_know_must_have_its_default(tmp_path):
    train(run_of(lambda number: {}, 1, {"width": 4})[0], tmp_path)
    defaults = {"width": 8, "critic_weight": 0.0, "cells": (4, 8)}
    newer, _ = run_of(lambda number: {}, 1, {"width": 4, "critic_weight": 0.0, "cells": (4, 8)}, defaults)
    resume_run(newer, tmp_path)
    assert newer.step == 1
    with pytest.raises(UsageError, match="another critic_weight"):
        resume_run(run_of(lambda number: {}, 1, {"width": 4, "critic_weight": 0.1}, defaults)[0], tmp_path)

"""Training that starts from what another detector of the same kind learned; over the registry, as `test_detectors`."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from ellipses import ellipses
from safetensors import safe_open
from taught import SIZE, normals, strangeness, taught, untaught

from MRIAnomalyLib import detectors
from MRIAnomalyLib.detectors import begin, create
from MRIAnomalyLib.errors import BundleError, UsageError
from MRIAnomalyLib.nets.noise import Noise
from MRIAnomalyLib.nets.place import Place
from MRIAnomalyLib.training import adversarial, loop
from MRIAnomalyLib.training.transfer import Source

FEW = {"steps": 12, "encoder_steps": 6}
FREEZING = [name for name in detectors.names() if "frozen_layers" in detectors.settings_of(name)]


@pytest.fixture(params=detectors.names())
def name(request):
    return request.param


@pytest.fixture(autouse=True)
def _quick_to_settle(monkeypatch):
    monkeypatch.setattr(adversarial, "STATISTICS_BATCHES", 5)


def source(name):
    detector = taught(name).detector
    return Source(f"brain-t1-{name}", "a" * 64, name, detector.settings(), detector.weights())


def begun(name, **changes):
    """A detector that starts from the one that was taught, with the settings of that one and these."""
    return begin(name, {key: value for key, value in {**FEW, **changes}.items() if key in detectors.settings_of(name)}, source(name))


def other_slices(count=24):
    """As another sequence would show the same anatomy, at one level only."""
    stack = ellipses(count, SIZE, seed=5)
    return replace(stack, pixels=np.where(stack.mask, 1.3 - stack.pixels, 0).astype(np.float32))


def is_place(key):
    return key.split(".", 1)[1] in Place.maps + Noise.maps


def test_it_begins_with_the_settings_and_weights_of_its_source(name):
    before, start = taught(name).detector, begun(name)
    assert start.settings() == {**before.settings(), **{key: value for key, value in FEW.items() if key in before.settings()}}
    assert all(np.array_equal(array, start.weights()[key]) for key, array in before.weights().items() if not is_place(key))


def test_a_few_steps_from_a_source_redraw_few_slices_better_than_as_many_from_nothing(name):
    stack, few = normals(8, seed=21), normals(12, seed=20)
    start, nothing = begun(name, learning_rate=1e-4), untaught(name, **FEW)
    for detector in (start, nothing):
        assert detector.fit(few)
    assert strangeness(start, stack).mean() < strangeness(nothing, stack).mean()


def test_a_grid_of_other_levels_is_learned_anew_and_the_rest_is_taken_over(name):
    start = begun(name, levels=1)
    start.fit(other_slices())
    maps = {key: array for key, array in start.weights().items() if is_place(key)}
    assert set(maps) == {key for key in taught(name).detector.weights() if is_place(key)}
    for key, array in maps.items():
        assert array.shape == (1, SIZE, SIZE)
        if key.endswith("mean"):
            both = np.concatenate([other_slices().pixels, other_slices().pixels[..., ::-1]])
            np.testing.assert_allclose(array[0], both.mean((0, 1)), atol=2e-3)


@pytest.mark.parametrize("name", FREEZING)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_frozen_layers_stay_bit_equal_and_those_above_move(name, count):
    start = begun(name, frozen_layers=count)
    net = start.modules().get("discriminator") or start.modules()["critic"]
    before = copy.deepcopy(net.stages)
    start.fit(other_slices())
    pairs = [(was.state_dict(), now.state_dict()) for was, now in zip(before, net.stages, strict=True)]
    assert [all(torch.equal(was[key], now[key]) for key in was) for was, now in pairs] == [True] * count + [False] * (len(pairs) - count)


@pytest.mark.parametrize("name", FREEZING)
def test_as_many_layers_as_there_are_can_be_frozen_and_no_more(name):
    assert begun(name, frozen_layers=2).fit(other_slices())
    with pytest.raises(UsageError, match=r"frozen_layers is 9; it must be from 0 to [23]\."):
        begun(name, frozen_layers=9)


@pytest.mark.parametrize("name", FREEZING)
def test_without_a_source_nothing_can_be_frozen(name):
    with pytest.raises(UsageError, match="name one with --from, or set it to 0"):
        begin(name, {"frozen_layers": 1})


def test_a_run_from_a_source_that_was_cut_off_ends_with_the_weights_of_one_that_was_not(name, tmp_path, monkeypatch):
    frozen = {"frozen_layers": 1} if name in FREEZING else {}
    straight, cut, resumed = (begun(name, steps=7, encoder_steps=3, **frozen) for _ in range(3))
    straight.fit(other_slices())

    def stop(done, total, losses):  # at step 5, with a checkpoint after step 4
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_MINUTES", 0.0)
        patch.setattr(loop, "LOG_EVERY", 5)
        with pytest.raises(KeyboardInterrupt):
            cut.fit(other_slices(), checkpoint_folder=tmp_path, log=stop)
    with safe_open(tmp_path / loop.CHECKPOINT, framework="np") as file:
        assert json.loads(file.metadata()["run"])["identity"]["source"]["weights_sha256"] == "a" * 64
    assert resumed.fit(other_slices(), checkpoint_folder=tmp_path, resume=True)
    assert all(np.array_equal(array, resumed.weights()[key]) for key, array in straight.weights().items())


def test_a_run_is_not_resumed_from_another_source_nor_from_none(tmp_path):
    begun("denoiser").fit(other_slices(), checkpoint_folder=tmp_path)
    other = begin("denoiser", {"steps": FEW["steps"]}, replace(source("denoiser"), weights_sha256="b" * 64))
    for wrong in (other, create("denoiser", other.settings())):
        with pytest.raises(UsageError, match="made with another source"):
            wrong.fit(other_slices(), checkpoint_folder=tmp_path, resume=True)


def test_another_method_is_refused():
    with pytest.raises(UsageError, match="brain-t1-anogan was learned by the method anogan, not by fanogan: train that one"):
        begin("fanogan", {}, source("anogan"))


def test_slices_of_another_size_are_refused(name):
    cells = {"noise_cells": (4, 8)} if name == "denoiser" else {}
    with pytest.raises(UsageError, match=r"slices of 16 pixels, these are to have 32: set recipe\.size_px to 16"):
        begun(name, image_size=32, **cells)


def test_networks_of_another_shape_are_refused_with_the_settings_that_must_stay(name):
    latent = {"latent_dim": 5} if "latent_dim" in detectors.settings_of(name) else {}
    kept = r"width of 8" + (r".*latent_dim of 8|latent_dim of 8.*width of 8" if latent else "")
    with pytest.raises(UsageError, match=rf"must keep its .*({kept}): leave that as it is") as refusal:
        begun(name, width=4, learning_rate=2e-3, **latent)
    assert "learning_rate" not in str(refusal.value)


def test_another_number_of_levels_is_not_among_the_settings_that_must_stay():
    levels = source("denoiser").settings["levels"]
    with pytest.raises(UsageError, match="must keep its width of 8: leave that as it is"):
        begun("denoiser", width=4, levels=levels + 1)


def test_a_source_whose_weights_do_not_fit_its_own_settings_is_a_damaged_bundle():
    whole = source("denoiser")
    with pytest.raises(BundleError, match="get the bundle again"):
        begin("denoiser", {}, replace(whole, weights=dict(list(whole.weights.items())[:-1])))

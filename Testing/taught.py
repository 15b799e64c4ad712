"""Detectors taught once for all tests: 32 slices of 16 pixels, small networks."""

import functools
from dataclasses import dataclass, replace

import numpy as np
from ellipses import ellipses

from MRIAnomalyLib import detectors
from MRIAnomalyLib.training import loop

SIZE = 16
SETTINGS = {  # a detector takes those that it knows
    "image_size": SIZE,
    "levels": 2,
    "width": 8,
    "latent_dim": 8,
    "batch_size": 16,
    "steps": 200,
    "encoder_steps": 150,
    "critic_steps": 1,
    "learning_rate": 1e-3,
    "encoder_rate": 2e-3,
    "mapping_layers": 2,
    "warm_up": 20,
    "average_decay": 0.98,
    "r1_gamma": 0.0,
    "pool": 200,
    "noise_cells": (4, 8),
    "precision": "float32",
}
DEAR = {"hq_anogan": {"batch_size": 8, "steps": 50, "encoder_steps": 100}}  # over those, of one whose steps are many small computations
SHORT = {"width": 4, "batch_size": 8, "steps": 12, "encoder_steps": 6}
BLOB = np.s_[..., 5:7, 4:7]  # off the midline, in the light part of every ellipse


@dataclass(frozen=True, eq=False)
class Taught:
    """A detector, and what it told while it learned."""

    detector: detectors.Detector
    curve: list  # (steps done, steps in all, losses)


def untaught(name, **changes):
    """A detector of these settings and changes that has learned nothing."""
    known = detectors.settings_of(name)
    settings = {**SETTINGS, **DEAR.get(name, {}), **changes}
    return detectors.create(name, {key: value for key, value in settings.items() if key in known})


@functools.cache
def taught(name):
    """The detector of that name after its training; tests leave it as it is."""
    detector, curve = untaught(name), []
    assert detector.fit(normals(), log=lambda *told: curve.append(told))
    return Taught(detector, curve)


def normals(count=32, seed=0):
    return ellipses(count, SIZE, seed)


def planted(stack, contrast):
    """The same slices with a blob made brighter, or darker."""
    pixels = stack.pixels.copy()
    pixels[BLOB] += contrast
    return replace(stack, pixels=pixels)


def strangeness(detector, stack):
    """(N,) what evidence is made of: mean difference from the healthy counterpart, in predicted standard deviations where there are any."""
    found = detector.reconstruct(stack, steps=40)
    off = np.abs(stack.pixels - found.healthy)
    return (off if found.spread is None else off / found.spread).mean((1, 2, 3), where=stack.mask)


def cut_at(stop):
    """`train` on a machine that fails at a step, with a checkpoint after the one before."""

    def train(run, *others):
        def until(number):
            if number == stop:
                raise KeyboardInterrupt
            return step(number)

        step, run.course = run.course.step, replace(run.course, step=until)
        return loop.train(run, *others)

    return train

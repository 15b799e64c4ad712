"""What each remedy against scanner change is worth, before any model: a matter of the preparation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...calibration.evidence import EvidenceConfig, core_of, parts_of
from ...calibration.reference import Reference, ReferenceBuilder
from ...files.cases import Case
from ...prepare.recipe import Recipe, recipe_from
from ...records import Array, Prepared, Reconstruction
from ..answers import Answers
from ..heads import head_of, prepare_head
from ..scans import People
from ..steps import Steps
from .alarms import BEYOND

RECIPES: dict[str, dict[str, Any]] = {
    "median only": {"remove_bias": False, "tone": "median"},
    "bias removed": {"remove_bias": True, "tone": "median"},
}


def prepared_anew(people: People) -> int:
    """How many volumes `remedies` prepares."""
    return len(RECIPES) * (len(people.normals) + len(people.own) + len(people.others) + len(people.patients))


def remedies(answers: Answers, normals: Sequence[Case], steps: Steps) -> list[dict[str, Any]]:
    """The atlas part, which needs no training, under each preparation: what a remedy does for every detector's evidence.

    Args:
        answers: of any model of the shipped recipe: its calibration stands for the last row.
        normals: healthy people of the training scanner, for the mean and spread of the other rows.
        steps: told of each volume that is prepared anew, see `prepared_anew`.
    """
    cases, config = [one.scan.case for one in answers.unpainted], answers.calibration.config
    floor, rows = config.floors[config.parts.index("atlas")], []
    for name, changes in RECIPES.items():
        recipe = replace(recipe_from(answers.bundle.model["recipe"]), **changes)
        maps = np.stack([_atlas(prepared, config)[0] for prepared in _prepared(normals, recipe, steps)])
        shares = _by_site(cases, _prepared(cases, recipe, steps), ReferenceBuilder(maps, floor).reference(), config)
        rows.append({"preparation": name, **shares})
    shipped = _by_site(cases, [one.scan.prepared for one in answers.unpainted], answers.calibration.references["atlas"], config)
    return [*rows, {"preparation": "bias removed, tissue tone (shipped)", **shipped}]


def _prepared(cases: Sequence[Case], recipe: Recipe, steps: Steps) -> Iterator[Prepared]:
    for case in cases:
        yield prepare_head(head_of(case), recipe)
        steps.one()


def _by_site(
    cases: Sequence[Case], prepared: Iterator[Prepared] | list[Prepared], reference: Reference, config: EvidenceConfig
) -> dict[str, str]:
    """Site -> median percent of voxels beyond +-3 over its brains."""
    shares: dict[str, list[tuple[float, float]]] = {}
    for case, one in zip(cases, prepared, strict=True):
        map_, core = _atlas(one, config)
        z = reference.standardise(map_)[core]
        shares.setdefault(case.site, []).append((100 * float((z > BEYOND).mean()), 100 * float((z < -BEYOND).mean())))
    middle = {site: np.median(values, axis=0) for site, values in shares.items()}
    return {site: f"{bright:.2f} bright, {dark:.2f} dark" for site, (bright, dark) in middle.items()}


def _atlas(prepared: Prepared, config: EvidenceConfig) -> tuple[Array, Array]:
    """The atlas part of a volume and its core, both (N, H, W)."""
    stack = prepared.stack
    core = core_of(stack, config)
    return parts_of(stack, Reconstruction(np.zeros_like(stack.pixels), {}), core, config)["atlas"], core

"""What f-AnoGAN's encoder is worth as the start of AnoGAN's search: against searches from afar, in time, nearness and lesions found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from ...calibration.judgement import Calibration
from ...detectors.fanogan import FAnoGAN
from ...inversion.search import Inversion, SearchSettings, nearest_starts, rows_that_fit, search
from ...prepare.recipe import Recipe
from ...records import Array, Reconstruction, SliceStack
from ...training.data import from_network
from .. import lesions
from ..baselines import MAPS
from ..heads import head_of, prepare_head
from ..metrics import ap_interval, pixel_figures
from ..scans import KINDS, people_of

REFINEMENTS = (0, 10, 30, 50)  # steps from the encoder's answer on
POOL = 1000  # samples of the prior among which a search from afar may choose its start
_MAPS = ("raw residual", "evidence")


@dataclass(frozen=True)
class Way:
    """How a healthy counterpart is sought."""

    start: str  # "random", "pool" or "encoder"
    steps: int

    @property
    def name(self) -> str:
        """In the tables."""
        return f"{self.start} + {self.steps}"


@dataclass(frozen=True, eq=False)
class Lesioned:
    """A validation subject with a lesion painted in."""

    subject: str
    stack: SliceStack
    truth: Array  # (N, H, W) bool


def ways_of(far_steps: int) -> list[Way]:
    """Both searches from afar, the random one first, and the refinements."""
    return [Way("random", far_steps), Way("pool", far_steps), *(Way("encoder", steps) for steps in REFINEMENTS)]


def search_table(
    detector: FAnoGAN, stack: SliceStack, far_steps: int = 500, seed: int = 0, device: str = "cpu", step: Callable[[], None] = lambda: None
) -> list[dict[str, Any]]:
    """One row a way, as JSON values: processor time, and how near it came.

    Args:
        detector: trained.
        stack: slices to search.
        far_steps: of the searches from afar.
        seed: of their starts.
        device: as torch names it.
        step: called after each way.

    Returns:
        Seconds of processor time per slice; means of residual and search loss; the median of the loss over that of the search from
        random starts; and Spearman's correlation of the slice scores of both.
    """
    _seek(detector, stack.take(np.arange(2)), Way("encoder", 2), seed, device)  # the first calls of a convolution choose its kernel
    rows: list[dict[str, Any]] = []
    for way in ways_of(far_steps):
        began = time.process_time()
        found = _seek(detector, stack, way, seed, device)
        seconds = time.process_time() - began
        reference = rows[0]["scores"] if rows else found.loss
        rows.append({"way": way.name, "cpu_seconds_per_slice": seconds / len(stack), **_nearness(found, reference), "scores": found.loss})
        step()
    return [{name: value for name, value in row.items() if name != "scores"} for row in rows]


def lesion_table(
    detector: FAnoGAN,
    calibration: Calibration,
    lesioned: Sequence[Lesioned],
    far_steps: int = 500,
    seed: int = 0,
    device: str = "cpu",
    step: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """How well each way shows lesions: average precision of the raw residual and of the evidence, with its 95 % interval.

    The evidence is made with the bundle's own calibration, which knows the detector's fast way; the raw residual favours none.
    """
    rows = []
    for way in ways_of(far_steps):
        seen = []
        for one in lesioned:
            drawn = _seek(detector, one.stack, way, seed, device).drawn
            healthy = from_network(drawn, detector.config.intensity_top).cpu().numpy()
            judged = calibration.judge(one.stack, Reconstruction(healthy, {}))
            seen.append((judged.core, {name: np.abs(MAPS[name](one.stack, healthy, judged)) for name in _MAPS}))
            step()
        truths, cores, subjects = [one.truth for one in lesioned], [core for core, _ in seen], [one.subject for one in lesioned]
        for name in _MAPS:
            maps = [drawn[name] for _, drawn in seen]
            interval = ap_interval(maps, truths, cores, subjects)
            rows.append({"way": way.name, "map": name, **pixel_figures(maps, truths, cores), "ap_95": list(interval)})
    return rows


def lesioned_people(root: Path, recipe: Recipe, most: int | None = None) -> Iterator[Lesioned]:
    """Validation subjects, each with a dark and with a bright lesion; outlines are those of the validation tables."""
    people = people_of(root, "validation", quick=False)
    for case, outline in zip(people.own[:most], people.outlines, strict=False):
        head = head_of(case)
        clean = prepare_head(head, recipe)
        for change in KINDS.values():
            prepared, truth = lesions.paint(head, clean, outline, change, recipe)
            yield Lesioned(case.subject, prepared.stack, truth)


def _seek(detector: FAnoGAN, stack: SliceStack, way: Way, seed: int, device: str) -> Inversion:
    slices, mask = detector.to_networks(stack, device)
    rows, config = rows_that_fit(slices), detector.config
    if way.start == "encoder":
        starts, settings = detector.encode(slices, rows)[:, None], detector.refinement(way.steps, rows)
    else:
        starts = _from_afar(detector, slices, mask, way, seed)
        settings = SearchSettings(way.steps, config.lam, config.prior_weight, rows_at_once=rows)
    return search(detector.generator, detector.critic, slices, mask, starts, settings)


def _from_afar(detector: FAnoGAN, slices: Tensor, mask: Tensor, way: Way, seed: int) -> Tensor:
    count = len(slices) if way.start == "random" else POOL
    drawn = torch.randn(count, detector.config.latent_dim, generator=torch.Generator().manual_seed(seed)).to(slices.device)
    return drawn[:, None] if way.start == "random" else nearest_starts(detector.generator, slices, mask, drawn, 1)


def _nearness(found: Inversion, reference: Tensor) -> dict[str, float]:
    return {
        "residual": float(found.residual.mean()),
        "loss": float(found.loss.mean()),
        "loss_over_random": float((found.loss / reference).median()),
        "spearman": float(spearmanr(found.loss.cpu(), reference.cpu()).statistic),
    }

"""What the batched latent search is worth: against the same search, one slice at a time, with the same steps and starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from ...detectors.anogan import AnoGAN
from ...inversion.search import Inversion, SearchSettings, search
from ...records import SliceStack

_WARM_UP_STEPS = 2  # the first calls of a convolution choose and compile its kernel


def speed_table(
    detector: AnoGAN,
    stack: SliceStack,
    steps: int = 500,
    alone: int = 32,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Time and outcome of both searches, as JSON values.

    Args:
        detector: trained.
        stack: slices to search, 256 of them for the project's own table.
        steps: of both searches.
        alone: how many of the slices, drawn by `seed`, are also searched one at a time, which takes minutes for all of them;
            everything that compares the two is over these.
        seed: of the starts and of that choice.
        progress: called with (stages done, stages in all).

    Returns:
        Seconds per slice of both and their ratio; mean residual of the batched search over that of the other; Spearman
        correlation of their slice scores; and the largest relative difference of those scores with both in float32.
    """
    slices, mask, starts = detector.pose(stack, seed, "cpu")
    rows = np.sort(np.random.default_rng(seed).permutation(len(stack))[:alone])
    chosen = torch.from_numpy(rows)
    fast = _settings(detector, steps)
    exact = _settings(detector, steps, precision="float32", tuned=False)
    plain = _settings(detector, steps, precision="float32", rows_at_once=1, tuned=False)
    runs = [(fast, torch.arange(len(stack))), (exact, chosen), (plain, chosen)]
    results: list[tuple[float, Inversion]] = []
    for stage, (settings, which) in enumerate(runs):
        results.append(_timed(detector, (slices[which], mask[which], starts[which]), settings))
        if progress:
            progress(stage + 1, len(runs))
    (fast_seconds, batched), (_, same), (plain_seconds, single) = results
    return {
        "slices": len(stack),
        "slices_one_at_a_time": len(rows),
        "steps": steps,
        "threads": torch.get_num_threads(),
        "seconds_per_slice_batched": fast_seconds / len(stack),
        "seconds_per_slice_one_at_a_time": plain_seconds / len(rows),
        "times_faster": plain_seconds / len(rows) / (fast_seconds / len(stack)),
        "mean_residual_ratio": float(batched.residual[chosen].mean() / single.residual.mean()),
        "spearman": float(spearmanr(batched.loss[chosen], single.loss).statistic),
        "largest_difference_float32": float(((same.loss - single.loss).abs() / single.loss).max()),
    }


def _settings(detector: AnoGAN, steps: int, **others: Any) -> SearchSettings:
    return SearchSettings(steps, detector.config.lam, detector.config.prior_weight, **others)


def _timed(detector: AnoGAN, problem: tuple[torch.Tensor, torch.Tensor, torch.Tensor], settings: SearchSettings) -> tuple[float, Inversion]:
    slices, mask, starts = problem
    few = slice(0, settings.rows_at_once)
    warm_up = replace(settings, steps=_WARM_UP_STEPS, exact_steps=1)
    search(detector.generator, detector.discriminator, slices[few], mask[few], starts[few], warm_up)
    began = time.perf_counter()
    found = search(detector.generator, detector.discriminator, slices, mask, starts, settings)
    return time.perf_counter() - began, found

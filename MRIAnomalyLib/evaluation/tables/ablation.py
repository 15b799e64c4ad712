"""What each loss of the latent-regularised network is worth: the four-way ablation of Wang et al. (2020), on brains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle, open_bundle
from ...bundles.contents import sha256_of
from ...bundles.descent import source_of
from ...bundles.loading import hardware, pick_device
from ...errors import UsageError
from ...prepare.recipe import recipe_from
from ...records import ProgressCallback
from ...resources import user_folder
from ..cohorts import HOME, Cohort, at_hand, make_cohort, read_cohort
from ..metrics import crossed_interval
from ..page import write_tables
from ..steps import Steps
from ..trials import SCRATCH, Found, Trial, looked_at, run_trial

DETECTOR = "latent_regularised"
VARIANTS: dict[str, dict[str, Any]] = {
    "all four losses": {},
    "without low rank": {"low_rank_weight": 0.0},
    "without latent": {"latent_weight": 0.0},
    "without both": {"low_rank_weight": 0.0, "latent_weight": 0.0},
}
QUICK = {"steps": 3, "seeds": 2, "people": 2}  # shows that it runs, not how good it is

Row = dict[str, Any]


def ablation_table(
    root: Path,
    out: Path,
    *,
    model: str,
    steps: int,
    seeds: int,
    quick: bool = False,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train the network with and without each loss, and write ablation.json and ablation.md into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the table.
        model: name or folder of a bundle of the method, whose other settings and preparation are kept.
        steps: of every training.
        seeds: trainings of each kind.
        quick: few people, steps and seeds.
        device: as for `detect`.
        resume: take what an earlier call found, and go on where it stopped.
        progress: called after each scan that is prepared, and after each training.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        InputError: a set is not there.
        UsageError: the bundle is of another method.
    """
    bundle, device = open_bundle(model), pick_device(device)
    if bundle.detector != DETECTOR:
        raise UsageError(f"The losses of {bundle.detector} are not those of this table: name a bundle of the method {DETECTOR}.")
    steps, seeds = (QUICK["steps"], QUICK["seeds"]) if quick else (steps, seeds)
    cohort, place = home_cohort(bundle, root, QUICK["people"] if quick else None, progress), user_folder() / "ablation" / "trials"
    people, source = looked_at(cohort.validation, root), source_of(bundle)
    count, done, found = at_hand(cohort.train), Steps(len(VARIANTS) * seeds, progress), dict[str, list[Found]]()
    for variant, weights in VARIANTS.items():
        for seed in range(seeds):
            trial = Trial(source, SCRATCH, cohort.train, count, seed, {"steps": steps, **weights})
            found.setdefault(variant, []).append(run_trial(trial, people, place, device, resume))
            done.one()
    conditions = {
        "learned from": f"{count} slices of {len(np.unique(cohort.train.subject))} people of split train",
        "looked at": f"{len(people.healthy)} slices of {len(np.unique(people.healthy.subject))} people of split validation",
        "error": "mean |x - healthy| over the brain of healthy slices, standardised intensity; lower is better",
        "pixels": "AUROC of pixels of stroke shapes pasted into the same slices, within each person, by the smoothed |x - healthy|",
        "slices by ...": "AUROC of the slices with such a lesion against the same without, within each person, by that score",
        "trainings": f"{seeds} of each kind, seeds from 0, {steps} steps; otherwise as {bundle.name}, of {source.settings['steps']} steps",
        "quick": quick,
        "hardware": hardware(device),
    }
    command = f"mrianomaly benchmark ablation --root DATA --model {bundle.name} --steps {steps} --seeds {seeds}"
    tables = {"conditions": conditions, "variants": rows_of(found)}
    write_tables(out, "ablation", "Losses of the latent-regularised network", command, tables)
    return out


def home_cohort(bundle: Bundle, root: Path, most: int | None, progress: ProgressCallback | None) -> Cohort:
    """Those whom a model learned from and those by whom it was chosen, at most so many of each; prepared once."""
    recipe = recipe_from(bundle.model["recipe"])
    folder = user_folder() / "ablation" / f"home-{sha256_of(repr((asdict(recipe), most)).encode())[:8]}"
    if not folder.exists():
        make_cohort(HOME, root, recipe, folder, most, progress)
    return read_cohort(folder)


def rows_of(found: Mapping[str, Sequence[Found]]) -> list[Row]:
    """A row a variant: means over trainings and people, each with an interval that draws both."""
    return [{"losses": variant, **_figures(several)} for variant, several in found.items()]


def _figures(several: Sequence[Found]) -> Row:
    columns = {"error": [one.error for one in several], "pixels": [one.auroc for one in several]}
    columns |= {f"slices by {term}": [one.slices[term] for one in several] for term in several[0].slices}
    row: Row = {}
    for name, values in columns.items():
        row |= {name: round(float(np.mean(values)), 4), f"{name} 95": [round(end, 4) for end in crossed_interval(np.array(values))]}
    return row

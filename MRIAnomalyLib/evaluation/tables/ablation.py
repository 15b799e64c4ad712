"""What each loss of a method is worth, such as the four-way ablation of Wang et al. (2020) on brains, and each way of asking its bundle."""

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
from ...detectors.base import refuse_unknown
from ...errors import UsageError
from ...prepare.recipe import recipe_from
from ...records import ProgressCallback, SliceStack
from ...resources import user_folder
from ...training.transfer import Source
from ..ablations import ABLATIONS, Ablation
from ..cohorts import HOME, Cohort, at_hand, make_cohort, read_cohort
from ..metrics import crossed_interval
from ..page import cell, write_tables
from ..steps import Steps
from ..trials import FROM_BUNDLE, SCRATCH, Found, Trial, looked_at, run_trial

QUICK = {"steps": 3, "seeds": 2, "people": 2}  # shows that it runs, not how good it is
SCORE = "slices by "  # with the name of a score: a column
FIRST = {"variants": "losses", "uses": "use"}  # table -> its first column
FEW_SCORES = 2  # that fit into a row of the page beside the other figures

Row = dict[str, Any]


def ablation_table(
    root: Path,
    out: Path,
    *,
    model: str,
    steps: int | None = None,
    seeds: int,
    settings: Mapping[str, Any] = {},
    quick: bool = False,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train with and without each loss, ask the bundle in its ways, and write the method's page and JSON into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the table.
        model: name or folder of a bundle of a method of ABLATIONS, whose other settings and preparation are kept.
        steps: of every training; as many as the bundle's own had without it.
        seeds: trainings of each kind.
        settings: of every training, over those of the bundle.
        quick: few people, steps and seeds.
        device: as for `detect`.
        resume: take what an earlier call found, and go on where it stopped.
        progress: called after each scan that is prepared, after each training, and each way of asking.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        InputError: a set is not there.
        UsageError: the bundle is of another method, that has no such setting, or steps or settings are given where nothing is trained.
    """
    bundle, device = open_bundle(model), pick_device(device)
    if bundle.detector not in ABLATIONS:
        methods = " or ".join(ABLATIONS)
        raise UsageError(f"{bundle.name} is of the method {bundle.detector}, not of this table: name a bundle of the method {methods}.")
    refuse_unknown(settings, [bundle.detector])
    of, source = ABLATIONS[bundle.detector], source_of(bundle)
    if not of.variants and (steps or settings):
        raise UsageError(f"{bundle.name} is asked as it is, nothing is trained for this table: leave out --steps and --set.")
    steps, seeds = (QUICK["steps"], QUICK["seeds"]) if quick else (steps or source.settings[of.length], seeds)
    cohort, place = home_cohort(bundle, root, QUICK["people"] if quick else None, progress), user_folder() / "ablation" / "trials"
    people, trials = looked_at(cohort.validation, root), trials_of(of, source, cohort.train, steps, seeds, settings)
    done = Steps(sum(len(several) for kinds in trials.values() for several in kinds.values()), progress)

    def found(trial: Trial) -> Found:
        one = run_trial(trial, people, place, device, resume)
        done.one()
        return one

    tables = {
        name: rows_of(FIRST[name], {kind: [found(trial) for trial in several] for kind, several in kinds.items()})
        for name, kinds in trials.items()
    }
    command, conditions = f"mrianomaly benchmark ablation --root DATA --model {bundle.name}", _seen(cohort)
    if of.variants:
        command += f" --steps {steps} --seeds {seeds}" + "".join(f" --set {name}={value}" for name, value in settings.items())
        trainings = f"{seeds} of each kind, seeds from 0, {', '.join(_how(of, steps, settings))}"
        conditions = _learned(cohort.train, f"{trainings}; otherwise as {bundle.name}, of {source.settings[of.length]} steps") | conditions
    conditions |= {**of.notes, "quick": quick, "hardware": hardware(device)}
    write_tables(out, of.page, of.title, command, {"conditions": conditions, **tables}, shown=scores_apart(tables))
    return out


def _learned(train: SliceStack, trainings: str) -> Row:
    return {"learned from": f"{at_hand(train)} slices of {len(np.unique(train.subject))} people of split train", "trainings": trainings}


def _seen(cohort: Cohort) -> Row:
    looked = cohort.validation
    return {
        "looked at": f"{len(looked)} slices of {len(np.unique(looked.subject))} people of split validation",
        "error": "mean |x - healthy| over the brain of healthy slices, standardised intensity; lower is better",
        "pixels": "AUROC of pixels of stroke shapes pasted into the same slices, within each person, by the smoothed |x - healthy|",
        f"{SCORE}...": "AUROC of the slices with such a lesion against the same without, within each person, by that score",
    }


def _how(of: Ablation, steps: int, settings: Mapping[str, Any]) -> list[str]:
    alone = f" of the {of.network} alone, from nothing, against the other networks of the bundle" if of.network else ""
    return [f"{steps} steps{alone}", *(f"{name} {value}" for name, value in settings.items())]


def trials_of(
    of: Ablation, source: Source, train: SliceStack, steps: int, seeds: int, settings: Mapping[str, Any]
) -> dict[str, dict[str, list[Trial]]]:
    """Table of FIRST -> row -> its trials; a bundle is asked once in each way."""
    count, way, every = at_hand(train), FROM_BUNDLE if of.network else SCRATCH, {**settings, of.length: steps}
    variants = {
        name: [Trial(source, way, train, count, seed, {**every, **losses}, of.network) for seed in range(seeds)]
        for name, losses in of.variants.items()
    }
    uses = {
        name: [
            Trial(source, FROM_BUNDLE, train, count, 0, {**of.measuring, **use.settings}, thorough=use.thorough, trained=bool(of.measuring))
        ]
        for name, use in of.uses.items()
    }
    return {name: kinds for name, kinds in {"variants": variants, "uses": uses}.items() if kinds}


def home_cohort(bundle: Bundle, root: Path, most: int | None, progress: ProgressCallback | None) -> Cohort:
    """Those whom a model learned from and those by whom it was chosen, at most so many of each; prepared once."""
    recipe = recipe_from(bundle.model["recipe"])
    folder = user_folder() / "ablation" / f"home-{sha256_of(repr((asdict(recipe), most)).encode())[:8]}"
    if not folder.exists():
        make_cohort(HOME, root, recipe, folder, most, progress)
    return read_cohort(folder)


def rows_of(first: str, found: Mapping[str, Sequence[Found]]) -> list[Row]:
    """A row a kind, named in column `first`: means over trainings and people, each with an interval that draws both."""
    return [{first: kind, **_figures(several)} for kind, several in found.items()]


def scores_apart(tables: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """Tables that have more scores than a row of a page can hold, as two: without the scores, and of these, intervals in brackets."""
    wide = {name: rows for name, rows in tables.items() if any(len(_scores(row)) > FEW_SCORES for row in rows)}
    plain = {name: [{key: row[key] for key in row if not key.startswith(SCORE)} for row in rows] for name, rows in wide.items()}
    return plain | {f"{name}, {SCORE}score": [_scores_alone(FIRST[name], row) for row in rows] for name, rows in wide.items()}


def _scores_alone(first: str, row: Row) -> Row:
    return {first: row[first], **{key.removeprefix(SCORE): f"{row[key]} ({cell(row[f'{key} 95'])})" for key in _scores(row)}}


def _scores(row: Row) -> list[str]:
    return [key for key in row if key.startswith(SCORE) and not key.endswith(" 95")]


def _figures(several: Sequence[Found]) -> Row:
    columns = {"error": [one.error for one in several], "pixels": [one.auroc for one in several]}
    columns |= {f"{SCORE}{term}": [one.slices[term] for one in several] for term in several[0].slices}
    row: Row = {}
    for name, values in columns.items():
        row |= {name: round(float(np.mean(values)), 4), f"{name} 95": [round(end, 4) for end in crossed_interval(np.array(values))]}
    return row

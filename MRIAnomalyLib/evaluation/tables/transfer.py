"""The transfer table: what starting from a trained model is worth where scans are few, against the same training from nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle, open_bundle
from ...bundles.contents import WEIGHTS, sha256_of
from ...bundles.descent import recipe_over, source_of
from ...bundles.loading import hardware, pick_device
from ...detectors import settings_of
from ...detectors.base import refuse_unknown
from ...errors import UsageError
from ...learning import grid_settings
from ...records import Array, ProgressCallback
from ...resources import user_folder
from ..cohorts import KINDS, Cohort, at_hand, make_cohort, read_cohort
from ..metrics import crossed_interval
from ..page import write_tables
from ..steps import Steps
from ..trials import SCRATCH, Found, Trial, looked_at, run_trial, ways_of
from .brain import labelled, shipped_bundles
from .transfer_figure import draw

SIZES = (25, 50, 100, 400)  # slices to learn from
MEASURES = {"error": -1, "auroc": 1}  # name -> which way is better

NAMING = ("cohort", "model", "slices", "way")  # columns that say which training a row is of

Row = dict[str, Any]
Pair = tuple[str, str]  # cohort, model
Key = tuple[str, str, int, str]  # cohort, model, slices, way


@dataclass(frozen=True)
class Extent:
    """How much is tried."""

    sizes: Sequence[int] = SIZES
    seeds: int = 3  # each another choice of people and other random numbers
    steps: int = 2000  # of every training: one on 400 slices sees each of them hundreds of times
    settings: Mapping[str, Any] = field(default_factory=dict)  # over those of the bundles, where the method has them
    people: int | None = None  # of each split of a cohort made of the data sets; all without it


QUICK = Extent(sizes=(4, 8), seeds=2, steps=3, people=3)  # shows that it runs, not how good it is


def transfer_tables(
    root: Path,
    out: Path,
    *,
    models: Sequence[str] = (),
    targets: Sequence[str] = (),
    extent: Extent = Extent(),
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Train and measure, and write transfer.json, transfer.md, transfer.csv (one row a training) and transfer.png into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        models: names or folders of the bundles to start from; without any, all brain-t1 that ship.
        targets: cohorts of `cohorts.KINDS`, or folders of prepared slices; without any, all of KINDS. A cohort whose slices a bundle does
            not fit is left out for it, and the tables say why.
        extent: how much is tried.
        device: as for `detect`.
        resume: take what an earlier call found, and go on where it stopped.
        progress: called after each scan that is prepared, and after each training.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        InputError: a set or a folder is not there.
        UsageError: no bundle fits any cohort's slices, or there is a setting that no method has.
    """
    bundles = labelled([open_bundle(model) for model in models] if models else shipped_bundles())
    refuse_unknown(extent.settings, [bundle.detector for bundle in bundles.values()])
    targets, place, device = targets or tuple(KINDS), user_folder() / "transfer", pick_device(device)
    pairs = [(target, label) for target in targets for label in bundles]
    cohorts = {(target, label): _cohort(target, bundles[label], root, place, extent, progress) for target, label in pairs}
    plans = {pair: list(_planned(cohort, bundles[pair[1]], pair[1], pair[0], extent)) for pair, cohort in cohorts.items()}
    left_out = _misfits(plans)
    cohorts = {pair: cohort for pair, cohort in cohorts.items() if pair not in left_out}
    planned = [one for pair in cohorts for one in plans[pair]]
    people = {(Path(target).name, label): looked_at(cohort.validation, root) for (target, label), cohort in cohorts.items()}
    steps, found = Steps(len(planned), progress), list[tuple[Key, int, Found]]()
    for key, trial in planned:
        found.append((key, trial.seed, run_trial(trial, people[key[:2]], place / "trials", device, resume)))
        steps.one()
    facts = {"conditions": _conditions(extent, device), "models": _described(bundles), "cohorts": _counted(cohorts)}
    if left_out:
        facts["left_out"] = [{"cohort": Path(target).name, "model": label, "why": why} for (target, label), why in left_out.items()]
    _write(out, found, facts, _command(bundles, targets, extent))
    return out


def _cohort(target: str, bundle: Bundle, root: Path, place: Path, extent: Extent, progress: ProgressCallback | None) -> Cohort:
    """The cohort as the bundle's own preparation makes it; one that was prepared before is read."""
    if target not in KINDS:
        return read_cohort(Path(target))
    recipe = recipe_over(bundle, KINDS[target].recipe)
    folder = place / f"{target}-{sha256_of(repr((asdict(recipe), extent.people)).encode())[:8]}"
    if not folder.exists():
        make_cohort(KINDS[target], root, recipe, folder, extent.people, progress)
    return read_cohort(folder)


def _planned(cohort: Cohort, bundle: Bundle, label: str, target: str, extent: Extent) -> Iterator[tuple[Key, Trial]]:
    source, known = source_of(bundle), settings_of(bundle.detector)
    budget: dict[str, Any] = {name: extent.steps for name in ("steps", "encoder_steps") if name in known}
    chosen = {name: value for name, value in extent.settings.items() if name in known}
    settings = {**_grid(cohort, bundle, target), **budget, **chosen}
    for count in dict.fromkeys(min(count, at_hand(cohort.train)) for count in extent.sizes):
        for seed, way in itertools.product(range(extent.seeds), ways_of(bundle.detector)):
            yield (Path(target).name, label, count, way), Trial(source, way, cohort.train, count, seed, settings)


def _misfits(plans: Mapping[Pair, Sequence[tuple[Key, Trial]]]) -> dict[Pair, str]:
    """Why a cohort is left out for a bundle: told before hours of work; UsageError when nothing is left."""
    refused: dict[Pair, UsageError] = {}
    for pair, planned in plans.items():
        try:
            for trial in {key[3]: trial for key, trial in planned}.values():
                trial.begun()
        except UsageError as error:
            refused[pair] = error
    if len(refused) == len(plans):
        raise next(iter(refused.values()))
    return {pair: str(error) for pair, error in refused.items()}


def _grid(cohort: Cohort, bundle: Bundle, target: str) -> dict[str, Any]:
    """The settings by which the bundle's method fits the slices of a cohort."""
    if target in KINDS:
        return grid_settings(recipe_over(bundle, KINDS[target].recipe), bundle.detector)
    grid = {"image_size": cohort.train.pixels.shape[-1], "levels": cohort.levels}
    return {name: grid[name] for name in grid.keys() & settings_of(bundle.detector)}


def rows_of(found: Sequence[tuple[Key, int, Found]]) -> dict[str, list[Row]]:
    """The tables: what each way reached, and what it gained over training from nothing, by slices.

    A gain above 0 is always for the better. Intervals are over trainings and people; a gain's is of the difference for the same people,
    after trainings on the same slices.
    """
    pooled: dict[Key, list[Found]] = {}
    for key, _, one in found:
        pooled.setdefault(key, []).append(one)
    reached, gained = [], []
    for key, several in pooled.items():
        naming = dict(zip(NAMING, key, strict=True))
        values = {measure: _array(several, measure) for measure in MEASURES}
        reached.append({**naming, **_figures(values)})
        if key[-1] != SCRATCH:
            nothing = pooled[*key[:-1], SCRATCH]
            gain = {name: better * (values[name] - _array(nothing, name)) for name, better in MEASURES.items()}
            gained.append({**naming, **_figures(gain)})
    return {"gained": gained, "reached": reached}


def _array(several: Sequence[Found], measure: str) -> Array:
    """(trainings, people)."""
    return np.array([getattr(one, measure) for one in several])


def _figures(values: Mapping[str, Array]) -> Row:
    row: Row = {}
    for name, array in values.items():
        row |= {name: round(float(array.mean()), 4), f"{name}_95": [round(end, 4) for end in crossed_interval(array)]}
    return row


def _write(out: Path, found: Sequence[tuple[Key, int, Found]], facts: Mapping[str, Any], command: str) -> None:
    tables = {**facts, **rows_of(found)}
    out.mkdir(parents=True, exist_ok=True)
    trainings = [
        {**dict(zip(NAMING, key, strict=True)), "seed": seed, **{name: float(np.mean(getattr(one, name))) for name in MEASURES}}
        for key, seed, one in found
    ]
    write_tables(out, "transfer", "Starting from a trained model where scans are few", command, tables, rows=trainings)
    draw(out / "transfer.png", tables["reached"])


def _conditions(extent: Extent, device: str) -> Row:
    return {
        "curves": "![what each way reached, by slices](transfer.png)",
        "people looked at": "others than those learned from; none of a test split",
        "error": "mean |x - healthy| over the foreground of healthy slices, standardised intensity; lower is better",
        "auroc": "of pixels of stroke shapes pasted into the same slices, within each person; higher is better",
        "gained": "over the same training from nothing; above 0 is better; 95 % intervals by drawing trainings and people",
        "trainings": f"{extent.seeds} of each kind (seeds from 0), on slices of as few people as hold them",
        "budget": f"{extent.steps} steps, whichever the start: what this much training gives, not where training ends",
        "quick": extent.people is not None,
        "hardware": hardware(device),
    }


def _counted(cohorts: Mapping[Pair, Cohort]) -> list[Row]:
    return [
        {
            "cohort": Path(target).name,
            "model": label,
            "people to learn from": len(np.unique(cohort.train.subject)),
            "their slices": at_hand(cohort.train),
            "people looked at": len(np.unique(cohort.validation.subject)),
            "slices of them": len(cohort.validation),
        }
        for (target, label), cohort in cohorts.items()
    ]


def _described(bundles: Mapping[str, Bundle]) -> list[Row]:
    return [{"model": label, "detector": one.detector, "weights_sha256": one.model["files"][WEIGHTS]} for label, one in bundles.items()]


def _command(bundles: Mapping[str, Bundle], targets: Sequence[str], extent: Extent) -> str:
    named = f"--model {','.join(bundle.name for bundle in bundles.values())} --target {','.join(Path(target).name for target in targets)}"
    much = f"--slices {','.join(map(str, extent.sizes))} --steps {extent.steps} --seeds {extent.seeds}"
    return f"mrianomaly benchmark transfer --root DATA {named} {much}" + "".join(
        f" --set {name}={value}" for name, value in extent.settings.items()
    )

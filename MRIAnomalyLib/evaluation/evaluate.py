"""Any methods on anybody's cases: each case as each method sees it, kept on the way, and what came of it as one folder of tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from .. import __version__
from ..bundles.contents import sha256_of
from ..bundles.loading import RECOGNISED, USUAL, choose_bundle
from ..errors import Cancelled, InputError, MRIAnomalyError, UsageError
from ..files.atomic import check_target, whole_file
from ..files.cases import Case, read_cases
from ..files.reading import read_volume
from ..learning import one_per_subject, prepare_cases
from ..prepare.anatomy import place_as
from ..prepare.placing import Placed
from ..prepare.recipe import Recipe, cut, recipe_from
from ..records import Prepared, ProgressCallback, SliceStack
from .anomalib_models import obstacle
from .cohorts import read_slices, write_slices
from .methods import BASELINES, PREFIX, Method, baseline_method, bundle_method
from .outcome import Outcome, write_outcome
from .reading import Reading, contrasts_of, read_reading, state_of, write_reading
from .scans import Scan, drawn_by_experts
from .steps import Steps
from .tables.brain import labelled
from .task import Failure, Task
from .trivial import trivial_scores

QUICK = 3  # cases of each kind: shows that it runs


def evaluate(task: Task, progress: ProgressCallback | None = None) -> list[Failure]:
    """Let every method see every case, and write the folder of tables; returns what could not be evaluated.

    Methods that cannot run on this machine are left out, and told of first.

    Args:
        task: what.
        progress: called after each scan that is prepared for the baselines, and after each case and method.

    Raises:
        BundleError: there is no such model, or it is damaged or not calibrated.
        CalibrationError: too few healthy people for a baseline.
        InputError: a table or a healthy scan cannot be read, or no case could be evaluated at all.
        UsageError: the folder exists or cannot be written, no such baseline, no method that can run on this machine, or healthy people
            who are to be evaluated.
    """
    check_target(task.out, task.overwrite, inputs=(task.cases,))
    everyone = read_cases(task.cases)
    cases = _few(everyone) if task.quick else everyone
    bundles = labelled([choose_bundle(model) for model in task.models if not model.startswith(PREFIX)])
    names, left_out = _baselines(task)
    if not bundles and not names:
        raise UsageError(left_out[0].why)
    healthy = _healthy_cases(task, names, everyone)
    steps = Steps(len(cases) * (len(names) + len(bundles)) + len(healthy), progress, "evaluate")
    methods = [bundle_method(label, bundle, steps, task.device) for label, bundle in bundles.items()]
    if names:
        recipe = methods[0].recipe if methods else _usual_recipe(cases)
        stacks = [_healthy_slices(case, recipe, task, steps) for case in healthy]
        methods += [baseline_method(name, recipe, stacks, steps) for name in names]
    kept, failures = _see_all(cases, methods, task, steps)
    if not any(kept.values()):
        raise InputError(f"None of the {len(cases)} cases could be evaluated; the first: {failures[0].why}")
    write_outcome(Outcome(task, cases, methods, bundles, kept, left_out + failures))
    return left_out + failures


def _few(cases: Sequence[Case]) -> list[Case]:
    """Some with a mask, some who are healthy, some of whom nothing is known."""
    kinds = [lambda one: one.mask is not None, lambda one: one.healthy, lambda one: one.mask is None and not one.healthy]
    return [case for kind in kinds for case in [one for one in cases if kind(one)][:QUICK]]


def _baselines(task: Task) -> tuple[list[str], list[Failure]]:
    """Those that are asked for and can run here, and why the others cannot."""
    names = dict.fromkeys(model.removeprefix(PREFIX) for model in task.models if model.startswith(PREFIX))
    if unknown := sorted(names.keys() - BASELINES.keys()):
        raise UsageError(f"There is no baseline {unknown[0]}; there are: {', '.join(PREFIX + name for name in BASELINES)}.")
    why = {name: obstacle(name) for name in names}
    return [name for name in names if not why[name]], [Failure(None, PREFIX + name, why[name]) for name in names if why[name]]


def _healthy_cases(task: Task, baselines: Sequence[str], cases: Sequence[Case]) -> list[Case]:
    """Whom baselines learn from: one scan each, nobody who is evaluated."""
    if not baselines:
        return []
    if task.healthy is None:
        raise UsageError("Baselines learn from healthy people what is ordinary: name their scans with --healthy FOLDER or cases.csv.")
    healthy = one_per_subject(read_cases(task.healthy))
    if both := {case.subject for case in healthy} & {case.subject for case in cases}:
        raise UsageError(f"{len(both)} of the healthy people are also among the cases, {sorted(both)[0]} for one: leave them out of one.")
    return healthy


def _usual_recipe(cases: Sequence[Case]) -> Recipe:
    """By the column `sequence`; a bundle's own recipe goes before it."""
    sequences = {case.sequence or USUAL for case in cases}
    if len(sequences) > 1 or not sequences <= RECOGNISED.keys():
        known = ", ".join(RECOGNISED)
        raise UsageError(f"Baselines look at scans of one sequence ({known}), the cases are {', '.join(sorted(sequences))}: split them.")
    (sequence,) = sequences
    return recipe_from({"anatomy": RECOGNISED[sequence], "sequence": sequence})


def _healthy_slices(case: Case, recipe: Recipe, task: Task, steps: Steps) -> SliceStack:
    path = task.kept / f"healthy-{_known_by(recipe, case.image)}.npz"
    if not (task.resume and path.exists()):
        ((_, prepared),) = prepare_cases([case], recipe)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as unfinished:
            write_slices(unfinished, prepared.stack)
    steps.one()
    return read_slices(path)


def _see_all(cases: Sequence[Case], methods: Sequence[Method], task: Task, steps: Steps) -> tuple[dict[str, list[Path]], list[Failure]]:
    """The files that readings are kept in, by method, and what failed."""
    kept: dict[str, list[Path]] = {method.label: [] for method in methods}
    failures = []
    for case in cases:
        prepared = _preparer(case)
        for method in methods:
            path = task.kept / f"{_known_by(method.known_by, case, case.image, case.mask)}.npz"
            try:
                if task.resume and read_reading(path):
                    steps.one()
                else:
                    write_reading(_read(case, method, prepared), path)
                kept[method.label].append(path)
            except Cancelled:
                raise
            except MRIAnomalyError as error:
                failures.append(Failure(case.id, method.label, str(error)))
                steps.one()
    return kept, failures


def _preparer(case: Case) -> Callable[[Recipe], Prepared]:
    """What prepares a case for any recipe: read and placed once, however many methods ask; InputError, NotComparableError."""

    @cache
    def placed(anatomy: str) -> Placed:
        return place_as(anatomy, read_volume(case.image))

    return cache(lambda recipe: cut(placed(recipe.anatomy), recipe))


def _read(case: Case, method: Method, prepared: Callable[[Recipe], Prepared]) -> Reading:
    """See one case; the method tells its steps."""
    made = prepared(method.recipe)
    truth = drawn_by_experts(case, made, method.recipe)
    seen = method.see(Scan(case, made, truth))
    stack, healthy, judged = made.stack, seen.redrawn.healthy, seen.judged
    map_, off = method.paint(stack, healthy, judged), np.abs(method.off(stack, healthy, judged))
    lesion = np.zeros(judged.core.shape, bool) if truth is None else truth
    score = method.scored(map_, seen)
    return Reading(
        id=case.id,
        subject=case.subject,
        state=state_of(case, truth),
        map_=map_.astype(np.float32),
        core=judged.core,
        truth=lesion,
        score=score,
        p=method.p_of(score),
        voxel_mm3=seen.voxel_mm3,
        residual=(float(off[judged.core & lesion].sum()), float(off[judged.core & ~lesion].sum())),
        contrasts=contrasts_of(stack, lesion),
        trivial=trivial_scores(stack),
    )


def _known_by(*parts: object) -> str:
    """Name of what is kept: other files, methods or versions give another."""
    told = [[str(part), part.stat().st_size, part.stat().st_mtime_ns] if isinstance(part, Path) else repr(part) for part in parts]
    return sha256_of(json.dumps([__version__, told]).encode())[:24]

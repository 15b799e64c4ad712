"""The table of simulated scanners: healthy people of the training scanner, one thing about it changed, and who is then taken for ill.

"after" asks the model as it ships. "before" asks the same networks with the preparation's remedies against scanner change off, compared
anew with the calibration people so prepared: otherwise everybody would be strange, whatever the scanner.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...bundles.bundle import Bundle
from ...bundles.contents import sha256_of
from ...bundles.loading import choose_bundle, hardware, load_detector, pick_device
from ...calibration.judgement import Calibration
from ...errors import NotComparableError, UsageError
from ...files.cases import Case
from ...learning import judge_healthy, see_healthy
from ...prepare.placing import Placed, place_brain
from ...prepare.recipe import Recipe, recipe_from, standardise
from ...records import Prepared, ProgressCallback
from ...resources import user_folder
from .. import sets
from ..answers import ALPHA, Seen, calibration_of, described, viewer
from ..heads import head_of, prepare_head
from ..once import once
from ..page import write_tables
from ..scans import OUTLINES, QUICK, Scan
from ..simulated import CHANGES, STRENGTHS, simulated, version
from ..steps import Steps
from .alarms import BEYOND, warnings_of
from .remedies import RECIPES
from .scanner_rows import AFTER, BEFORE, UNCHANGED, Found, Row, rows_of
from .scanners_figure import draw

# the tissue tone puts the median of healthy brains there (0.776 to 0.805): before and after, networks see the brightness that they know
REMEDIES_OFF: dict[str, Any] = {**RECIPES["median only"], "middle": 0.78}
EXPLAINED = {
    "flagged": f"at p <= {ALPHA}; flagged_share_exact: 95 %, binomial (Clopper and Pearson)",
    "spared": "share flagged before, less that after, of all changes of a strength",
    "beyond_3": "median percent of voxels whose evidence lies beyond 3 standard deviations of healthy people",
    "figure": "![who is flagged and who is warned of, by what was changed](scanners.png)",
}


@dataclass(frozen=True, eq=False)
class Preparation:
    """One way to prepare, and what a model says of a scan so prepared."""

    recipe: Recipe
    calibration: Calibration
    see: Callable[[Scan], Seen]


def scanner_table(
    root: Path,
    out: Path,
    *,
    model: str,
    split: str = "validation",
    people: int | None = None,
    quick: bool = False,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Simulate, ask the model, and write scanners.json, scanners.md and scanners.png into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        model: name or folder of a calibrated bundle for T1 brains.
        split: "validation" or "test".
        people: how many of it; all without it.
        quick: three people and strong changes only: shows that it runs.
        resume: keep what an earlier call found.
        progress: called after each head; first, after each of the calibration people.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
        UsageError: the model is for other scans, there is no such split, or TorchIO is not installed.
    """
    bundle = choose_bundle(model)
    _refuse_others(bundle, split)
    torchio = version()
    looked_at = sets.healthy(root, split)[: QUICK if quick else people]
    normals = sets.healthy(root, "calibration")[::2][: QUICK if quick else None]  # half of them, as for `scans.People`
    preparations = cache(lambda: preparations_of(bundle, normals, quick, progress))  # takes minutes: not where all is known already
    kinds = [UNCHANGED, *itertools.product(CHANGES, STRENGTHS[1:] if quick else STRENGTHS)]
    steps = Steps(len(kinds) * len(looked_at), progress)

    def ask(change: str, strength: str, case: Case) -> Found:
        name = _known_by(bundle, normals, case, change, strength, torchio)
        answer = once(name, user_folder() / "scanners", resume, lambda _: look(case, change, strength, bundle, preparations()))
        steps.one()
        return Found(change, strength, case.subject, **answer)

    found = [ask(*kind, case) for case in looked_at for kind in kinds]
    command = f"mrianomaly benchmark scanners --root DATA --model {bundle.name} --split {split}{f' --people {people}' if people else ''}"
    facts = {
        "people": f"{len(looked_at)} healthy {split} people of the training scanner; what is random in a change follows from the person",
        "brain mask": "that of the head as it came: extraction is not put to the test",
        "before": f"{REMEDIES_OFF}, the same networks, calibrated anew on {len(normals)} people so prepared; registered as shipped",
        "after": f"as shipped, calibrated on {bundle.model['calibration']['subjects']} people",
        "evidence": "its own steps against scanner change, trend and own spread, stay on in both",
        **EXPLAINED,
        "torchio": torchio,
        "quick": quick,
        "hardware": hardware(pick_device("auto")),
    }
    _write(out, command, bundle, facts, found)
    return out


def _refuse_others(bundle: Bundle, split: str) -> None:
    recipe = recipe_from(bundle.model["recipe"])
    if (recipe.anatomy, recipe.sequence) != ("brain", "T1"):
        raise UsageError(f"The model {bundle.name} is not for T1 scans of the brain: name one that is with --model.")
    if split not in OUTLINES:
        raise UsageError(f"Tables are made of the splits {' and '.join(OUTLINES)}, not of {split}.")


def preparations_of(bundle: Bundle, normals: Sequence[Case], few: bool, progress: ProgressCallback | None) -> dict[str, Preparation]:
    """The shipped preparation and calibration, and those without remedies: by BEFORE and AFTER.

    Args:
        bundle: calibrated.
        normals: calibration people, who are prepared anew.
        few: they are too few for p-values.
        progress: called after each of them.
    """
    shipped = recipe_from(bundle.model["recipe"])
    plain, steps, detector = replace(shipped, **REMEDIES_OFF), Steps(len(normals), progress, "calibrate"), load_detector(bundle)

    def prepared_anew() -> Iterator[tuple[Case, Prepared]]:
        for case in normals:
            yield case, prepare_head(head_of(case), plain)
            steps.one()

    seen = see_healthy(detector, prepared_anew(), pick_device("auto"))
    calibrations = {BEFORE: (plain, judge_healthy(seen.pairs, plain, detector, few)), AFTER: (shipped, calibration_of(bundle))}
    return {name: Preparation(recipe, one, viewer(bundle, one)) for name, (recipe, one) in calibrations.items()}


def look(case: Case, change: str, strength: str, bundle: Bundle, preparations: dict[str, Preparation]) -> Row:
    """What `Found` holds of a head: whether `detect` would refuse it, and what is said of it under each preparation."""
    head = head_of(case)
    if (change, strength) != UNCHANGED:
        head = simulated(head, change, strength, case.subject)
    try:
        placed = place_brain(head.array, head.affine, head.mask, head.how)
    except NotComparableError:
        return {"refused": True, "answers": {}}
    answers = {name: _seen(case, placed, one) for name, one in preparations.items()}
    return {
        "refused": answers[AFTER].refused,  # by what was measured before any recipe has a say
        "answers": {
            name: {
                "flagged": one.flagged,
                "warned": bool(warnings_of(one, bundle, preparations[name].calibration)),
                "beyond": 100 * float((np.abs(one.judged.evidence[one.judged.core]) > BEYOND).mean()),
            }
            for name, one in answers.items()
        },
    }


def _seen(case: Case, placed: Placed, preparation: Preparation) -> Seen:
    return preparation.see(Scan(case, standardise(placed, preparation.recipe)))


def _known_by(bundle: Bundle, normals: Sequence[Case], case: Case, change: str, strength: str, torchio: str) -> str:
    """A name that stands for all that an outcome follows from."""
    amounts = CHANGES[change].amounts if change in CHANGES else {}
    everything = {
        "bundle": bundle.facts.sha256,
        "recipe": asdict(replace(recipe_from(bundle.model["recipe"]), **REMEDIES_OFF)),
        "normals": [one.subject for one in normals],
        "scan": sha256_of(case.image.read_bytes()),
        "what": [case.subject, change, amounts.get(strength), torchio],
    }
    return sha256_of(json.dumps(everything, sort_keys=True).encode())[:16]


def _write(out: Path, command: str, bundle: Bundle, facts: Row, found: Sequence[Found]) -> None:
    rows = rows_of(found)
    changes = [{"change": name, "what": one.what, **one.amounts} for name, one in CHANGES.items()]
    tables = {"conditions": facts, **rows, "changes": changes, "models": [described(bundle.name, bundle)]}
    out.mkdir(parents=True, exist_ok=True)
    write_tables(out, "scanners", "Simulated scanners", command, tables)
    draw(out / "scanners.png", rows["alarms"])

"""The page of pictures: what every model makes of the same few cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..bundles.bundle import Bundle
from ..bundles.loading import choose_bundle
from ..calibration.judgement import Calibration
from ..files.atomic import whole_file
from ..outputs.sheet import Row, sheet
from ..outputs.views import plane_across
from ..prepare.recipe import recipe_from
from ..records import Array, ProgressCallback
from .answers import ALPHA, Seen, calibration_of, viewer
from .examples import Example, examples_of, prepare_examples, volumes
from .steps import Steps
from .tables.brain import SHIPPED, labelled, shipped_bundles

FOLDER = "pictures"  # beside the page
READING = """\
One model in each picture; a row is one case, as the model was shown it.

- **Input**: the slice after preparation. **Healthy counterpart**: what the model says it would look like in a healthy person.
- **Residual**: input minus counterpart, in the unit of the prepared slice (T1: white matter is 1; FLAIR: the brain's median is 1;
  knees: the leg's median is 0.4). Methods that learn a **mask** of what is not healthy show that instead.
- **Evidence**: by how many standard deviations of healthy people the place is unusual, all parts of the evidence step together.
- In both, red is brighter and blue darker than healthy, on one scale for all rows.
- **Findings**: outlines over the input, white for brighter and dashed blue for darker; yellow is the lesion that experts drew or that was
  painted in.
- Shown is the slice with most of the known lesion; where nothing is known to be wrong, the one that the model finds strangest.
- The verdict and p are those of the whole scan; a model that was compared with too few people gives none.
"""


def picture_page(root: Path | None, out: Path, progress: ProgressCallback | None = None, models: Sequence[str] = ()) -> Path:
    """Write pictures.md and one PNG per model into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`; without it, only the sample scans, which are T1, are shown.
        out: folder of the page; the pictures lie in `pictures` beside it.
        progress: called after each volume.
        models: names or folders of calibrated bundles; without any, all that ship and have cases.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
        UsageError: there is nothing to show for a model.
    """
    bundles = labelled([choose_bundle(model) for model in models] or shipped_bundles("brain-" if root else SHIPPED))
    calibrations = {label: calibration_of(bundle) for label, bundle in bundles.items()}
    recipes = {label: recipe_from(bundle.model["recipe"]) for label, bundle in bundles.items()}
    shown = {recipe: examples_of(recipe.sequence, root) for recipe in recipes.values()}
    total = sum(volumes(examples) for examples in shown.values()) + sum(len(shown[recipe]) for recipe in recipes.values())
    steps = Steps(total, progress)
    scans = {recipe: prepare_examples(examples, recipe, steps) for recipe, examples in shown.items()}
    sections = []
    for label, bundle in bundles.items():
        recipe, calibration = recipes[label], calibrations[label]
        see = viewer(bundle, calibration, steps)
        rows = [row_of(example, see(scan), calibration) for example, scan in zip(shown[recipe], scans[recipe], strict=True)]
        sections.append(section(out, label, bundle, rows, calibration))
    names = ",".join(bundle.name for bundle in bundles.values())
    made = f"Made by `mrianomaly benchmark pictures {'--root DATA ' if root else ''}--model {names}`.\n"
    with whole_file(out / "pictures.md") as path:
        path.write_text("\n".join(["# Pictures\n", made, READING, *sections]), encoding="utf-8")
    return out


def section(out: Path, label: str, bundle: Bundle, rows: Sequence[Row], calibration: Calibration) -> str:
    """Write a model's picture beside the page, in the folder `out`; what the page says of it, as Markdown."""
    picture, plane = f"{FOLDER}/{label.replace(' ', '-')}.png", plane_across(recipe_from(bundle.model["recipe"]).grid[:3, 2])
    with whole_file(out / picture) as path:
        path.write_bytes(sheet(label, facts_of(bundle), rows, calibration.threshold, plane))
    verdicts = "; ".join(f"{row.title}: {row.verdict}" for row in rows)
    return f"## {label}\n\n![{verdicts}]({picture})\n"


def facts_of(bundle: Bundle) -> str:
    """What the p-values of a model rest on."""
    people, least = (bundle.model["calibration"][name] for name in ("subjects", "smallest_p"))
    if least == 1:
        return f"compared with {people} people, too few for p-values: nothing is ever flagged"
    return f"calibrated on {people} people: p reaches down to {least:.2g}, flagged from {ALPHA:g}"


def row_of(example: Example, seen: Seen, calibration: Calibration) -> Row:
    """One slice of what a model says of a case."""
    judged, prepared, redrawn = seen.judged, seen.scan.prepared, seen.redrawn
    level = level_shown(seen)
    found = seen.findings(calibration.threshold)[level] > 0
    plane = plane_across(prepared.grid_affine[:3, 2])
    place = (prepared.grid_affine @ [0, 0, level, 1])[plane.normal]
    verdict = "no p-value" if np.isnan(judged.volume_p) else f"{'flagged' if seen.flagged else 'not flagged'}, p = {judged.volume_p:.2g}"
    return Row(
        title=example.title,
        note=example.note,
        verdict=verdict,
        flagged=seen.flagged,
        place=f"slice at {plane.position(place)}",
        image=prepared.stack.pixels[level, 0],
        healthy=(redrawn.healthy if redrawn.completed is None else redrawn.completed)[level, 0],
        brain=prepared.stack.mask[level, 0],
        evidence=judged.evidence[level],
        found=np.sign(judged.evidence[level]).astype(int) * found,
        truth=None if seen.scan.truth is None else seen.scan.truth[level],
        mask=None if redrawn.mask is None else redrawn.mask[level, 0],
    )


def level_shown(seen: Seen) -> int:
    """The slice with most of the known lesion; where none is known, the strangest for its place."""
    truth: Array | None = seen.scan.truth
    if truth is not None and truth.any():
        return int(truth.sum((1, 2)).argmax())
    rank = np.lexsort((-seen.judged.slice_scores, seen.judged.slice_family_p))  # nan comes last
    return int(rank[0])

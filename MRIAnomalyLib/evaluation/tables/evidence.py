"""What each part of the evidence step is worth: one thing changed at a time, on validation people with lesions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...bundles.bundle import Bundle
from ...bundles.loading import choose_bundle, hardware, load_detector, pick_device
from ...errors import UsageError
from ...prepare.recipe import Recipe, recipe_from
from ...records import ProgressCallback
from ...resources import user_folder
from ..answers import calibration_of, described
from ..page import write_tables
from ..shown import looker
from ..steps import Steps
from ..variants import evidence_by, variants_of
from .brain import labelled
from .evidence_painted import Painted
from .evidence_rows import Figures, as_cells
from .evidence_strokes import Strokes

STUDIES: dict[str, type[Painted] | type[Strokes]] = {"T1": Painted, "FLAIR": Strokes}  # by sequence


def evidence_tables(
    root: Path,
    out: Path,
    models: Sequence[str],
    *,
    quick: bool = False,
    device: str = "auto",
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> Path:
    """Vary the evidence of each model, and write evidence.json and evidence.md (of FLAIR evidence-flair) into `out`.

    Args:
        root: where the data sets lie, see `evaluation.sets`.
        out: folder of the tables.
        models: names or folders of calibrated bundles of one preparation, for T1 or FLAIR brains.
        quick: a few people of each kind.
        device: as for `detect`.
        resume: take prepared heads and reconstructions that an earlier call kept in the user's folder.
        progress: called after each volume that is prepared, each that a model has looked at, and each variant.

    Raises:
        BundleError: there is no such model, or it is not calibrated.
        InputError: a set is not there.
        UsageError: a model is of another anatomy, or prepares scans in another way than the first.
    """
    bundles, device, folder = labelled([choose_bundle(model) for model in models]), pick_device(device), user_folder() / "evidence"
    recipe = _shared_recipe(list(bundles.values()))
    study = STUDIES[recipe.sequence](root, quick)
    detectors = {label: load_detector(bundle) for label, bundle in bundles.items()}
    varied = {label: variants_of(calibration_of(bundle).config, detectors[label].both_sides) for label, bundle in bundles.items()}
    steps = Steps(study.volumes * (1 + len(bundles)) + sum(map(len, varied.values())), progress)
    normals, shown = study.prepare(recipe, folder, resume, steps)
    found: dict[str, dict[str, Figures]] = {}
    for label, bundle in bundles.items():
        look = looker(detectors[label], bundle.model["files"]["weights.safetensors"], folder, device, resume, steps)
        healthy, seen = ([(one, look(one)) for one in some] for some in (normals, shown))
        for variant, maps in evidence_by(varied[label], healthy, seen):
            if figures := study.figures_of(shown, maps, variant.slice_share):
                found.setdefault(label, {})[variant.name] = figures
            steps.one()
    tables: dict[str, Any] = {"conditions": study.conditions() | {"quick": quick, "hardware": hardware(device)}, **study.rows_of(found)}
    on_page = {name: as_cells(rows) for name, rows in tables.items() if name in ("figures", "differences")}
    tables["models"] = [described(label, bundle) for label, bundle in bundles.items()]
    command = f"mrianomaly benchmark evidence --root DATA --model {','.join(bundle.name for bundle in bundles.values())}"
    write_tables(out, study.page, study.title, command, tables, shown=on_page)
    return out


def _shared_recipe(bundles: Sequence[Bundle]) -> Recipe:
    recipes = [recipe_from(bundle.model["recipe"]) for bundle in bundles]
    for bundle, recipe in zip(bundles, recipes, strict=True):
        if recipe.anatomy != "brain":
            raise UsageError(f"{bundle.name} is for {recipe.sequence} scans of the {recipe.anatomy}, this table has brains: leave it out.")
        if recipe != recipes[0]:
            raise UsageError(f"{bundle.name} and {bundles[0].name} prepare scans in different ways: look at them one by one.")
    return recipes[0]

"""The figures that decide, written into a bundle and its card: `python -m MRIAnomalyLib.evaluation.note BUNDLE TABLE.json`.

Weights and calibration stay as they are, and the table must have been made with these very ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..bundles.bundle import Bundle, open_bundle
from ..bundles.contents import CALIBRATION
from ..errors import InputError, UsageError
from ..learning import save_as
from .page import cell

FILES = ("weights", "calibration")  # that a table names by SHA-256
ON_THE_CARD = {"other_scanners": "Other scanners", "redrawing": "Redrawing healthy people", "people": "People looked at"}  # table -> title
LEGEND = (
    "Intervals: 95 %, subjects drawn with replacement. ap: average precision of lesion pixels; auroc: chance that a lesioned scan scores "
    "above a healthy one; flagged: at 5 % false alarms; beyond_3: median (largest) percent of voxels beyond 3 standard deviations of "
    "healthy people; inside_1: percent of pixels within 1 predicted standard deviation."
)
NAMING = ("model", "map")  # columns that say whose row it is

Row = dict[str, Any]


def note(bundle: Bundle, table: Path) -> None:
    """Write what a benchmark on validation subjects says of a bundle into its model.json and card.

    Args:
        bundle: it is replaced.
        table: JSON of a benchmark, see `page.write_tables`; with rows of `models`, `deciding` and others by `model`. Its conditions may
            hold a `legend` of the columns; without one they are those of LEGEND.

    Raises:
        InputError: the table cannot be read or is not one of those.
        UsageError: it is not of validation subjects, only a quick one, or of other weights or another calibration.
    """
    try:
        tables = json.loads(table.read_text(encoding="utf-8"))
        label = _label(bundle, tables)
        deciding: list[Row] = tables["deciding"]
        command, conditions = str(tables["command"]), tables["conditions"]
        row = next(row for row in deciding if row["model"] == label)
        figures = {"pixel_ap": float(row["pixel_ap"]), "split": conditions["split"], "made_by": command}
        hasty = bool(conditions["quick"])
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise InputError(f"{table} is not a benchmark's table that decides: give the JSON file of `mrianomaly benchmark`.") from error
    if figures["split"] != "validation" or hasty:
        raise UsageError(f"{table} is not a whole table of validation subjects, by which models are chosen: use --split validation.")
    others = [other for other in deciding if other["model"] not in {known["model"] for known in tables["models"]}]
    about = {
        **bundle.model.get("about", {}),
        "measured": f"Made by `{command}`. {conditions.get('legend', LEGEND)}",
        "results": _side_by_side([row, *others]),
        "tables": {title: _rows_of(label, tables[name]) for name, title in ON_THE_CARD.items() if name in tables},
    }
    save_as(bundle, bundle.folder, {**bundle.model, "about": about, "validation": figures}, bundle.kept(CALIBRATION), overwrite=True)


def _label(bundle: Bundle, tables: Mapping[str, Any]) -> str:
    """What the table calls the bundle."""
    files = bundle.model["files"]
    own = {f"{name}_sha256": files[f"{name}.safetensors"] for name in FILES}
    for row in tables["models"]:
        if own.items() <= row.items():
            return str(row["model"])
    raise UsageError(f"The table tells of other weights or another calibration than those of {bundle.name}: make it anew with this bundle.")


def _side_by_side(rows: list[Row]) -> list[dict[str, str]]:
    """Figures below each other, models beside each other."""
    names = [f"{row['map']} ({row['model']})" for row in rows]
    figures = [name for name in rows[0] if name not in NAMING]
    return [{"figure": figure, **{name: cell(row.get(figure, "")) for name, row in zip(names, rows, strict=True)}} for figure in figures]


def _rows_of(label: str, rows: list[Row]) -> list[dict[str, str]]:
    return [{name: cell(value) for name, value in row.items() if name != "model"} for row in rows if row["model"] == label]


if __name__ == "__main__":
    note(open_bundle(Path(sys.argv[1])), Path(sys.argv[2]))

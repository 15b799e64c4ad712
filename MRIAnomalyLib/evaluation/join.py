"""Rows of the brain tables that were measured in a run of their own, joined to a page of other models: one model need not wait for all.

python -m MRIAnomalyLib.evaluation.join docs/benchmarks/brain.json RUN/brain.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError, UsageError
from .tables.aims import aims_told
from .tables.brain import write_brain
from .tables.deciding import AIMS

ALIKE = ("split", "quick", "outline_seed")  # conditions that must be the same
OF_THE_PREPARATION = ("trivial_scores", "remedies")  # tables that stay as they are: no model has a part in them
NAMING = ("model", "A", "B")  # columns that say whose row it is
FREE = "none, calibration of "  # how rows without a model begin, before the model's name

Tables = dict[str, Any]


def joined(page: Mapping[str, Any], run: Mapping[str, Any]) -> Tables:
    """The tables of a page with those of a run: rows of the run's models are replaced, or added where there are none.

    Args:
        page: JSON of `mrianomaly benchmark brain`, joined before or not.
        run: the same, of other models or of other versions of these.

    Raises:
        UsageError: they are not of the same people, or only quick ones.
    """
    told, new = page["conditions"], run["conditions"]
    if odd := [name for name in ALIKE if told[name] != new[name]]:
        raise UsageError(f"The runs differ in {odd[0]}: {told[odd[0]]} and {new[odd[0]]}. Join runs on the same people.")
    models = {row["model"] for row in run["models"]}
    tables: Tables = {
        name: rows if name in OF_THE_PREPARATION else [row for row in rows if not _is_of(row, models)] + run.get(name, [])
        for name, rows in page.items()
        if isinstance(rows, list)
    }
    tables["deciding"] = sorted(tables["deciding"], key=lambda row: -row["pixel_ap"])
    alone = f"in a run of its own, `{run['command'].removeprefix('mrianomaly ')}`; preparation differs a little between runs: compare its "
    notes = {**told, **dict.fromkeys(sorted(models), f"{alone}own rows without a model")}
    notes["aims"] = aims_told(AIMS, tables["deciding"])
    return {"command": page["command"], "conditions": notes, **tables}


def _is_of(row: Mapping[str, Any], models: set[str]) -> bool:
    return any(str(row.get(name, "")).removeprefix(FREE) in models for name in NAMING)


def join(page: Path, run: Path) -> None:
    """Replace a page, and the files beside it, by the joined one; InputError when one cannot be read."""
    try:
        tables = joined(*(json.loads(path.read_text(encoding="utf-8")) for path in (page, run)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{page} and {run} are not both tables of `mrianomaly benchmark brain`: give their JSON files.") from error
    write_brain(page.parent, page.stem, tables.pop("command"), tables)


if __name__ == "__main__":
    join(Path(sys.argv[1]), Path(sys.argv[2]))

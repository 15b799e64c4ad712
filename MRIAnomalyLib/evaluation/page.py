"""Tables as JSON, as one Markdown page, and as CSV."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files.atomic import whole_file
from ..pipeline import versions


def write_tables(
    out: Path,
    name: str,
    title: str,
    command: str,
    tables: Mapping[str, Any],
    below: str = "",
    shown: Mapping[str, Any] = {},
    rows: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write what `write_page` does, and NAME.csv with these rows; without any, with those of the first table.

    For the other arguments see `write_page`.
    """
    write_page(out, name, title, command, tables, below, shown)
    with whole_file(out / f"{name}.csv") as path:
        write_csv(path, rows or next(table for entry, table in tables.items() if entry != "conditions"))


def write_page(
    out: Path, name: str, title: str, command: str, tables: Mapping[str, Any], below: str = "", shown: Mapping[str, Any] = {}
) -> None:
    """Write NAME.json, which says `command` beside the tables, and NAME.md into the folder `out`; both say the versions of all packages.

    `below` is Markdown that ends the page, `shown` holds tables that the page has in another form; for the other arguments see `page`.
    """
    made = {"Python": platform.python_version(), **versions()}
    told = ", ".join(f"{package} {number}" for package, number in made.items())
    tables = {**tables, "conditions": {**tables["conditions"], "versions": told}}
    with whole_file(out / f"{name}.json") as path:
        path.write_text(json_text({"command": command, **tables}), encoding="utf-8")
    with whole_file(out / f"{name}.md") as path:
        path.write_text(page(title, command, {**tables, **shown}) + below, encoding="utf-8")


def json_text(tables: Mapping[str, Any]) -> str:
    """Tables as JSON with a line for each row or fact: two versions can be compared, and a repository stays small."""
    return "{\n" + ",\n".join(f" {json.dumps(name)}: {_entry(table)}" for name, table in tables.items()) + "\n}\n"


def _entry(table: Any) -> str:
    """One row or fact a line."""
    if isinstance(table, Mapping):
        lines, ends = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in table.items()], "{}"
    elif isinstance(table, list):
        lines, ends = [json.dumps(row) for row in table], "[]"
    else:
        return json.dumps(table)
    return f"{ends[0]}\n  " + ",\n  ".join(lines) + f"\n {ends[1]}" if lines else ends


def page(title: str, command: str, tables: Mapping[str, Any]) -> str:
    """The page of a benchmark.

    Args:
        title: of the page.
        command: that makes it anew.
        tables: "conditions" -> facts by name; any other name -> rows, each a dict by column.
    """
    several = any("95" in column for name, rows in tables.items() if name != "conditions" for row in rows for column in row)
    intervals = " Intervals: 95 %, subjects drawn with replacement." if several else ""
    parts = [f"# {title}\n", f"Made by `{command}`.{intervals}\n"]
    parts.append("\n".join(f"- {name}: {value}" for name, value in tables["conditions"].items()))
    for name, rows in tables.items():
        if name == "conditions":
            continue
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(cell(row.get(column, "")) for column in columns) + " |" for row in rows]
        parts.append(f"\n## {name.replace('_', ' ').capitalize()}\n\n" + "\n".join(lines))
    return "\n".join(parts) + "\n"


def cell(value: Any) -> str:
    """A value as it stands in a table; the ends of an interval with "to" between."""
    return " to ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows by column, of any of the rows; an interval in two columns, "low" and "high", a figure with its interval in three."""
    flat = [_flat(row) for row in rows]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in flat for name in row)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(flat)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):
            names = [f"{name} low", f"{name} high"]
            cells |= zip(names if len(value) == len(names) else [name, *names], value, strict=True)
        else:
            cells[name] = value
    return cells

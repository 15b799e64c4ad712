"""Tables as one Markdown page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def page(title: str, command: str, tables: Mapping[str, Any]) -> str:
    """The page of a benchmark.

    Args:
        title: of the page.
        command: that makes it anew.
        tables: "conditions" -> facts by name; any other name -> rows, each a dict by column.
    """
    parts = [f"# {title}\n", f"Made by `{command}`. Intervals: 95 %, subjects drawn with replacement.\n"]
    parts.append("\n".join(f"- {name}: {value}" for name, value in tables["conditions"].items()))
    for name, rows in tables.items():
        if name == "conditions":
            continue
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(_cell(row.get(column, "")) for column in columns) + " |" for row in rows]
        parts.append(f"\n## {name.replace('_', ' ').capitalize()}\n\n" + "\n".join(lines))
    return "\n".join(parts) + "\n"


def _cell(value: Any) -> str:
    return " to ".join(str(item) for item in value) if isinstance(value, list) else str(value)

"""What was set out for, at the top of a page: reached or not, by the best method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Aim:
    """A figure that was to be had."""

    name: str  # as it reads on the page
    column: str  # of the table that decides
    value: float
    at_most: bool = False  # or at least

    def told(self, row: Row) -> str:
        """In words; a count such as "1 of 18" is that of its first number."""
        found = float(str(row[self.column]).split()[0])
        reached = found <= self.value if self.at_most else found >= self.value
        bound = "at most" if self.at_most else "at least"
        return f"{self.name} {row[self.column]} ({bound} {self.value:g}: {'' if reached else 'NOT '}reached)"


def aims_told(aims: Sequence[Aim], deciding: Sequence[Row]) -> str:
    """All aims of which the table that decides has a figure, by its first row of a model."""
    best = next(row for row in deciding if not row["model"].startswith("none,"))
    return f"{best['model']}, the first of the ranked: " + ", ".join(aim.told(best) for aim in aims if aim.column in best)

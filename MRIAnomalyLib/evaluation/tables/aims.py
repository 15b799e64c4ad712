"""What was set out for, at the top of a page: reached or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TRIED = "what was tried: [methods.md](../methods.md), 5c"  # as seen from docs/benchmarks

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Aim:
    """A figure that was to be had."""

    name: str  # as it reads on the page
    column: str  # of the table that decides
    value: float
    at_most: bool = False  # or at least

    def reached(self, row: Row) -> bool:
        """A count such as "1 of 18" is that of its first number."""
        found = float(str(row[self.column]).split()[0])
        return found <= self.value if self.at_most else found >= self.value

    def told(self, row: Row) -> str:
        """In words."""
        return f"{self.name} {row[self.column]} ({'at most' if self.at_most else 'at least'} {self.value:g})"


def aims_told(aims: Sequence[Aim], deciding: Sequence[Row]) -> str:
    """What the model that reaches most reaches and what not, and how many the others; of aims that the deciding table has a figure of."""
    models = [row for row in deciding if not row["model"].startswith("none,")]
    known = [aim for aim in aims if all(aim.column in row for row in models)]
    counts = {row["model"]: sum(aim.reached(row) for aim in known) for row in models}
    best, *others = sorted(models, key=lambda row: -counts[row["model"]])
    reached, missed = (", ".join(aim.told(best) for aim in known if aim.reached(best) == wanted) for wanted in (True, False))
    words = f"{best['model']} reaches {reached or 'none'}; NOT reached: {f'{missed} ({TRIED})' if missed else 'none'}"
    beside = ", ".join(f"{row['model']} {counts[row['model']]} of {len(known)}" for row in others)
    return f"{words}; {beside}" if beside else words

"""README.md of a folder of benchmark pages: what there is, by which command, and whether what was set out for is reached.

python -m MRIAnomalyLib.evaluation.index docs/benchmarks
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..files.atomic import whole_file

TITLE = "Benchmarks"
AIMS = ("aims", "aim")  # conditions of a page that say what was set out for


def index_of(folder: Path) -> str:
    """The page, from the folder's NAME.md and, where there is one, NAME.json beside it."""
    lines = [f"# {TITLE}\n", "| page | made by | set out for |", "|---|---|---|"]
    for path in sorted(folder.glob("*.md")):
        if path.name != "README.md":
            title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
            lines.append(f"| [{title}: {path.stem}]({path.name}) | {' | '.join(_told(path.with_suffix('.json')))} |")
    return "\n".join(lines) + "\n"


def _told(tables: Path) -> tuple[str, str]:
    """Command and aims of a page, as far as it says them."""
    told = json.loads(tables.read_text(encoding="utf-8")) if tables.exists() else {}
    conditions = told.get("conditions", {})
    command = f"`{told['command']}`" if "command" in told else ""
    return command, next((conditions[name] for name in AIMS if name in conditions), "")


if __name__ == "__main__":
    with whole_file(Path(sys.argv[1]) / "README.md") as unfinished:
        unfinished.write_text(index_of(Path(sys.argv[1])), encoding="utf-8")

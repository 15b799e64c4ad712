"""report.html: one self-contained page that reads without any other file and prints well."""

from __future__ import annotations

import base64
from pathlib import Path

import jinja2

from ..records import Result
from ..resources import resources_folder
from .figures import heat_scale, score_curve, slice_pictures
from .heat import LABEL
from .tables import Table, findings_table, slices_table
from .views import one_level
from .words import RESEARCH_ONLY, certainty, status


def write_report(result: Result, path: Path) -> None:
    """Write the page (HTML, pictures inside it as data, no scripts)."""
    loader = jinja2.FileSystemLoader(resources_folder() / "Report")
    page = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("report.html.j2")
    text = page.render(
        result=result,
        status=status(result),
        certainty=certainty(result),
        research_only=RESEARCH_ONLY,
        heat_label=LABEL,
        pictures=[(caption, _data_uri(png)) for caption, png in slice_pictures(result).items()],
        curve="" if one_level(result) else _data_uri(score_curve(result)),
        scale=_data_uri(heat_scale(result)),
        findings=_words(findings_table(result)),
        slices=_words(slices_table(result)),
    )
    path.write_text(text, encoding="utf-8")


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _words(table: Table) -> Table:
    """The same table with every cell as a reader wants it: few digits, yes and no, a dash where there is nothing."""

    def cell(value: object) -> str:
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    return Table(table.columns, tuple(tuple(cell(value) for value in row) for row in table.rows))

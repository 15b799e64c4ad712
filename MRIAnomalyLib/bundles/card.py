"""A bundle's card: what the model is for, what it cannot do, where it comes from and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

ABOUT: dict[str, Any] = {
    "use": "Shows what in a scan does not look like the healthy ones it was trained on.",
    "limits": ["Calibrated p-values hold for scans like the calibration scans: same scanner, sequence and preparation."],
    "measured": "",
    "results": [],
    "tables": {},
    "captions": {
        "losses.png": "Losses in training",
        "samples.png": "Slices as the model draws them",
        "reconstructions.png": "Slices of people the model never learned from, and below each what it says a healthy one would look like",
    },
}


def card_of(model: Mapping[str, Any], pictures: Iterable[str]) -> str:
    """The card of a bundle, from what its model.json says under `about` (use, limits, measured, results, tables, captions)."""
    about = {**ABOUT, **model.get("about", {})}
    known = {**ABOUT["captions"], **about["captions"]}
    captions = {name: known.get(name, name.removesuffix(".png")) for name in pictures}
    return write_card(model, pictures=captions, **{name: about[name] for name in ("use", "limits", "measured", "results", "tables")})


def write_card(
    model: Mapping[str, Any],
    *,
    use: str,
    limits: Sequence[str],
    results: Sequence[Mapping[str, Any]],
    pictures: Mapping[str, str],
    measured: str = "",
    tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> str:
    """The text of `card.md`.

    Args:
        model: the entries of `model.Model` (`schema` and `files` are not needed).
        use: what the model is for, one or two sentences.
        limits: what it cannot do or was not tried on, one sentence each.
        results: rows of the results table; the first row's keys are its columns.
        pictures: file name in `card/` -> caption.
        measured: how the results came about.
        tables: title -> rows of a further table.
    """
    training, calibration = model["training"], model["calibration"]
    people = calibration.get("people", "healthy people")
    splits = ", ".join(f"{name} {len(subjects)}" for name, subjects in model["splits"].items())
    facts = [
        ("Detector", f"`{model['detector']}`, {model['plane']} slices"),
        ("Licence of the weights", model["licence"]),
        ("Training data", f"{training['data']}, {training['subjects']} subjects, licence {training['licence']}"),
        *_start_of(training),
        *_time_of(training),
        ("Subjects by split", splits),
        ("Calibration", f"{calibration['data']}, {calibration['subjects']} {people} that training never saw"),
        (
            "Smallest reachable p",
            f"{calibration['smallest_p']:.3g}" if calibration["smallest_p"] < 1 else "none: too few people to compare with",
        ),
    ]
    return "\n".join(
        [
            f"# {model['name']}\n",
            f"{use}\n",
            "Not a medical device: for research, never for a diagnosis.\n",
            *_table([dict(zip(("", " "), fact, strict=True)) for fact in facts]),
            "\n## Limits\n",
            *(f"- {limit}" for limit in limits),
            "\n## Training\n",
            *_table([{"setting": f"`{name}`", "value": value} for name, value in model["config"].items()]),
            "\n## Results\n",
            *([f"{measured}\n"] if measured else []),
            *_table(results),
            *(line for title, rows in (tables or {}).items() for line in (f"\n### {title}\n", *_table(rows))),
            "",
            *(f"![{caption}](card/{name})\n\n{caption}\n" for name, caption in pictures.items()),
        ]
    )


def _start_of(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The bundle that training started from, where there was one."""
    if "from" not in training:
        return []
    return [("Training started from", f"`{training['from']['name']}`, weights with SHA-256 {training['from']['weights_sha256']}")]


def _time_of(training: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How long the model learned and on what, where that is known."""
    if not {"steps", "minutes", "hardware"} <= training.keys():
        return []
    return [("Training", f"{training['steps']:,} steps, {training['minutes']:g} minutes on {training['hardware']}")]


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines of a markdown table; numbers to three digits."""
    if not rows:
        return ["Nothing was measured yet."]
    columns = list(rows[0])
    cells = [[_cell(row.get(column, "")) for column in columns] for row in rows]
    return [f"| {' | '.join(line)} |" for line in (columns, ["---"] * len(columns), *cells)]


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value).replace("|", "\\|")

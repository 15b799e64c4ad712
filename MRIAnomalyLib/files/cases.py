"""The scans of a study: a table cases.csv, or simply a folder of images."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .reading import IMAGES

NEEDED = ("id", "subject", "image")
HEALTHY = "none"  # in the column `mask`: looked at, and nothing there


@dataclass(frozen=True)
class Case:
    """One scan, and what is known of it; what is not known is empty or None."""

    id: str
    subject: str  # groups the scans of one person: never in two splits, resampled together
    image: Path
    mask: Path | None = None  # of the lesions
    healthy: bool = False  # known to be without any
    label: str = ""
    sequence: str = ""
    site: str = ""
    age: float | None = None  # years
    sex: str = ""


def read_cases(path: Path) -> list[Case]:
    """Read the scans of a table `id, subject, image[, mask][, label][, sequence][, site][, age][, sex]`, or of a folder of images.

    Paths in the table are relative to it; `mask` empty means unknown, `none` known to be healthy; other columns are left alone. In a
    folder each image (not in folders within) is a case of its own, with the file's name without its ending as id and as subject.

    Raises:
        InputError: nothing there, no case, a column missing, or a row that cannot be used, by its number in the file (the header is row 1).
    """
    if path.is_dir():
        return _from_folder(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in NEEDED if column not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path} has no column {', '.join(missing)}: its first row must name id, subject and image, with commas between."
                )
            cases = [_from_row(path, reader.line_num, row) for row in reader]
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): name a cases.csv or a folder of images.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a table of comma-separated text in UTF-8: save it as CSV.") from error
    _refuse_doubles(path, cases)
    return cases


def _from_folder(folder: Path) -> list[Case]:
    images = [entry for entry in sorted(folder.iterdir()) if entry.name.lower().endswith(IMAGES) and not entry.name.startswith(".")]
    names = [(image, _stem(image)) for image in images if not image.name.endswith("_affine.npy")]
    cases = [Case(id=name, subject=name, image=image) for image, name in names]
    _refuse_doubles(folder, cases)
    return cases


def _stem(image: Path) -> str:
    ending = max((ending for ending in IMAGES if image.name.lower().endswith(ending)), key=len)
    return image.name[: -len(ending)]


def _from_row(table: Path, number: int, row: dict[str | None, str | None]) -> Case:
    told = {column: (row.get(column) or "").strip() for column in (*NEEDED, "mask", "label", "sequence", "site", "age", "sex")}
    for column in NEEDED:
        if not told[column]:
            raise InputError(f"Row {number} of {table} has no {column}: fill it in or leave the row out.")
    healthy = told["mask"].lower() == HEALTHY
    mask = _existing(table, number, told["mask"]) if told["mask"] and not healthy else None
    return Case(
        id=told["id"],
        subject=told["subject"],
        image=_existing(table, number, told["image"]),
        mask=mask,
        healthy=healthy,
        label=told["label"],
        sequence=told["sequence"],
        site=told["site"],
        age=_age(table, number, told["age"]),
        sex=told["sex"],
    )


def _existing(table: Path, number: int, name: str) -> Path:
    place = table.parent / name
    if not place.exists():
        raise InputError(f"Row {number} of {table} names {name}, which is not there: paths are relative to the table.")
    return place


def _age(table: Path, number: int, text: str) -> float | None:
    try:
        return float(text.removesuffix("+")) if text not in ("", "n/a") else None  # public data sets hide great ages as "89+"
    except ValueError as error:
        raise InputError(f"Row {number} of {table} has the age {text}, which is not a number: give years or leave it empty.") from error


def _refuse_doubles(path: Path, cases: list[Case]) -> None:
    if not cases:
        raise InputError(f"{path} holds no case: it must be a cases.csv with rows or a folder with {', '.join(IMAGES)} files.")
    double, times = Counter(case.id for case in cases).most_common(1)[0]
    if times > 1:
        raise InputError(f"{path} has the id {double} {times} times: give every case its own.")

"""From what a training left to a bundle with calibration, pictures and card, in one command.

    python -m MRIAnomalyLib.evaluation.finish RUN BUNDLE --cases CASES --about ABOUT.toml --minutes 75 --hardware "one NVIDIA H200"

The training's folder RUN holds checkpoint.safetensors, weights.safetensors, losses.png and samples.png. CASES is written by
`python -m MRIAnomalyLib.evaluation.sets`, `evaluation.flair` or `evaluation.knees`. The figures come after: `mrianomaly benchmark`,
`evaluation.note`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from ..bundles.bundle import save_bundle
from ..bundles.card import card_of
from ..bundles.compact import BITS, compacted, expanded
from ..bundles.loading import pick_device
from ..bundles.model import Loan, coded
from ..detectors import Detector, create, settings_of
from ..errors import InputError
from ..files.atomic import check_target
from ..files.cases import Case, read_cases
from ..learning import calibrated, prepare_cases, see_healthy, training_stack
from ..pipeline import PEOPLE
from ..prepare.recipe import Recipe, recipe_from
from ..records import Prepared
from ..training.curves import write_samples
from ..training.loop import CHECKPOINT, WEIGHTS
from .heads import prepare_case
from .small_png import small_png

SPLITS = ("train", "calibration", "validation", "test")
PAIRS = 4, 2  # slices beside each other, rows of them; below each row their healthy counterparts
BESIDE = "reconstructions.png"  # of a card, see `beside`
COLOURS = 32  # of a card's picture: bundles are kept under version control, and cards are looked at, not measured
TIMED = 3  # scans that are read, extracted and redrawn by the clock


@dataclass(frozen=True)
class About:
    """What no file of a training knows; read from TOML."""

    use: str  # may name {train}, {calibration}, {size_px} and {pixel_mm}
    limits: list[str]  # likewise
    data: str  # that was learned from
    calibration: str  # whom it is compared with
    licence: str
    licence_text: str  # may name {name}
    recipe: dict[str, Any]  # over the defaults
    config: dict[str, Any]  # settings of the detector over those of the training
    few: bool = False  # people to compare with: without p-values, see `learning.calibrate`
    people: str = PEOPLE  # what the verdict calls those whom it is compared with


def read_about(path: str | Path) -> About:
    """The texts of a bundle; InputError when the file cannot be read or an entry is missing."""
    try:
        return About(**{"recipe": {}, "config": {}, **tomllib.loads(Path(path).read_text(encoding="utf-8"))})
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} does not describe a bundle: {error}.") from error


def finish(
    run: Path, out: Path, cases: Path, about: About, minutes: float, hardware: str, overwrite: bool = False, bits: int = BITS
) -> None:
    """Write the bundle `out`, whose name says anatomy, sequence and detector.

    Args:
        run: folder of the training.
        out: the bundle's folder, such as brain-t1-anogan.
        cases: folder with a cases.csv for each split.
        about: texts.
        minutes: the training took.
        hardware: it ran on, in words.
        overwrite: replace that folder if it exists.
        bits: of a weight.

    Raises:
        InputError: something of the training or a scan cannot be read.
        CalibrationError: too few people to calibrate with.
        UsageError: there is no such detector or setting, or the folder exists or cannot be written.
    """
    *_, name = out.name.split("-", 2)
    check_target(out, overwrite, inputs=(run, cases))
    detector, steps, origin = trained(run, name.replace("-", "_"), about.config)
    draws = detector.draw(1, 0) is not None  # the sheet of other methods shows what the reconstructions show better, of people unseen
    pictures = {name: (run / name).read_bytes() for name in ("losses.png", *(["samples.png"] if draws else []))}
    training = {"steps": steps, "minutes": minutes, "hardware": hardware, **({"from": origin} if origin else {})}
    put_together(detector, out, cases, about, training, pictures, overwrite, bits=bits)


def put_together(
    detector: Detector,
    out: Path,
    cases: Path,
    about: About,
    training: Mapping[str, Any],
    pictures: Mapping[str, bytes],
    overwrite: bool,
    loan: Loan | None = None,
    bits: int = BITS,
) -> None:
    """Calibrate a detector that has its weights, as codes of so many bits keep them, and write its bundle as `finish` does.

    `training` says steps, minutes and hardware, `pictures` are those of the training; the networks of a `loan` are those of its bundle.
    """
    own = {key: array for key, array in detector.weights().items() if not loan or key.split(".")[0] not in loan["networks"]}
    weights = compacted(own, bits)
    detector.load_weights(detector.weights() | expanded(weights))
    recipe = recipe_from(about.recipe)
    people = {split: read_cases(cases / f"{split}.csv") for split in SPLITS}
    subjects = {split: sorted({coded(case.subject) for case in of_split}) for split, of_split in people.items()}
    model: dict[str, Any] = {
        "name": out.name,
        "detector": detector.name,
        "licence": about.licence,
        "config": detector.settings(),
        "recipe": asdict(recipe),
        "plane": recipe.plane,
        "training": {"data": about.data, "licence": about.licence, "subjects": len(subjects["train"]), **training},
        "splits": subjects,
        "about": _texts(about, subjects, recipe),
        **({"lender": loan} if loan else {}),
    }
    device = pick_device("auto")
    healthy = see_healthy(detector, kept(people["calibration"], recipe), device)
    model, calibration = calibrated(model, healthy, about.calibration, about.few)
    model["calibration"]["people"] = about.people
    model["timing"] = timing_of(detector, people["calibration"], recipe, device)
    pictures = {name: small_png(picture, COLOURS) for name, picture in pictures.items()}
    pictures[BESIDE] = beside(detector, people["validation"], recipe, device)
    licence = about.licence_text.format(name=out.name)
    save_bundle(out, model, weights, compacted(calibration), card_of(model, pictures), pictures, licence, overwrite=overwrite)


def timing_of(detector: Detector, people: Sequence[Case], recipe: Recipe, device: str) -> dict[str, dict[str, Any]]:
    """The entry of model.json, from a few people read and extracted anew: what was kept of them would be too quick."""
    return see_healthy(detector, prepare_cases(people[:TIMED], recipe), device).timing()


def trained(run: Path, name: str, settings: Mapping[str, Any]) -> tuple[Detector, int, dict[str, str] | None]:
    """The detector that a training left, in half precision as a bundle keeps it, the steps it took, and the bundle it started from.

    Args:
        run: folder of the training.
        name: of the detector.
        settings: over those that the checkpoint names; it does not name those that may change after training.

    Raises:
        InputError: the checkpoint or the weights cannot be read.
    """
    try:
        with safe_open(run / CHECKPOINT, framework="np") as file:
            facts = json.loads(file.metadata()["run"])
        weights = load_file(run / WEIGHTS)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{run} does not hold a training's {CHECKPOINT} and {WEIGHTS} that can be read.") from error
    known = {key: value for key, value in {"steps": facts["step"], **facts["identity"]}.items() if key in settings_of(name)}
    detector = create(name, {**known, **settings})
    detector.load_weights(weights)
    return detector, facts["step"], facts["identity"].get("source")


def kept(cases: Sequence[Case], recipe: Recipe) -> Iterator[tuple[Case, Prepared]]:
    """Each person prepared, by the head that is kept from before."""
    for case in cases:
        yield case, prepare_case(case, recipe)


def _texts(about: About, subjects: Mapping[str, list[str]], recipe: Recipe) -> dict[str, Any]:
    facts = {**asdict(recipe), **{split: len(of_split) for split, of_split in subjects.items()}}
    return {"use": about.use.format(**facts), "limits": [limit.format(**facts) for limit in about.limits]}


def beside(detector: Detector, people: Sequence[Case], recipe: Recipe, device: str) -> bytes:
    """PNG in COLOURS: slices of the healthy ones among these people, evenly drawn, and below each its healthy counterpart."""
    across, rows = PAIRS
    slices = training_stack([prepared for _, prepared in kept([case for case in people if case.healthy], recipe)])
    slices = slices.take(np.linspace(0, len(slices) - 1, across * rows).astype(int))
    healthy = detector.redraw(slices, device=device, steps=detector.steps_for("fast")).healthy * slices.mask  # outside nobody looks
    pairs = np.stack([half.reshape(rows, across, *half.shape[1:]) for half in (slices.pixels, healthy)], 1)
    with tempfile.TemporaryDirectory(prefix="mrianomaly-") as folder:
        path = Path(folder) / "sheet.png"
        write_samples(path, pairs.reshape(-1, *healthy.shape[1:]), detector.config.intensity_top)
        return small_png(path.read_bytes(), COLOURS)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m MRIAnomalyLib.evaluation.finish", description="A bundle from what a training left.")
    parser.add_argument("run", type=Path, help="folder of the training")
    parser.add_argument("out", type=Path, metavar="bundle", help="its folder, named <anatomy>-<sequence>-<detector>")
    parser.add_argument("--cases", type=Path, required=True, help="folder with a cases.csv for each split")
    parser.add_argument("--about", type=read_about, required=True, help="TOML: the bundle's texts")
    parser.add_argument("--minutes", type=float, required=True, help="the training took")
    parser.add_argument("--hardware", required=True, help="it ran on")
    parser.add_argument("--bits", type=int, choices=range(4, 9), default=BITS, help="of a weight; more where fewer change verdicts")
    parser.add_argument("--overwrite", action="store_true", help="replace a folder that exists")
    finish(**vars(parser.parse_args()))


if __name__ == "__main__":
    _main()

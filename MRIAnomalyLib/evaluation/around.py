"""From a bundle of AnoGAN or f-AnoGAN to one of mask inversion on the same generator, in one command.

    python -m MRIAnomalyLib.evaluation.around brain-t1-anogan brain-t1-mask-inversion --cases CASES --about ABOUT.toml

CASES is written by `python -m MRIAnomalyLib.evaluation.sets`, or by `evaluation.flair`. The figures come after, as for `evaluation.finish`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..bundles.bundle import open_bundle
from ..bundles.contents import WEIGHTS
from ..bundles.loading import load_detector, pick_device
from ..bundles.model import Loan
from ..detectors.mask_inversion import around
from ..files.atomic import check_target
from ..files.cases import read_cases
from ..learning import training_stack
from ..prepare.recipe import recipe_from
from .finish import About, kept, put_together, read_about

PEOPLE = 30  # who trained the generator, by whom the noise is measured: calibration people are to be judged by it


def mask_bundle(source: str | Path, out: Path, cases: Path, about: About, overwrite: bool = False) -> None:
    """Write the bundle `out`, which borrows the generator: `source` must be at hand where it is used, under its own name.

    Args:
        source: name or folder of the bundle whose generator is taken.
        out: the new bundle's folder, such as brain-t1-mask-inversion.
        cases: folder with a cases.csv for each split.
        about: texts.
        overwrite: replace that folder if it exists.

    Raises:
        BundleError: there is no such bundle, or it is damaged.
        UsageError: its detector has no generator, or the folder exists or cannot be written.
        InputError: a scan cannot be read.
        CalibrationError: too few people to calibrate with.
    """
    check_target(out, overwrite, inputs=(cases,))
    opened = open_bundle(source)
    recipe = recipe_from(about.recipe)
    normals = training_stack([prepared for _, prepared in kept(read_cases(cases / "train.csv")[:PEOPLE], recipe)])
    detector = around(load_detector(opened), normals, device=pick_device("auto"), **{"levels": recipe.slices, **about.config})
    told = opened.model["training"]
    training = {name: told[name] for name in ("steps", "minutes", "hardware") if name in told}  # an own bundle tells less
    loan: Loan = {"name": opened.name, "weights_sha256": opened.model["files"][WEIGHTS], "networks": ["generator"]}
    put_together(detector, out, cases, about, training, {}, overwrite, loan)


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m MRIAnomalyLib.evaluation.around", description="Mask inversion on a bundle's generator."
    )
    parser.add_argument("source", metavar="bundle", help="name or folder of one of anogan or fanogan")
    parser.add_argument("out", type=Path, help="folder of the new bundle")
    parser.add_argument("--cases", type=Path, required=True, help="folder with a cases.csv for each split")
    parser.add_argument("--about", type=read_about, required=True, help="TOML: the bundle's texts")
    parser.add_argument("--overwrite", action="store_true", help="replace a folder that exists")
    mask_bundle(**vars(parser.parse_args()))


if __name__ == "__main__":
    _main()

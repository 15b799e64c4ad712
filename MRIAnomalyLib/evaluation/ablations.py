"""What methods are trained without, to see what it was worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Use:
    """A way of asking a bundle as it is."""

    settings: Settings = field(default_factory=dict)  # over those of the bundle
    thorough: bool = False  # or "fast"


@dataclass(frozen=True)
class Ablation:
    """The trainings of one method that are set side by side, and ways of asking what its bundle has learned."""

    title: str
    page: str  # name of its files
    length: str  # the setting that says how many steps each training has
    variants: Mapping[str, Settings]  # name -> settings over those of the bundle
    network: str | None = None  # the only one that is trained, against the others as the bundle holds them; without it, all from nothing
    uses: Mapping[str, Use] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)  # conditions that the page is to tell


NO_STEPS = {"steps": 0, "encoder_steps": 0}  # of HQ-AnoGAN: what the bundle has learned is kept, and only how scores lie is measured
ABLATIONS = {
    "latent_regularised": Ablation(
        title="Losses of the latent-regularised network",
        page="ablation",
        length="steps",
        variants={
            "all four losses": {},
            "without low rank": {"low_rank_weight": 0.0},
            "without latent": {"latent_weight": 0.0},
            "without both": {"low_rank_weight": 0.0, "latent_weight": 0.0},
        },
    ),
    "hq_anogan": Ablation(
        title="Losses of HQ-AnoGAN's encoder, and ways of using it",
        page="ablation-hq-anogan",
        length="encoder_steps",
        network="encoder",
        variants={
            "slices and features": {"steps": 0},
            "slices alone": {"steps": 0, "perceptual_weight": 0.0},
            "features alone": {"steps": 0, "image_weight": 0.0},
            "without styles": {"steps": 0, "style_weight": 0.0},
            "without nearness": {"steps": 0, "nearness_weight": 0.0},
        },
        uses={
            "one pass": Use(NO_STEPS),
            "one pass, projected": Use({**NO_STEPS, "projected": True}),
            "30 steps": Use({**NO_STEPS, "refine_steps": 30}, thorough=True),
            "30 steps, projected": Use({**NO_STEPS, "refine_steps": 30, "projected": True}, thorough=True),
            "30 steps, without nearness": Use({**NO_STEPS, "refine_steps": 30, "prior_weight": 0.0}, thorough=True),
        },
        notes={
            "losses": "difference of slices (f-AnoGAN's izi), of discriminator features, or of both (its izi_f), each beside the way from "
            "styles to styles (ziz) and nearness to the mean style, but one for each of the last two",
            "uses": "of the encoder that the bundle holds: its answer alone, or a search from there on, which is held near the mean style "
            "but for the last; projected: redrawn by the directions in which healthy styles differ most",
        },
    ),
}

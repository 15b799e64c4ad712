"""What methods are trained without, and how their bundles are asked, to see what it was worth."""

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
    length: str = "steps"  # the setting that says how many steps each training has
    variants: Mapping[str, Settings] = field(default_factory=dict)  # name -> settings over those of the bundle
    network: str | None = None  # the only one that is trained, against the others as the bundle holds them; without it, all from nothing
    uses: Mapping[str, Use] = field(default_factory=dict)
    measuring: Settings = field(default_factory=dict)  # of a training that learns nothing, which each use begins with; without it, none
    notes: Mapping[str, str] = field(default_factory=dict)  # conditions that the page is to tell


ABLATIONS = {
    "latent_regularised": Ablation(
        title="Losses of the latent-regularised network",
        page="ablation",
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
            "one pass": Use(),
            "one pass, projected": Use({"projected": True}),
            "30 steps": Use({"refine_steps": 30}, thorough=True),
            "30 steps, projected": Use({"refine_steps": 30, "projected": True}, thorough=True),
            "30 steps, without nearness": Use({"refine_steps": 30, "prior_weight": 0.0}, thorough=True),
        },
        measuring={"steps": 0, "encoder_steps": 0},  # of how scores lie
        notes={
            "losses": "difference of slices (f-AnoGAN's izi), of discriminator features, or of both (its izi_f), each beside the way from "
            "styles to styles (ziz) and nearness to the mean style, but one for each of the last two",
            "uses": "of the encoder that the bundle holds: its answer alone, or a search from there on, which is held near the mean style "
            "but for the last; projected: redrawn by the directions in which healthy styles differ most",
        },
    ),
    "anogan": Ablation(
        title="AnoGAN's search",
        page="ablation-anogan",
        uses={
            **{f"{steps} step{'s' if steps > 1 else ''}": Use({"fast_steps": steps}) for steps in (1, 25, 50, 150, 500)},
            **{f"150 steps, lambda {lam:g}": Use({"fast_steps": 150, "lam": lam}) for lam in (0.0, 0.5)},
            "150 steps, without prior": Use({"fast_steps": 150, "prior_weight": 0.0}),
        },
        notes={
            "uses": "as the bundle is set, but for what is named; by default 150 steps (fast) or 500 (thorough), lambda (share of the "
            "discrimination loss) 0.1, a prior of weight 0.01, and one start, the nearest of 1000 drawn slices",
        },
    ),
    "fanogan": Ablation(
        title="f-AnoGAN's answer, and a search from there on",
        page="ablation-fanogan",
        uses={
            "one pass": Use(),
            **{f"{steps} steps": Use({"refine_steps": steps}, thorough=True) for steps in (30, 100)},
            **{f"30 steps, lambda {lam:g}": Use({"refine_steps": 30, "lam": lam}, thorough=True) for lam in (0.0, 0.5)},
        },
        notes={
            "uses": "as the bundle is set, but for what is named; by default one pass (fast) or 30 steps (thorough), lambda (share of the "
            "discrimination loss) 0.1",
        },
    ),
    "mask_inversion": Ablation(
        title="Mask inversion's search",
        page="ablation-mask-inversion",
        uses={
            "as it ships": Use(),
            **{f"{steps} steps": Use({"fast_steps": steps}) for steps in (50, 300)},
            **{f"mask from {k:g} SD": Use({"last_k": k}) for k in (1.5, 4.0)},
            **{f"smoothness {weight:g}": Use({"smoothness": weight}) for weight in (0.0, 1.0)},
            **{f"prior of weight {weight:g}": Use({"prior_weight": weight}) for weight in (0.0, 1.0)},
        },
        notes={
            "uses": "as the bundle is set, but for what is named; by default 130 steps (fast), a mask of what lies 2.5 standard deviations "
            "of healthy people or more from the generator's slice, smoothness of weight 0.2, prior of weight 0.2; noise as it ships",
        },
    ),
}

"""HQ-AnoGAN: StyleGAN2 draws healthy slices, an encoder finds the styles of a given one; what those cannot draw is evidence.

After Sato et al. (IJCARS 2023, doi 10.1007/s11548-023-03031-9): StyleGAN2 with adaptive augmentation, a pSp encoder, scores from styles.
Of these no public copy gives formulas: they are ours. No reference code was copied.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..inversion.frozen import encoded, filled_batches
from ..inversion.search import SearchSettings, rows_that_fit, search
from ..nets.ordinary import Ordinary
from ..nets.psp import Decoder, StyleEncoder
from ..nets.style_critic import Discriminator, perceptual
from ..nets.stylegan import Generator
from ..records import Array, Reconstruction, SliceStack
from ..training.ada import Augmentation
from ..training.adversarial import Player, cast, descend, follow
from ..training.data import NormalSlices, from_network
from ..training.draws import Draws
from ..training.loop import Course
from ..training.settings import check_settings, check_weights
from ..training.style_encoding import StyleGoal, encoder_loss
from ..training.style_game import PATH_EVERY, R1_EVERY, PathLength, StyleRules, lazily, mixed_styles, play
from ..training.together import own_rows
from ..training.transfer import lower_layers
from .base import Detector, Report, register

BETAS = (0.0, 0.99)  # of Adam, for generator and discriminator: the paper's
_MEASURED = 1024  # training slices by which scores are made comparable
_DRAWN_AT_ONCE = 32
_CENTRE_DRAWS = 10_000  # whose styles have the mean style for mean


@dataclass(frozen=True)
class HQAnoGANConfig:
    """Defaults are those of the papers where no reason is given, and networks that a processor can train."""

    image_size: int = 64  # pixels per side of a square slice
    latent_dim: int = 64  # of latent vectors and styles; 512 in the paper
    width: int = 16  # channels of the finest level; 128 in the paper at 256 pixels
    mapping_layers: int = 4  # 8 in the first paper, 2 in the second's automatic choice
    intensity_top: float = 1.5  # standardised intensity that stands for 1 in the network; white matter is near 1.0
    mirror: bool = True  # left-right flips in training; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int = 30_000  # of generator and discriminator: about a million slices; 0 with --from keeps those of the bundle
    batch_size: int = 32
    learning_rate: float = 2.5e-3  # of both
    r1_gamma: float = 0.1  # the papers' rule, 0.0002 size^2 / batch, gives 0.026 at 64 pixels; few slices want more
    path_weight: float = 0.0  # of path-length regularisation, which is worth its time from 128 pixels on: 2 there
    mixing: float = 0.9
    average_decay: float = 0.998  # of the averaged generator, which is the one that is kept: half of it is of the last 10,000 slices
    ada_kimg: float = 500.0  # thousand slices in which the chance of a variation could go from 0 to 1; 100 is usual with --from
    ada_target: float = 0.6  # mean sign of the verdicts on real slices
    truncation: float = 1.0  # of slices that are drawn, as their distance from the mean style; scores are never truncated
    frozen_layers: int = 0  # of the discriminator, from below, that stay as they were when training starts from a bundle; 2 to 4 are usual
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    encoder_steps: int = 12_000  # with generator and discriminator frozen; 0 with --from keeps that of the bundle
    encoder_rate: float = 2e-4
    image_weight: float = 1.0  # of slices in the encoder's loss; 0 for discriminator features alone
    perceptual_weight: float = 0.8  # of discriminator features in it (with slices: izi_f); 0 for slices alone (izi)
    style_weight: float = 0.5  # of the way from styles to styles (ziz)
    nearness_weight: float = 0.005  # keeps styles near the mean style: far from it lesions can be drawn

    components: int = 32  # directions of healthy styles that the Mahalanobis distances know
    projected: bool = False  # slices are redrawn by what of their styles lies in these directions, so that lesions are not
    refine_steps: int = 30  # of a search from the encoder's answer on, for "thorough"; "fast" is one pass
    refine_rate: float = 0.02  # its learning rate
    lam: float = 0.1  # share of the features in it
    prior_weight: float = 0.01  # keeps styles near the mean style in it
    both_sides: bool = True  # counterparts are the mean of a slice's and its mirror image's, at twice the time; for `mirror` only

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        counts = ("latent_dim", "width", "mapping_layers", "batch_size", "components", "refine_steps")
        check_settings(self, counts, stages=("steps", "encoder_steps"))
        parts = ("image_weight", "perceptual_weight", "style_weight")
        check_weights(self, (*parts, "r1_gamma", "path_weight", "nearness_weight"))
        if not any(getattr(self, name) for name in parts):
            raise UsageError(f"The settings {', '.join(parts)} are all 0, so that the encoder could learn nothing: set one above 0.")


@register("hq_anogan")
class HQAnoGAN(Detector):
    """A StyleGAN2 of normal slices, an encoder into its styles, and how these lie in healthy slices."""

    Config = HQAnoGANConfig
    parts = ("residual", "asymmetry")  # on validation subjects (T1) the atlas only took from it
    config: HQAnoGANConfig
    shares = True
    anytime = frozenset({"encoder_steps", "truncation", "projected", "refine_steps", "refine_rate", "lam", "prior_weight", "both_sides"})

    def build(self) -> None:
        """Make the generator (in the end the averaged one), the discriminator, the encoder and what compares scores."""
        config = self.config
        self.generator = Generator(config.latent_dim, config.image_size, config.width, config.mapping_layers)
        self.discriminator = Discriminator(config.image_size, config.width)
        self._frozen = lower_layers(self.discriminator.stages, config.frozen_layers)
        self.encoder = StyleEncoder(config.latent_dim, config.image_size, config.width)
        self.ordinary = Ordinary(self.generator.layers, config.latent_dim, config.components)

    def modules(self) -> dict[str, nn.Module]:
        """All networks: the discriminator's features are part of the score."""
        learned: dict[str, nn.Module] = {"generator": self.generator, "discriminator": self.discriminator, "encoder": self.encoder}
        return {**learned, "ordinary": self.ordinary}

    def steps_for(self, quality: str) -> int:
        """Refinement steps of a quality: none for "fast"."""
        return 0 if quality == "fast" else self.config.refine_steps

    def course(self, normals: SliceStack, device: str) -> Course:
        """See `Detector.course`: the pair first, then the encoder against both; a run stopped before has no encoder yet."""
        config, random = self.config, torch.Generator().manual_seed(self.config.seed)
        average, draws = self.generator.to(device), Draws(random, device, shared=True)
        generator, discriminator = self._pair(device)
        encoder = Player(self.encoder.to(device), config.encoder_rate)
        players = {"generator": generator, "discriminator": discriminator, "encoder": encoder}
        augmentation = Augmentation(config.ada_kimg, config.ada_target).to(device)
        path = PathLength().to(device)
        rules = StyleRules(config.r1_gamma, config.path_weight, config.mixing, config.precision)
        goal = StyleGoal(config.image_weight, config.perceptual_weight, config.style_weight, config.nearness_weight)
        data = NormalSlices(normals, config.intensity_top, config.mirror, random)

        def step(number: int) -> dict[str, float]:
            real = own_rows(data.batch(config.batch_size)).to(device)
            if number < config.steps:
                losses = play(generator, discriminator, real, rules, augmentation, path, draws, number)
                follow(average, generator.net, config.average_decay, number)
                return losses
            if number == config.steps:
                self._centre()
            for net in (average, discriminator.net):
                net.eval().requires_grad_(False)
            styles = mixed_styles(average, len(real), config.mixing, draws)
            with cast(torch.device(device), config.precision):
                loss = encoder_loss(encoder.net, average, self.discriminator, real, styles, goal)
            descend(encoder, loss)
            return {"encoder": loss.item()}

        def settle() -> None:
            self._centre()
            self._measure(normals, device)

        return Course(
            modules={"average": average, "augmentation": augmentation, "path": path} | {name: one.net for name, one in players.items()},
            optimisers={name: one.optimiser for name, one in players.items()},
            random=random,
            steps=config.steps + config.encoder_steps,
            step=step,
            settle=settle,
        )

    def _pair(self, device: str) -> tuple[Player, Player]:
        """Generator and discriminator in training; each takes a step more for a penalty now and then."""
        config = self.config
        rates = [
            lazily(config.learning_rate, BETAS, every) if weight else (config.learning_rate, BETAS)
            for weight, every in ((config.path_weight, PATH_EVERY), (config.r1_gamma, R1_EVERY))
        ]
        return Player(copy.deepcopy(self.generator), *rates[0]), Player(self.discriminator.to(device), *rates[1], self._frozen)

    @torch.no_grad()
    def _centre(self) -> None:
        """Measure the mean style, from which the encoder starts."""
        latent = torch.randn(_CENTRE_DRAWS, self.config.latent_dim, generator=torch.Generator().manual_seed(self.config.seed))
        self.generator.centre.copy_(self.generator.mapping(latent.to(self.generator.centre.device)).mean(0))

    @torch.no_grad()
    def _measure(self, normals: SliceStack, device: str) -> None:
        """Learn how styles and scores of healthy slices lie."""
        some = np.linspace(0, len(normals) - 1, min(len(normals), _MEASURED)).astype(int)
        slices, mask = self.to_networks(normals.take(some), device)
        rows = rows_that_fit(slices)
        styles = self.encode(slices, rows)
        self.ordinary.learn_styles(styles)
        _, terms = self._score(slices, mask, styles, self._likely(styles), rows)
        self.ordinary.learn_terms(terms)

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> Array:
        """See `Detector.draw`."""
        config, draws = self.config, Draws(torch.Generator().manual_seed(seed), self.generator.centre.device)
        drawn = []
        for rows in torch.arange(count).split(_DRAWN_AT_ONCE):
            styles = self.generator.styles(draws.normal(len(rows), config.latent_dim), config.truncation)
            drawn.append(self.generator(styles, draws.noise(len(rows))).clamp(-1, 1).cpu())
        return from_network(torch.cat(drawn), config.intensity_top).numpy()

    def reconstruct(
        self,
        stack: SliceStack,
        *,
        seed: int = 0,
        device: str = "cpu",
        steps: int | None = None,
        rows_at_once: int | None = None,
        progress: Report | None = None,
    ) -> Reconstruction:
        """See `Detector.reconstruct`; `steps` are those of a search through styles from the encoder's answer on, 0 for one pass.

        Terms: `pixel` is the mean |x - x'| over the mask in the network's range [-1, 1], `perceptual` the mean squared difference of
        discriminator features, `reencoding` that of the encoder's answers for x and for x'; `mahalanobis` is how far the first lies from
        those of healthy slices, `coarse`, `middle` and `fine` the same of its parts; `combined` is the mean of the first four, each in
        robust standard deviations of the training slices.
        """
        slices, mask = self.to_networks(stack, device)
        rows = rows_at_once or rows_that_fit(slices)
        steps = self.steps_for("thorough") if steps is None else steps
        first = self.encode(slices, rows, None if steps else progress)
        styles = first
        if steps:
            config = self.config
            rates = config.refine_rate, config.refine_rate / 10
            settings = SearchSettings(steps, config.lam, config.prior_weight, *rates, precision="float32", rows_at_once=rows)
            decoder = Decoder(self.generator)
            styles = search(decoder, self.discriminator, slices, mask, first[:, None], settings, progress).latent
        drawn, terms = self._score(slices, mask, first, self._likely(styles), rows)
        terms["combined"] = self.ordinary.combined(terms)
        return Reconstruction(
            healthy=from_network(drawn, self.config.intensity_top).cpu().numpy(),
            terms={name: value.cpu().numpy() for name, value in terms.items()},
            latent=styles.cpu().numpy(),
        )

    def encode(self, slices: Tensor, at_once: int, progress: Report | None = None) -> Tensor:
        """The encoder's styles of slices (N, 1, H, W) in [-1, 1], as differences from the mean style (N, layers * latent_dim)."""
        return encoded(self.encoder, slices, at_once, progress).flatten(1)

    def _likely(self, styles: Tensor) -> Tensor:
        """What of these styles slices are redrawn by."""
        return self.ordinary.nearest(styles) if self.config.projected else styles

    @torch.no_grad()
    def _score(self, slices: Tensor, mask: Tensor, first: Tensor, styles: Tensor, at_once: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Slices (N, 1, H, W) in [-1, 1] that these styles draw, and terms (N,) but for `combined`; `first` are the encoder's styles."""
        decoder, parts = Decoder(self.generator), []
        for rows in filled_batches(len(slices), at_once):
            seen, inside, drawn = slices[rows], mask[rows], decoder(styles[rows]).clamp(-1, 1)
            told = {
                "drawn": drawn,
                "pixel": ((seen - drawn).abs() * inside).sum((1, 2, 3)) / inside.sum((1, 2, 3)).clamp_min(1),
                "perceptual": perceptual(self.discriminator.features(seen), self.discriminator.features(drawn)),
                "reencoding": (first[rows] - self.encoder(drawn).flatten(1)).square().mean(1),
                **self.ordinary.distances(first[rows]),
            }
            parts.append(told)
        terms = {name: torch.cat([part[name] for part in parts])[: len(slices)] for name in parts[0]}
        return terms.pop("drawn"), terms

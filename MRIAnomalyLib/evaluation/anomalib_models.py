"""GANomaly and PatchCore as the package anomalib has them: baselines from outside, which need an environment of their own.

Akcay et al., "GANomaly" (Asian Conference on Computer Vision, 2018); Roth et al., "Towards total recall in industrial anomaly detection"
(CVPR 2022). Networks, losses and the choice of patches are anomalib's. Its own training loop is not used: it reads pictures from
folders, and scales each score by those of the cases before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch import Tensor
from torch.nn.functional import interpolate

from ..records import Array, SliceStack
from ..training.adversarial import Player, descend
from ..training.data import posed
from .baselines import Redraw

TOP = 1.7  # standardised intensity that stands for 1 in the networks: little is brighter in any recipe
SEED = 0

GANOMALY_PX = 64
LATENT_DIM, LEARNING_RATE = 100, 2e-4  # anomalib's
WIDTH = 32  # channels of the finest level; anomalib has 64, at four times the time
STEPS, BATCH = 500, 32  # minutes of one core

PATCHCORE_PX = 128  # a patch is 8 of these wide, 4 pixels of a slice of 64; anomalib's 224 take three times as long
BACKBONE, LAYERS = "wide_resnet50_2", ("layer2", "layer3")  # the paper's
MOST_SLICES = 400  # that patches are taken of, evenly among all: 600 MB of memory
KEPT = 0.01  # share of the patches that are remembered, the paper's smallest


def obstacle(name: str) -> str:
    """Why a baseline cannot run on this machine, and what to do; empty where it can, as those can that are not anomalib's."""
    try:
        if name in NEEDED:
            NEEDED[name]()
    except (ImportError, RuntimeError) as error:  # torch ends with the latter on a torchvision that was built for another torch
        return f"anomalib cannot be imported ({error}): pip install 'mrianomaly[anomalib]', in an environment of its own."
    except OSError:
        return f"The weights of {BACKBONE} (timm) are neither on this machine nor to be had from it: run it once with the internet at hand."
    return ""


def ganomaly(people: Sequence[SliceStack]) -> Redraw:
    """The nearest healthy slice that GANomaly, trained on these people, can redraw; in evaluation mode, so each slice by itself."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        generator = _generator(_slices_of(people, GANOMALY_PX))

    @torch.inference_mode()
    def redraw(stack: SliceStack) -> Array:
        pictures = _pictures(stack, GANOMALY_PX)
        return _without(stack, (pictures - generator(pictures)[0]) * (TOP / 2))

    return redraw


def patchcore(people: Sequence[SliceStack]) -> Redraw:
    """PatchCore redraws nothing: what a slice is without its anomaly map, so that the residual is that map."""
    pictures = _slices_of(people, PATCHCORE_PX)
    pictures = pictures[torch.linspace(0, len(pictures) - 1, min(MOST_SLICES, len(pictures))).long()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = _remembering(pictures)

    @torch.inference_mode()
    def redraw(stack: SliceStack) -> Array:
        return _without(stack, model(_as_photographs(_pictures(stack, PATCHCORE_PX))).anomaly_map)

    return redraw


def _generator(pictures: Tensor) -> Any:
    """GANomaly's generator after anomalib's steps on slices (N, 1, side, side) in [-1, 1]: it against both losses, then the other."""
    network, generator_loss, discriminator_loss = _ganomaly()
    model = network((GANOMALY_PX, GANOMALY_PX), num_input_channels=1, n_features=WIDTH, latent_vec_size=LATENT_DIM)
    drawing, judging = (Player(part, LEARNING_RATE) for part in (model.generator, model.discriminator))
    for _ in range(STEPS):
        real = pictures[torch.randint(len(pictures), (BATCH,))]
        fake, latent, latent_again = drawing.net(real)
        descend(drawing, generator_loss(latent, latent_again, real, fake, judging.net(real)[0].detach(), judging.net(fake)[0]))
        descend(judging, discriminator_loss(judging.net(real)[0], judging.net(fake.detach())[0]))
    return drawing.net.eval()


def _remembering(pictures: Tensor) -> Any:
    """PatchCore's model with the patches of these slices (N, 1, side, side) that stand for the rest."""
    from anomalib.models.components import KCenterGreedy

    model = _patchcore().train()  # the backbone stays as it is; patches are collected
    for some in pictures.split(BATCH):
        model(_as_photographs(some))
    patches = torch.vstack(model.embedding_store)
    model.embedding_store.clear()
    sampler = KCenterGreedy(patches, KEPT)
    sampler.model.random_state = check_random_state(SEED)  # torch's seed is not asked for this part of it
    model.memory_bank = sampler.sample_coreset()
    return model.eval()


def _ganomaly() -> tuple[Any, Any, Any]:
    """The network's class and both losses."""
    from anomalib.models.image.ganomaly.loss import DiscriminatorLoss, GeneratorLoss
    from anomalib.models.image.ganomaly.torch_model import GanomalyModel

    return GanomalyModel, GeneratorLoss(), DiscriminatorLoss()


def _patchcore() -> Any:
    """The model with a trained backbone and no memory; OSError where the weights cannot be had."""
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    return PatchcoreModel(LAYERS, BACKBONE)


NEEDED: dict[str, Callable[[], object]] = {"ganomaly": _ganomaly, "patchcore": _patchcore}  # baseline -> what gets all it needs


def _slices_of(people: Sequence[SliceStack], side: int) -> Tensor:
    """(N, 1, side, side) all slices of healthy people that show any of them."""
    return torch.cat([_pictures(stack.take(np.flatnonzero(stack.mask.any((1, 2, 3)))), side) for stack in people])


def _pictures(stack: SliceStack, side: int) -> Tensor:
    """(N, 1, side, side) in [-1, 1]."""
    return _sized(posed(stack, TOP, "cpu")[0], (side, side))


def _as_photographs(pictures: Tensor) -> Tensor:
    """(N, 3, side, side): grey, with mean and spread as the backbone learned to see photographs."""
    from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

    mean, spread = (torch.tensor(of).reshape(1, 3, 1, 1) for of in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD))
    return ((pictures + 1) / 2 - mean) / spread


def _without(stack: SliceStack, strange: Tensor) -> Array:
    """The slices (N, 1, H, W) minus what a network of another size finds strange in them."""
    height, width = stack.pixels.shape[-2:]
    return np.asarray(stack.pixels - _sized(strange, (height, width)).numpy(), np.float32)


def _sized(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    return interpolate(pictures, size=size, mode="bilinear", antialias=True)

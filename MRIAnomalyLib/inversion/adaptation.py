"""A generator adapted to each slice: what no latent vector draws, drawn by offsets on its features.

After R-RGI (Mou et al., ICLR 2023), which fine-tunes all weights to one image at a time. Ours: each slice has offsets of its own, so that
slices are adapted together, and the weights stay as they are. No reference code was copied.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

COARSER = 4  # features of a quarter of the slice's side are offset: finer ones would draw lesions that the mask missed
LEARNING_RATE = 0.01
PENALTY = 1.0  # of the offsets' mean square, where healthy slices fit to about one


def adapted(generator: nn.Module, latent: Tensor, misfit: Callable[[Tensor], Tensor], steps: int) -> Tensor:
    """Slices (B, 1, H, W) drawn with offsets that lower `misfit`.

    Args:
        generator: (B, d) -> (B, 1, H, W), frozen; some layer of it gives features of a quarter of that side.
        latent: (B, d), which stays.
        misfit: of drawn slices, (B,), each of its own slice alone.
        steps: of Adam on the offsets.
    """
    layer, shape = _features(generator, latent)
    offset = torch.zeros(shape, device=latent.device, requires_grad=True)
    adam = torch.optim.Adam([offset], LEARNING_RATE)
    hook = layer.register_forward_hook(lambda _layer, _given, features: features + offset)
    try:
        for _ in range(steps):
            loss = misfit(generator(latent)) + PENALTY * offset.square().mean((1, 2, 3))
            (offset.grad,) = torch.autograd.grad(loss.sum(), offset)
            adam.step()
        with torch.no_grad():
            return generator(latent)
    finally:
        hook.remove()


@torch.no_grad()
def _features(generator: nn.Module, latent: Tensor) -> tuple[nn.Module, torch.Size]:
    """The last layer whose features are as coarse as is wanted, and their shape."""
    met: list[tuple[nn.Module, torch.Size]] = []
    layers = [layer for layer in generator.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(lambda layer, _given, features: met.append((layer, features.shape))) for layer in layers]
    side = generator(latent).shape[-1] // COARSER
    for hook in hooks:
        hook.remove()
    return next((layer, shape) for layer, shape in reversed(met) if len(shape) == 4 and shape[-1] == side)

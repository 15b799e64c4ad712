"""Figures of the papers whose tables are made anew, as they print them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """AUROC on one set in Wang et al. (arXiv 2007.04734, 2020)."""

    by_class: tuple[float, ...]  # of the proposed network, latent score, in the order of the classes
    mean: float
    pixel_mean: float  # of the same network, by the difference of pixels
    ablation: Mapping[str, float]  # losses -> mean; rows are told by the order of the prose, their labels are lost
    others: Mapping[str, float]  # method -> mean


KNEE_SLICES = {  # plane, finding -> slices that the AnoGAN knee study learned from and tested (its table 2); it prints no area
    (plane, finding): (3000 if (plane, finding) == ("coronal", "acl") else 6000, 1000)
    for plane in ("axial", "sagittal", "coronal")
    for finding in ("acl", "meniscus")
}
MNIST = Published(
    by_class=(0.996, 0.985, 0.969, 0.964, 0.981, 0.940, 0.917, 0.942, 0.921, 0.697),
    mean=0.931,
    pixel_mean=0.868,
    ablation={"without both": 0.606, "without latent": 0.76, "without low rank": 0.85, "all four losses": 0.937},
    others={
        "KDE": 0.8143,
        "DAE": 0.8766,
        "VAE": 0.9696,
        "PixCNN": 0.6183,
        "GAN": 0.8662,
        "AND": 0.9671,
        "AnoGAN": 0.9127,
        "DSVDD": 0.9480,
        "IGMM-GAN": 0.8520,
    },
)
CIFAR10 = Published(
    by_class=(0.889, 0.732, 0.665, 0.697, 0.892, 0.753, 0.823, 0.704, 0.931, 0.888),
    mean=0.797,
    pixel_mean=0.617,
    ablation={"without both": 0.514, "without latent": 0.532, "without low rank": 0.478, "all four losses": 0.797},
    others={
        "KDE": 0.6097,
        "DAE": 0.5358,
        "VAE": 0.5833,
        "PixCNN": 0.5506,
        "GAN": 0.5916,
        "AND": 0.6172,
        "AnoGAN": 0.6179,
        "DSVDD": 0.6481,
        "OCGAN": 0.6566,
    },
)

"""The sets of small pictures on which one-class methods are compared, and what Wang et al. (2020) print for them."""

from __future__ import annotations

from dataclasses import dataclass

from .published import CIFAR10, MNIST, Published


@dataclass(frozen=True)
class ImageSet:
    """Pictures of ten classes in folders train/CLASS and test/CLASS."""

    title: str
    classes: tuple[str, ...]  # in the order of the paper's table
    colour: bool
    mirror: bool  # whether a picture may be flipped left to right and shows the same
    files: str  # what is to be known of them
    published: Published
    aim: float  # mean AUROC with one class normal that was set out for


SETS = {
    "mnist": ImageSet(
        title="MNIST",
        classes=tuple(map(str, range(10))),
        colour=False,
        mirror=False,
        files="MNIST as PNG, 28 x 28 pixels with a dark rim to 32 x 32",
        published=MNIST,
        aim=0.95,
    ),
    "cifar10": ImageSet(
        title="CIFAR-10",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        colour=True,
        mirror=True,
        files="CIFAR-10 as files; where they are JPEG, as in the copy of the figures here, they are not the paper's pixels: "
        "JPEG takes fine detail away",
        published=CIFAR10,
        aim=0.70,
    ),
}

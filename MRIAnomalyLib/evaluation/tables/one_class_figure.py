"""The figure of a one-class table: how well each method tells each class from the others, beside what the paper prints."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from ...files.atomic import whole_file
from ..image_sets import ImageSet
from ..small_png import small_png
from .one_class_rows import Scored, class_rows

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # told apart with any colour vision (Okabe and Ito)
MARKERS = "osD^vP"
REACH = 0.7  # of the way to the next class that its methods take up side by side
COLOURS = 32  # of the PNG


def draw(path: Path, found: Sequence[Scored], of: ImageSet, classes: Sequence[str]) -> None:
    """Write a PNG: a mark a method and class by the method's first score, with its 95 % interval; the paper's figures as bars.

    Args:
        path: of the picture.
        found: blocks of one protocol with all losses, a method each.
        of: the set.
        classes: those that were the one class, in the order of `found`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    printed = [of.published.by_class[of.classes.index(name)] for name in classes]
    axes.bar(range(len(classes)), printed, 0.9, color="#dddddd", label="paper, latent")
    for place, one in enumerate(found):
        term = one.terms[0]
        rows = class_rows(one, of, classes)
        shift = REACH * ((place + 0.5) / len(found) - 0.5)
        middles, ends = [row[term] for row in rows], [row[f"{term} 95"] for row in rows]
        reach = [[middle - low for middle, (low, _) in zip(middles, ends, strict=True)]]
        reach += [[high - middle for middle, (_, high) in zip(middles, ends, strict=True)]]
        axes.errorbar(
            [number + shift for number in range(len(classes))],
            middles,
            yerr=reach,
            fmt=MARKERS[place % len(MARKERS)],
            color=PALETTE[place % len(PALETTE)],
            markersize=4,
            elinewidth=1,
            label=f"{one.block.method}, {term}",
        )
    axes.axhline(0.5, color="black", linewidth=0.8, linestyle="--")
    axes.set_xticks(range(len(classes)), classes, fontsize=8)
    axes.set_ylim(0.3, 1.02)
    axes.set_ylabel("AUROC, this class normal", fontsize=8)
    axes.tick_params(axis="y", labelsize=8)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    with BytesIO() as drawn, whole_file(path) as unfinished:
        figure.savefig(drawn, dpi=100, format="png")
        unfinished.write_bytes(small_png(drawn.getvalue(), COLOURS))

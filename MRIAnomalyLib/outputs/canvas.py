"""The dark page that every picture is drawn on, and the page as PNG."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ..records import Array
from .panels import ALARM, BACKGROUND, CALM, OUTLINES, QUIET, RULE, TEXT, TRUTH
from .signed import signed_colours

_GREYS, _SIGNED = 32, 41  # of the small page; an odd number of differences, so that none is white


def dark_figure(width: float, height: float, dpi: int = 110) -> Figure:
    """An empty page, sizes in inches."""
    figure = Figure(figsize=(width, height), dpi=dpi, facecolor=BACKGROUND)
    FigureCanvasAgg(figure)
    return figure


def png(figure: Figure) -> bytes:
    """The page in full colour, the same bytes for the same page."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor=BACKGROUND, metadata={"Software": None})
    return stream.getvalue()


def small_png(figure: Figure) -> bytes:
    """The page in few colours, a third of the bytes: for pictures that are kept under version control."""
    from PIL import Image

    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette().tobytes())
    stream = io.BytesIO()
    with Image.open(io.BytesIO(png(figure))) as page:
        page.convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE).save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _palette() -> Array:
    """(colours, 3) uint8: greys, differences, and every other colour pure and halfway to the page, for the rims of letters and lines."""
    inks = np.array([to_rgb(colour) for colour in (TEXT, QUIET, RULE, ALARM, CALM, TRUTH, *(colour for colour, _ in OUTLINES.values()))])
    steps = np.array([0.5, 1])[:, None, None]
    mixed = (steps * inks + (1 - steps) * np.array(to_rgb(BACKGROUND))).reshape(-1, 3)
    greys = np.repeat(np.linspace(0, 1, _GREYS)[:, None], 3, axis=1)
    signed = signed_colours(np.linspace(-1, 1, _SIGNED))[:, :3]
    return np.round(255 * np.concatenate([[to_rgb(BACKGROUND)], mixed, greys, signed])).astype(np.uint8)

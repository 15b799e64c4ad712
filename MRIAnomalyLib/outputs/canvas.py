"""The dark page that every picture is drawn on, and the page as PNG."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .panels import BACKGROUND


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
    """The page in 256 colours, a third of the bytes: for pictures that are kept under version control."""
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(io.BytesIO(png(figure))) as page:
        page.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(stream, format="PNG", optimize=True)
    return stream.getvalue()

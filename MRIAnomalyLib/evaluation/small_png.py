"""Pictures that are kept under version control: few colours, a fraction of the bytes."""

from __future__ import annotations

import io


def small_png(picture: bytes, colours: int) -> bytes:
    """A PNG in so many colours at most, those that suit it."""
    from PIL import Image

    stream = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as page:
        page.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(stream, format="PNG", optimize=True)
    return stream.getvalue()

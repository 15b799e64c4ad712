"""What must hold for the settings of every network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import UsageError


def check_settings(config: Any, counts: Sequence[str], stages: Sequence[str] = ()) -> None:
    """Refuse a configuration that no network can be built from: `image_size`, `precision`, and these that count something.

    `stages` are numbers of steps that can be 0, where a bundle has learned that part before.

    Raises:
        UsageError: with the setting and what it must be.
    """
    if config.image_size not in (16, 32, 64, 128, 256):
        raise UsageError(f"The setting image_size is {config.image_size}; it must be 16, 32, 64, 128 or 256.")
    for name in (*counts, *stages):
        least = 0 if name in stages else 1
        if not least <= (value := getattr(config, name)) <= 10_000_000:
            raise UsageError(f"The setting {name} is {value}; it must be {least} or more.")
    check_choice(config, "precision", ("bfloat16", "float32"))


def check_choice(config: Any, name: str, choices: Sequence[str]) -> None:
    """Refuse a word that is not one of these.

    Raises:
        UsageError: with the setting, its value and the choices.
    """
    if (value := getattr(config, name)) not in choices:
        raise UsageError(f"The setting {name} is {value}; it must be {', '.join(choices[:-1])} or {choices[-1]}.")


def check_share(config: Any, name: str) -> None:
    """Refuse a share that is not above 0 and at most a half.

    Raises:
        UsageError: with the setting and its value.
    """
    if not 0 < (value := getattr(config, name)) <= 0.5:
        raise UsageError(f"The setting {name} is {value}; it must be above 0 and at most 0.5.")


def check_weights(config: Any, names: Sequence[str]) -> None:
    """Refuse a weight below 0 or without end.

    Raises:
        UsageError: with the setting and its value.
    """
    for name in names:
        if not 0 <= (value := getattr(config, name)) < math.inf:
            raise UsageError(f"The setting {name} is {value}; it must be 0 or more.")

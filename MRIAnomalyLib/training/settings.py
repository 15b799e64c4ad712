"""What must hold for the settings of every network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import UsageError


def check_settings(config: Any, counts: Sequence[str]) -> None:
    """Refuse a configuration that no network can be built from: `image_size`, `precision`, and these that count something.

    Raises:
        UsageError: with the setting and what it must be.
    """
    if config.image_size not in (16, 32, 64, 128, 256):
        raise UsageError(f"The setting image_size is {config.image_size}; it must be 16, 32, 64, 128 or 256.")
    for name in counts:
        if not 1 <= (value := getattr(config, name)) <= 10_000_000:
            raise UsageError(f"The setting {name} is {value}; it must be 1 or more.")
    if config.precision not in ("bfloat16", "float32"):
        raise UsageError(f"The setting precision is {config.precision}; it must be bfloat16 or float32.")


def check_share(config: Any, name: str) -> None:
    """Refuse a share that is not above 0 and at most a half.

    Raises:
        UsageError: with the setting and its value.
    """
    if not 0 < (value := getattr(config, name)) <= 0.5:
        raise UsageError(f"The setting {name} is {value}; it must be above 0 and at most 0.5.")

"""What must hold for settings: of every network, and of what kind each is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ..errors import UsageError

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", NoneType: "nothing"}


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


def check_kinds(config: type, given: Mapping[str, Any]) -> None:
    """Refuse a setting of another kind than its field of the dataclass `config`; names that it lacks are not looked at.

    Raises:
        UsageError: with the setting, its value and what it must be.
    """
    kinds = get_type_hints(config)
    for name, value in given.items():
        if name in kinds and not _fits(value, kinds[name]):
            raise UsageError(f"The setting {name} is {value}; it must be {_words(kinds[name])}.")


def _fits(value: object, kind: Any) -> bool:
    if get_origin(kind) is tuple:
        return isinstance(value, (list, tuple)) and all(_fits(one, get_args(kind)[0]) for one in value)
    if isinstance(kind, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if kind in (int, float):
        return not isinstance(value, bool) and isinstance(value, (int, kind))
    return isinstance(value, kind)


def _words(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"a list, each entry {WORDS[get_args(kind)[0]]}"
    return " or ".join(WORDS[one] for one in get_args(kind)) if isinstance(kind, UnionType) else WORDS[kind]

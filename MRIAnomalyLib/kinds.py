"""Settings that a user gives: each is of the kind that its field has."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from .errors import UsageError

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word", NoneType: "nothing"}


def refuse_other_kinds(config: type, given: Mapping[str, Any]) -> None:
    """Say when a setting is of another kind than the field of the dataclass `config`; names that it lacks are not looked at.

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

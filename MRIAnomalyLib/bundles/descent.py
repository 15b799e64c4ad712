"""A bundle as the one that another training starts from, and what the new bundle says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ..prepare.recipe import Recipe, recipe_from
from ..records import as_stored
from ..training.transfer import Source
from .bundle import Bundle
from .contents import WEIGHTS

KIND = ("anatomy", "plane", "sequence")  # what a scan shows: where one differs, another preparation is usual


def source_of(bundle: Bundle) -> Source:
    """What a training takes over; BundleError when the weights were altered."""
    return Source(bundle.name, bundle.model["files"][WEIGHTS], bundle.detector, as_stored(bundle.model["config"]), bundle.weights())


def recipe_over(parent: Bundle, changes: Mapping[str, Any]) -> Recipe:
    """The parent's preparation with changes; for another kind of scan that which is usual there, with these changes.

    Raises:
        BundleError: there are steps that this version does not know.
    """
    stored = asdict(recipe_from(parent.model["recipe"]))
    same = all(changes.get(name, stored[name]) == stored[name] for name in KIND)
    return recipe_from({**stored, **changes} if same else changes)


def descended(model: Mapping[str, Any], parent: Bundle) -> dict[str, Any]:
    """The entries of `model.Model` of a bundle whose training started from `parent`: its origin, data, licence and people told too."""
    training, before = model["training"], parent.model["training"]
    return {
        **model,
        "licence": f"{model['licence']}, and {parent.licence}",
        "training": {
            **training,
            "data": f"{training['data']}; before that {before['data']}",
            "licence": f"{training['licence']}; before that {before['licence']}",
            "from": source_of(parent).origin,
        },
        "splits": {**model["splits"], "source": sorted(people_behind(parent.model) - set(model["splits"]["train"]))},
    }


def people_behind(model: Mapping[str, Any]) -> set[str]:
    """Everyone, as `model.coded`, that a model learned from: in its own training and in those before it."""
    return {subject for split in ("train", "source") for subject in model["splits"].get(split, ())}


def licence_of(parent: Bundle) -> str:
    """What a new bundle's licence text has to add."""
    return f"\n\nTheir training started from those of {parent.name}, which are under these terms:\n\n{parent.text('LICENSE')}"

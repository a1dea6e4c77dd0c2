"""In what a recipe is no longer the packaged one of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clca.content.lookup import Content
from clca.training.recipe import Recipe
from clca.training.recipe_files import read_recipe, recipe_names

ELSEWHERE = frozenset({"name", "summary", "student", "seed", "data.mix", "data.files", "training.log"})
"""Settings that change nothing, or that are recorded and compared on their own."""


def changed_settings(recipe: Recipe) -> tuple[str, ...]:
    """The settings, dotted, in which a recipe differs from the packaged one of its name; none where there is none."""
    packaged = Content()
    if recipe.name not in recipe_names(packaged):
        return ()
    ours, theirs = dict(_settings(recipe.resolved())), dict(_settings(read_recipe(packaged, recipe.name).resolved()))
    return tuple(key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key))


def _settings(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = prefix + name
        if key in ELSEWHERE:
            continue
        if isinstance(value, Mapping):
            yield from _settings(value, f"{key}.")
        else:
            yield key, value

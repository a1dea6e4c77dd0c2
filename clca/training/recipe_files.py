"""Recipes read from `trainers/` or a file, with what they extend and what `--set` changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from clca.content.decoding import decode_text
from clca.content.lookup import Content
from clca.content.parsing import parse_yaml, suggestion, validation_message, yaml_error, yaml_line
from clca.content.steady import kept
from clca.content.yaml_bounds import LARGEST
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.safe_open import read_bytes
from clca.training.recipe import Recipe

FOLDER = "trainers"
RECIPES = f"{FOLDER}/*.yaml"
MODELS = f"{FOLDER}/models.yaml"  # the one file there that is no recipe: what models' short names stand for
EXTENDS = "extends"


def recipe_names(content: Content) -> list[str]:
    """Names of the packaged recipes and those of the workspace, sorted."""
    return sorted(Path(path).stem for path in content.files(RECIPES) if path != MODELS)


def load_recipe(content: Content, recipe: str, sets: Sequence[str] = ()) -> Recipe:
    """A recipe by name or by the path of a YAML file, with `key=value` changes applied."""
    data = read_recipe(content, recipe).resolved()
    try:
        return Recipe.model_validate(override(data, sets))
    except ValidationError as error:
        raise SettingsError(f"--set: {validation_message(error, Recipe)}") from None


def read_recipe(content: Content, recipe: str) -> Recipe:
    """A recipe as it is written, laid over the one that it extends."""
    shown, text, data = _read(content, recipe)
    parent = data.pop(EXTENDS, None)
    if parent is not None:
        data = _over(_parent(content, shown, text, parent), data)
    data.setdefault("name", Path(recipe).stem)
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise yaml_error(shown, text, error, Recipe) from None


def override(recipe_data: Mapping[str, Any], sets: Sequence[str]) -> dict[str, Any]:
    """A recipe's plain data with `lora.r=32` and the like applied, each value read as its key's type."""
    changed = dict(recipe_data)
    for setting in sets:
        key, equals, value = setting.partition("=")
        key = key.strip()
        if not equals:
            raise SettingsError(f"--set {setting}: expected KEY=VALUE, as in --set lora.r=32")
        typed = _typed(key, value.strip())
        *groups, last = key.split(".")
        group_values = changed
        for group in groups:
            group_values[group] = dict(group_values.get(group) or {})
            group_values = group_values[group]
        group_values[last] = typed
    return changed


def keys(model: type[BaseModel] = Recipe, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key that holds a value, dotted, in the order of the schema."""
    for name, field in model.model_fields.items():
        inner = _group(field)
        if inner is None:
            yield prefix + name, field
        else:
            yield from keys(inner, f"{prefix}{name}.")


def _typed(key: str, text: str) -> Any:
    field = _field(key)
    group = _group(field)
    if group is not None and not (text == "null" and type(None) in get_args(field.annotation)):
        inner = ", ".join(f"{key}.{name}" for name in group.model_fields)
        raise SettingsError(f"--set {key}: is a group of keys; set one of {inner}")
    adapter: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
    try:
        value = parse_yaml(key, text)
        return adapter.dump_python(adapter.validate_python(value), mode="json")
    except ContentError:
        fault = f"{text!r} cannot be read as a value"
    except ValidationError as error:
        fault = validation_message(error)
    try:  # YAML takes `student=2024` for a number, and `data.files.chat={culture}.jsonl` for no YAML at all
        return adapter.dump_python(adapter.validate_python(text), mode="json")
    except ValidationError:
        raise SettingsError(f"--set {key}: {fault}") from None


def _field(key: str) -> FieldInfo:
    model: type[BaseModel] | None = Recipe
    field = None
    for name in key.split("."):
        field = model.model_fields.get(name) if model is not None else None
        if field is None:
            known = [dotted for dotted, _ in keys()]
            same = [dotted for dotted in known if dotted.rpartition(".")[2] == key.rpartition(".")[2]]
            hint = f"; did you mean {' or '.join(same)}?" if same else suggestion(key, known)
            raise SettingsError(f"--set {key}: no such key in a recipe{hint}")
        model = _group(field)
    assert field is not None
    return field


def _group(field: FieldInfo) -> type[BaseModel] | None:
    for setting in (field.annotation, *get_args(field.annotation)):
        if isinstance(setting, type) and issubclass(setting, BaseModel):
            return setting
    return None


def _read(content: Content, recipe: str) -> tuple[str, str, dict[str, Any]]:
    if recipe.endswith((".yaml", ".yml")):
        shown = recipe
        try:
            text = decode_text(recipe, read_bytes(Path(recipe), largest=LARGEST))
        except OSError as error:
            raise SettingsError(f"--recipe {recipe}: cannot be read: {error.strerror}") from None
    else:
        names = recipe_names(content)
        if recipe not in names:
            hint = suggestion(recipe, names) or f"; there are {', '.join(names)}"
            raise NotFoundError(f"no recipe {recipe!r}{hint}")
        path = f"{FOLDER}/{recipe}.yaml"
        shown, text = content.shown(path), content.text(path)
    data = deepcopy(kept(("recipe", shown, text), lambda: parse_yaml(shown, text)))
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ContentError(shown, 1, "a recipe is a mapping of keys to values")
    return shown, text, data


def _parent(content: Content, shown: str, text: str, parent: Any) -> dict[str, Any]:
    line = yaml_line(text, (EXTENDS,))
    names = recipe_names(content)
    if parent not in names:
        hint = suggestion(str(parent), names) or f"; there are {', '.join(names)}"
        raise ContentError(shown, line, f"extends: no recipe {parent!r}{hint}")
    if EXTENDS in _read(content, parent)[2]:
        raise ContentError(shown, line, f"extends: {parent} extends a recipe itself; extend that one instead")
    data = read_recipe(content, parent).resolved()
    del data["name"]
    return data


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged key by key, anything else replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged

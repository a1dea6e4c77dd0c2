"""The model to train or evaluate: found by name, pinned to a commit."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from clca.bounded_json import parse_json
from clca.content.lookup import Content
from clca.errors import SettingsError
from clca.models import ModelCatalogue, ModelInfo, find_model, require_access
from clca.models.hub import is_out_of_reach
from clca.models.tiny import MARK, cache_folder, make_tiny
from clca.safe_open import read_bytes

TINY = "tiny"


@dataclass(frozen=True, slots=True)
class Student:
    """A model to train or evaluate; transformers loads it from `source`, a folder or a hub id at `revision`.

    `tiny` marks the rehearsal's model with random weights. `model` holds the facts about it, if any are known.
    """

    name: str
    source: str
    revision: str | None
    tiny: bool
    model: ModelInfo | None


def find_student(name: str, models: ModelCatalogue, environment: Mapping[str, str], content: Content) -> Student:
    """The student of an alias, a hub id, a local folder, or `tiny`, which is made if it is not cached.

    Raises `NotFoundError` for an unknown name, `SettingsError` for a model that is gated or published quantised only.
    """
    if name.strip().lower() == TINY:
        folder = make_tiny(cache_folder(environment), content)
        return Student(TINY, str(folder), None, True, find_model(str(folder), models, environment))
    model = find_model(name, models, environment)
    if model is None:
        return Student(name, name, None, False, None)
    if not model.whole:
        raise SettingsError(
            f"{name} is published in {model.precision}: a student is quantised as its recipe says while it is loaded,"
            " so choose the 16-bit model that it was made from"
        )
    require_access(model, environment)
    return Student(model.name, model.hub, None, model.local and is_tiny(Path(model.hub)), model)


def is_tiny(folder: Path) -> bool:
    """Whether a folder holds a tiny student, by the mark in its configuration."""
    try:
        return bool(parse_json(read_bytes(folder / "config.json")).get(MARK))
    except (OSError, ValueError, AttributeError):
        return False


def pin_revision(student: Student) -> Student:
    """The student at the commit that its hub id refers to now; without a network, at the cached one if there is any."""
    from transformers.utils.hub import resolve_revision

    out_of_reach = is_out_of_reach(student.source, os.environ)
    resolved = resolve_revision(student.source, student.revision, local_files_only=out_of_reach)
    commit = getattr(resolved, "resolved", None)
    return student if commit is None else replace(student, revision=commit)

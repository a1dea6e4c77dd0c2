"""The content that the rehearsal speaks from, read and checked in one go.

A book is what `scenarios/` holds for the rehearsal: the generic wording (`acts.yaml`), what the
two people of each seed scenario can say (`matter-*.yaml`), the frames in which a norm is talked
about (`norm-talk.yaml`) and the norms themselves (`norms*.jsonl`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from clca.errors import ContentError
from clca.records import Norm
from clca.teacher.rehearsal.pages import Acts, Matter, NormTalk

_KNOWN = """
drink meal snack gift sport holiday city transport price_low price_mid price_less price_high third_f third_m
"""
PLACEHOLDERS = frozenset(_KNOWN.split())
_HOLE = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class Book:
    """Everything the rehearsal can say."""

    acts: Acts
    matters: Mapping[str, Matter]
    talk: NormTalk
    norms: Mapping[str, Norm]


def _where(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"])) or "(top)"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{key}: {first['msg']}{more}"


def _yaml(path: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ContentError(path, line, f"not YAML: {getattr(error, 'problem', None) or error}") from error


def _check_holes(path: str, key: str, lines: tuple[str, ...], known: frozenset[str]) -> None:
    for line in lines:
        for name in _HOLE.findall(line):
            if name not in known:
                raise ContentError(
                    path, None, f"{key}: unknown placeholder {{{name}}}; known: {', '.join(sorted(known))}"
                )


# What an angle shares with the others is added to what it has of these, and replaced by what it has of the rest.
_SHARED = (
    "questions",
    "object_direct",
    "object_soft",
    "reasons",
    "press_back",
    "accept",
    "refuse_direct",
    "refuse_soft",
    "concede",
)


def _on_base(data: Any) -> Any:
    """Each angle's matter completed by the lines that all angles share."""
    if not isinstance(data, dict) or not isinstance(data.get("base"), dict) or not isinstance(data.get("angles"), list):
        return data
    base = data["base"]
    angles = []
    for angle in data["angles"]:
        if isinstance(angle, dict):
            own = angle.get("matter") or {}
            merged = base | own
            if not angle.get("alone"):
                merged |= {name: [*own.get(name, []), *base.get(name, [])] for name in _SHARED}
            angle = angle | {"matter": merged}
        angles.append(angle)
    return data | {"angles": angles}


def _matters(path: str, data: Any) -> dict[str, Matter]:
    if not isinstance(data, dict):
        raise ContentError(path, None, "(top): must map scenario ids to what can be said there")
    found: dict[str, Matter] = {}
    for key, value in data.items():
        try:
            matter = Matter.model_validate(value)
        except ValidationError as error:
            raise ContentError(path, None, f"{key}.{_where(error)}") from error
        if len(matter.counter) != len(matter.counter_yes):
            raise ContentError(path, None, f"{key}.counter_yes: must have one line for each line of counter")
        _check_holes(path, str(key), matter.lines(), PLACEHOLDERS)
        found[str(key)] = matter
    return found


def _norms(path: str, text: str) -> dict[str, Norm]:
    found: dict[str, Norm] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            norm = Norm.model_validate(json.loads(line))
        except ValidationError as error:
            raise ContentError(path, number, _where(error)) from error
        except ValueError as error:
            raise ContentError(path, number, f"not JSON: {error}") from error
        found[norm.id] = norm
    return found


def load_book(files: Mapping[str, str]) -> Book:
    """Read content files (path to text) into a book; files of other kinds are passed over.

    Raises `ContentError` with path, line where known, and key of the first fault.
    """
    acts: Acts | None = None
    talk: NormTalk | None = None
    matters: dict[str, Matter] = {}
    norms: dict[str, Norm] = {}
    for path in sorted(files):
        text, name = files[path], path.rsplit("/", 1)[-1]
        try:
            if name == "acts.yaml":
                acts = Acts.model_validate(_yaml(path, text))
            elif name == "norm-talk.yaml":
                talk = NormTalk.model_validate(_on_base(_yaml(path, text)))
        except ValidationError as error:
            raise ContentError(path, None, _where(error)) from error
        if name.startswith("matter-"):
            matters.update(_matters(path, _yaml(path, text)))
        elif name.startswith("norms") and name.endswith(".jsonl"):
            norms.update(_norms(path, text))
    for name, page in (("acts.yaml", acts), ("norm-talk.yaml", talk)):
        if page is None:
            raise ContentError(
                f"scenarios/rehearsal/{name}", None, "(top): the rehearsal needs this file; it was not given"
            )
    assert acts is not None
    assert talk is not None
    return Book(acts=acts, matters=matters, talk=talk, norms=norms)

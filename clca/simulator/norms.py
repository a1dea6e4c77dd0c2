"""The topic of a scenario made from a norm: the frames of `norm-talk.yaml` filled with the norm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from clca.records import Culture, Norm, Relationship
from clca.seeding import Rng
from clca.simulator.content_schema import Topic
from clca.simulator.norm_talk_schema import Angle, Aside, NormTalk
from clca.simulator.sentences import fill
from clca.words import lower_first, upper_first

_FIRST_PERSON = (
    (r"\byourself\b", "myself"),
    (r"\byour\b", "my"),
    (r"\byours\b", "mine"),
    (r"\byou are\b", "I am"),
    (r"\byou have\b", "I have"),
    (r"(?<!thank )\byou\b", "I"),
    (r"\bone's\b", "my"),
    (r"\boneself\b", "myself"),
    (r"\btheir\b(?= (?:own|shoes|phone|coat|hands?|plate|glass|seat|turn|bag|voice)\b)", "my"),
)
_SECOND_PERSON = (
    (r"\bone's\b", "your"),
    (r"\boneself\b", "yourself"),
    (r"\btheir\b(?= (?:own|shoes|phone|coat|hands?|plate|glass|seat|turn|bag|voice)\b)", "your"),
)


def _in_person(text: str, replacements: tuple[tuple[str, str], ...]) -> str:
    for pattern, new in replacements:
        text = re.sub(pattern, new, text)
    return text


_CHILD_SITUATIONS = frozenset({"meal", "greeting", "public-space", "neighbours", "visit"})
_CHILD_PLACES = frozenset(
    {"home", "park", "apartment_building", "library", "worship", "transport", "street", "sports", "festival"}
)
_ADULT_MATTERS = re.compile(
    r"\b(wine|beer|drink|bill|car|drill|job|office|desk|wedding|boss|client|money|pay|paying|cigarette|smok\w+|guest\w*|host\w*"
    r"|colleague\w*|invit\w+|parents|children|wife|husband|uncle|aunt|laptop|business|shaking|dinner|dog|couple|girl|boy|child"
    r"|\w*speakers|loud party|parcel|conditioner|tank|freezer|moving in|wardrobes"
    r"|sheets|boxes|hosing|folder|garage|bedside|suitcase)\b"
)


def _suits_a_child(norm: Norm) -> bool:
    """Whether a child could be the one who breaks the norm."""
    text = f"{norm.breach} {norm.remedy} {norm.explain}".lower()
    return norm.situation in _CHILD_SITUATIONS and norm.place in _CHILD_PLACES and not _ADULT_MATTERS.search(text)


def completed(norm: Norm, relationship: Relationship) -> Norm:
    """The norm as the frames need it: what an imported one lacks is said in words that fit any norm."""
    lacking = {
        "relationship": relationship,
        "breach": f"acting against what people expect: {lower_first(norm.text.rstrip('.'))}",
        "explain": norm.text,
        "remedy": "do as people expect",
    }
    return norm.model_copy(update={key: value for key, value in lacking.items() if not getattr(norm, key)})


def angle_for(talk: NormTalk, norm: Norm, culture: Culture) -> Angle:
    """The way in which the norm is broken in this culture's scenario, always the same one."""
    fitting = [angle for angle in talk.angles if _fits(angle, norm)]
    return Rng("angle", culture.id, norm.id).choice(fitting or list(talk.angles))


def _fits(angle: Angle, norm: Norm) -> bool:
    if norm.relationship not in angle.relationships or (angle.local and norm.is_general):
        return False
    if angle.situations and norm.situation not in angle.situations:
        return False
    if angle.places and norm.place not in angle.places:
        return False
    return angle.id != "child" or _suits_a_child(norm)


def norm_values(norm: Norm, culture: Culture) -> dict[str, str]:
    """What the placeholders of the frames stand for with this norm."""
    explain = norm.explain.strip()
    if explain[-1:] not in '.!?…”"':
        explain += "."
    remedy = norm.remedy.strip().rstrip(".")
    breach = norm.breach.strip().rstrip(".")
    return {
        "breach": _in_person(breach, _SECOND_PERSON),
        "breaching_me": _in_person(breach, _FIRST_PERSON),
        "explain": upper_first(explain),
        "remedy": _in_person(remedy, _SECOND_PERSON),
        "remedy_me": _in_person(remedy, _FIRST_PERSON),
        "culture": culture.name_in_text,
    }


def norm_topic(talk: NormTalk, norm: Norm, culture: Culture) -> Topic:
    """The topic of the scenario made from this norm."""
    angle = angle_for(talk, norm, culture)
    aside = None if angle.alone else talk.situations.get(norm.situation)
    return _filled(angle.topic, aside, tuple(sorted(norm_values(norm, culture).items())))


@lru_cache(maxsize=1024)
def _filled(frames: Topic, aside: Aside | None, values: tuple[tuple[str, str], ...]) -> Topic:
    lines = frames.model_dump()
    if aside is not None:
        lines |= {name: (*further, *lines[name]) for name, further in aside.model_dump().items()}
    return fill_topic(lines, dict(values))


def fill_topic(lines: Mapping[str, Any], values: Mapping[str, str]) -> Topic:
    """The topic with these lines (by field), their placeholders filled."""
    filled: dict[str, Any] = {}
    for name, value in lines.items():
        if isinstance(value, (tuple, list)):
            filled[name] = tuple(
                tuple(fill(line, values) for line in item) if isinstance(item, (tuple, list)) else fill(item, values)
                for item in value
            )
        else:
            filled[name] = value
    return Topic.model_validate(filled)

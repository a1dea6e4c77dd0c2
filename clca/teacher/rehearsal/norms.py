"""Talk about a norm: the frames of `norm-talk.yaml` filled with one norm."""

from __future__ import annotations

import re
from functools import lru_cache

from clca.records import Culture, Norm
from clca.teacher.rehearsal.book import Angle, Matter, NormTalk
from clca.teacher.rehearsal.chance import Dice
from clca.teacher.rehearsal.speech import fill, upper_first

_MINE = (
    (r"\byourself\b", "myself"),
    (r"\byour\b", "my"),
    (r"\byours\b", "mine"),
    (r"\byou are\b", "I am"),
    (r"\byou have\b", "I have"),
    (r"\byou\b", "I"),
    (r"\bone's\b", "my"),
    (r"\boneself\b", "myself"),
    (r"\btheir\b(?= (?:own|shoes|phone|coat|hands?|plate|glass|seat|turn|bag|voice)\b)", "my"),
)
_YOURS = (
    (r"\bone's\b", "your"),
    (r"\boneself\b", "yourself"),
    (r"\btheir\b(?= (?:own|shoes|phone|coat|hands?|plate|glass|seat|turn|bag|voice)\b)", "your"),
)


def _swap(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for pattern, new in pairs:
        text = re.sub(pattern, new, text)
    return text


_CHILD_SITUATIONS = frozenset({"meal", "greeting", "public-space", "neighbours", "visit"})
_CHILD_PLACES = frozenset(
    {"home", "park", "apartment_building", "library", "worship", "transport", "street", "sports", "festival"}
)
_GROWN_UP = re.compile(
    r"\b(wine|beer|drink|bill|car|drill|job|office|desk|wedding|boss|client|money|pay|paying|cigarette|smok\w+|guest\w*|host\w*"
    r"|colleague\w*|invit\w+|parents|children|wife|husband|uncle|aunt|laptop|business|shaking|dinner|dog|couple|girl|boy|child)\b"
)


def _for_a_child(norm: Norm) -> bool:
    """Whether a child could well be the one who breaks this norm."""
    text = f"{norm.breach} {norm.remedy} {norm.explain}".lower()
    return norm.situation in _CHILD_SITUATIONS and norm.place in _CHILD_PLACES and not _GROWN_UP.search(text)


def angle_for(talk: NormTalk, norm: Norm, culture: Culture) -> Angle:
    """The way in which the norm comes to be broken in this culture's scenario: always the same one."""
    fitting = [
        angle
        for angle in talk.angles
        if norm.relationship in angle.relationships and (angle.id != "child" or _for_a_child(norm))
    ]
    fitting = fitting or list(talk.angles)
    return Dice("angle", culture.id, norm.id).pick(fitting)


def norm_values(norm: Norm, culture: Culture) -> dict[str, str]:
    """The pieces of a norm as the frames need them."""
    explain = norm.explain.strip()
    if explain[-1:] not in '.!?…”"':
        explain += "."
    remedy = norm.remedy.strip().rstrip(".")
    breach = norm.breach.strip().rstrip(".")
    return {
        "breach": _swap(breach, _YOURS),
        "breaching_me": _swap(breach, _MINE),
        "explain": upper_first(explain),
        "remedy": _swap(remedy, _YOURS),
        "remedy_me": _swap(remedy, _MINE),
        "culture": culture.name,
    }


def norm_matter(talk: NormTalk, norm: Norm, culture: Culture) -> Matter:
    """What the two say about this norm."""
    return _filled(angle_for(talk, norm, culture).matter, tuple(sorted(norm_values(norm, culture).items())))


@lru_cache(maxsize=1024)
def _filled(frames: Matter, pieces: tuple[tuple[str, str], ...]) -> Matter:
    values = dict(pieces)
    filled: dict[str, object] = {}
    for name, value in frames.model_dump().items():
        if isinstance(value, (tuple, list)):
            filled[name] = tuple(
                tuple(fill(line, values) for line in item) if isinstance(item, (tuple, list)) else fill(item, values)
                for item in value
            )
        else:
            filled[name] = value
    return Matter.model_validate(filled)

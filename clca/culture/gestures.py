"""Gestures: which of them fit a pair and a scene, and which props they name."""

from __future__ import annotations

import re

from clca.records import Gesture, Prop, Scenario

_NAMED: dict[Prop, str] = {
    "seat": r"chairs?|seats?|bench|sofa|sits?|armrest|stands? up(?! straight)|rises?|gets? up|to the feet",
    "table": r"tables?|desk",
    "door": r"doors?|doorway|gate|threshold",
    "cup": r"cups?|glass|glasses|mug|coffee|tea|mate",
    "plate": r"plates?|dish",
    "phone": r"phone",
    "bag": r"bags?",
    "coat": r"coat|jacket|hood|zips?|zipper",
    "hat": r"cap|hat",
    "keys": r"keys",
    "way": r"walks?|steps? (?:beside|with|along)",
}
"""Words by which a gesture names a prop."""
_SCENE: dict[Prop, str] = {
    "seat": r"chairs?|seats?|bench|sofa|table|desk|caf[eé]|coffee house|tea house|restaurant|tavern|kitchen|office"
    r"|waiting room|living room|canteen|cafeteria|sitting|seated|sits?",
    "table": r"tables?|desk|caf[eé]|coffee house|tea house|restaurant|tavern|kitchen|canteen|cafeteria|office",
    "door": r"doors?|doorway|gate|house|flat|home|apartment|kitchen|office|shop|clinic|classroom|room|entrance",
    "cup": r"cups?|glass|mug|coffee|tea|mate|caf[eé]|tea house|coffee house",
    "plate": r"plates?|meal|lunch|dinner|supper|breakfast|restaurant|tavern|eats?|eating|stew|cake|sweets",
    "phone": r"phone|screen",
    "bag": r"bags?|shopping|luggage|satchel|rucksack",
    "coat": r"coat|jacket",
    "hat": r"cap|hat",
    "keys": r"keys?",
}
"""Words by which a scene has a prop."""
_CHAIR = re.compile(r"\b(?:chair|stool)s?\b", re.IGNORECASE)
_ROOM = re.compile(
    r"\b(?:chairs?|stools?|sofa|table|desk|caf[eé]|coffee house|tea house|restaurant|tavern|kitchen|office|canteen"
    r"|cafeteria|room)\b",
    re.IGNORECASE,
)
"""Words of a scene in which there are chairs to move."""
_ABOARD = (
    r"carriage|compartment|aboard|on (?:the|an?) (?:[\w-]+ ){0,2}(?:bus|train|tram|metro|ferry|minibus)|car|van"
    r"|telephone|phones"
)
_NAMED_PATTERNS = {prop: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for prop, words in _NAMED.items()}
_SCENE_PATTERNS = {prop: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for prop, words in _SCENE.items()}
_NO_WAY = re.compile(rf"\b(?:{_ABOARD})\b", re.IGNORECASE)
_TOUCHES = re.compile(r"\b(?:kiss(?:es)?|hugs?|embraces?|nudges?)\b", re.IGNORECASE)


def fitting(gestures: tuple[Gesture, ...], scenario: Scenario, *, touch: bool, upward: bool) -> tuple[str, ...]:
    """What the two may do in a scene: gestures whose props its setting has; those that touch only with `touch`,
    and those made to somebody older or higher only where the one who makes them looks `upward`.

    A gesture that touches people of the same gender is for relatives and couples, too.
    """
    first, second = scenario.participants
    same = first.gender == second.gender or scenario.relationship in ("family", "partner")
    return tuple(
        gesture.does
        for gesture in gestures
        if (gesture.touch is None or (touch and (same or gesture.touch == "any")))
        and (upward or not gesture.upward)
        and all(_has(prop, scenario.setting) for prop in gesture.needs)
        and (not _CHAIR.search(gesture.does) or _has_chairs(scenario.setting))
    )


def _has(prop: Prop, setting: str) -> bool:
    if prop == "way":
        return not _NO_WAY.search(setting)
    return bool(_SCENE_PATTERNS[prop].search(setting))


def _has_chairs(setting: str) -> bool:
    return bool(_ROOM.search(setting)) and not _NO_WAY.search(setting)


def gesture_fault(gesture: Gesture) -> str | None:
    """What a gesture names but does not declare, or None."""
    for prop, pattern in _NAMED_PATTERNS.items():
        if prop not in gesture.needs and (match := pattern.search(gesture.does)):
            return f"{gesture.does!r} names {match[0]!r}: it needs {prop}"
    if gesture.touch is None and (match := _TOUCHES.search(gesture.does)):
        return f"{gesture.does!r} names {match[0]!r}: it has touch: any or same"
    return None

"""Roles of people, read from their occupations: what titles depend on, and who ranks above whom."""

from __future__ import annotations

import re
from functools import lru_cache

from clca.records import Participant, Relationship, Role

CLOSE = frozenset({"friend", "family", "partner"})
"""Relationships in which rank does not show."""

_LEARNING = re.compile(
    r"\b(student|pupil|schoolboy|schoolgirl|intern|apprentice|trainee|school leaver)\b", re.IGNORECASE
)
_RETIRED = re.compile(r"\b(retired|former|formerly|ex-|unemployed)\b", re.IGNORECASE)
_LASTING: frozenset[Role] = frozenset(
    {"doctor", "professor", "principal", "teacher", "imam", "priest", "pastor", "rabbi", "monk", "nun", "elder"}
)
"""Roles whose titles people keep when they retire."""
_TRADES = """
electrician plumber joiner carpenter mechanic roofer mason bricklayer welder tuner baker tailor dressmaker seamstress
barber hairdresser cobbler printer painter machinist craftsman craftswoman repairer cook chef potter butcher locksmith
"""
_PATTERNS: dict[Role, str] = {
    "doctor": r"doctor|physician|surgeon|dentist|paediatrician|psychiatrist|vet",
    "nurse": r"nurse|midwife|nurses",
    "professor": r"professor|lecturer|dean",
    "lecturer": r"lecturer",
    "principal": r"head ?teacher|headmaster|headmistress|(?:school |vice-?)principal|principal"
    r"|head of (?:year|sixth form)",
    "teacher": r"(?<!head )teacher|tutor|schoolmaster|schoolmistress",
    "coach": r"coach(?! driver)|trainer",
    "director": r"director|directress|(?<!section )(?<!line )chief|president|mayor",
    "owner": r"owner|boss|landlord|landlady",
    "manager": r"section chief|(?<!shop )(?<!store )(?<!restaurant )manager|head of (?!an? )\w+",
    "department_head": r"head of (?!an? |year\b|sixth form)\w+|head of an? (?:\w+ )*department",
    "shop_manager": r"(?:shop|store|restaurant) manager",
    "supervisor": r"line chief|supervisor|foreman|forewoman|team leader|head of an? (?:\w+ )*crew"
    r"|head (?:nurse|chef|cook)",
    "engineer": r"engineer|architect",
    "architect": r"architect",
    "lawyer": r"lawyer|judge|notary|solicitor|barrister|attorney",
    "official": r"official|officer|registrar|(?<!ticket )inspector|civil servant"
    r"|clerk (?:in|at) .*(?:office|department|hall)",
    "imam": r"imam|mullah",
    "priest": r"priest|vicar|curate",
    "pastor": r"pastor|minister of religion",
    "rabbi": r"rabbi",
    "monk": r"monk",
    "nun": r"nun",
    "elder": r"elder|dede",
    "tradesman": "|".join(_TRADES.split()),
    "domestic": r"domestic worker|nanny|housekeeper|child ?minder|live-in carer|maid",
    "driver": r"(?:bus|taxi|lorry|truck|van|tram|train|delivery|coach) driver|driver",
    "trader": r"stallholder|shopkeeper|vendor|trader|fishmonger|grocer|greengrocer|seller|pedlar|merchant",
}
_ROLES = {role: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for role, pattern in _PATTERNS.items()}

_HIGH = re.compile(
    r"\b(director|directress|head (?:teacher|nurse|chef|of)|headteacher|principal|manager|boss|owner|professor|judge"
    r"|mayor|chief|landlord|landlady|surgeon|dean|imam|priest|pastor|captain|editor)\b",
    re.IGNORECASE,
)
_MIDDLE = re.compile(
    r"\b(supervisor|foreman|forewoman|team leader|teacher|doctor|physician|police officer|(?<!ticket )inspector|coach"
    r"|official|lecturer|lawyer|senior|librarian|registrar|clerk at|trainer|head)\b",
    re.IGNORECASE,
)
_DEPUTY = re.compile(r"\b(deputy|vice)\b", re.IGNORECASE)
_LOW = re.compile(
    r"\b(student|pupil|schoolboy|schoolgirl|intern|apprentice|trainee|assistant|junior|temp)\b", re.IGNORECASE
)


@lru_cache(maxsize=2048)
def roles(occupation: str) -> frozenset[Role]:
    """The roles that an occupation shows; of those who learn only `student`, of the retired those that last.

    A retired principal is a teacher: the office is somebody else's.
    """
    if _LEARNING.search(occupation):
        return frozenset({"student"})
    shown = frozenset(role for role, pattern in _ROLES.items() if pattern.search(occupation))
    if not _RETIRED.search(occupation):
        return shown
    lasting = shown & _LASTING
    return lasting - {"principal"} | {"teacher"} if "principal" in lasting else lasting


def is_at_work(occupation: str) -> bool:
    """Whether the occupation is one that its bearer works in, rather than learns or has left."""
    return not _LEARNING.search(occupation) and not _RETIRED.search(occupation)


@lru_cache(maxsize=2048)
def _level(occupation: str, age: int) -> int:
    if age < 16:
        return -1
    if _RETIRED.search(occupation):
        return 0
    if _LOW.search(occupation):
        return -1
    if _HIGH.search(occupation):
        return 1 if _DEPUTY.search(occupation) else 2
    return 1 if _MIDDLE.search(occupation) else 0


def rank(speaker: Participant, other: Participant, relationship: Relationship) -> int:
    """-1 where the other ranks higher, 1 where lower, 0 where neither does or rank does not show."""
    if relationship in CLOSE or relationship == "neighbour":
        return 0
    mine, theirs = _level(speaker.occupation, speaker.age), _level(other.occupation, other.age)
    if relationship != "colleague":  # outside work only an office or a child makes a difference
        mine, theirs = max(0, mine) - (speaker.age < 16), max(0, theirs) - (other.age < 16)
    return (mine > theirs) - (mine < theirs)

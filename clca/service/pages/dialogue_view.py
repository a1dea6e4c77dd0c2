"""A dialogue as its page shows it, made of its record whatever version wrote it, and whatever stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clca.report.lineage.values import listed, mapping, string

MOST_TURNS = 400  # that are shown
ACTIONS = {"non-verbal": "does", "leave": "leaves", "none": "says nothing"}
LABELS = {"quality": "quality", "alignment": "alignment", "meta": "second stage"}


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: what both know of them, and what only they know."""

    name: str
    about: str
    background: str
    goal: str
    secret: str


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn of the first (0) or second (1) side; `fault` is the rule that code found broken there."""

    number: int
    side: int
    speaker: str
    action: str
    text: str
    thought: str
    intent: str
    relevance: str
    customs: tuple[str, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """A label of the judge, or a rating, with its reason."""

    name: str
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class DialogueView:
    """What a page shows of a dialogue. `facts` are names with values, `flags` what is wrong with it."""

    id: str
    culture: str
    setting: str
    facts: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    people: tuple[Person, ...]
    turns: tuple[ShownTurn, ...]
    left_out: int
    opinions: tuple[Opinion, ...]


def view_of(record: Mapping[str, Any]) -> DialogueView:
    """The view of a record."""
    scenario = mapping(record.get("scenario"))
    participants = [mapping(person) for person in listed(scenario.get("participants"))[:2]]
    turns = [mapping(turn) for turn in listed(record.get("turns"))]
    first = string(participants[0].get("name")) if participants else ""
    faults = dict(_faults(record))
    return DialogueView(
        id=string(record.get("id")),
        culture=string(record.get("culture")),
        setting=string(scenario.get("setting")),
        facts=tuple(_facts(record, scenario)),
        flags=tuple(_flags(record)),
        people=tuple(map(_person, participants)),
        turns=tuple(
            _turn(number, turn, first, faults.get(number, "")) for number, turn in enumerate(turns[:MOST_TURNS], 1)
        ),
        left_out=max(0, len(turns) - MOST_TURNS),
        opinions=tuple(_opinions(record, participants)),
    )


def _person(person: Mapping[str, Any]) -> Person:
    about = (_short(person.get(key)) for key in ("age", "gender", "occupation", "culture"))
    return Person(
        name=string(person.get("name")) or "somebody",
        about=", ".join(filter(None, about)),
        background=string(person.get("background")),
        goal=string(person.get("goal")),
        secret=string(person.get("secret")),
    )


def _turn(number: int, turn: Mapping[str, Any], first: str, fault: str) -> ShownTurn:
    intent = mapping(turn.get("intent"))
    speaker, action = string(turn.get("speaker")), string(turn.get("action"))
    return ShownTurn(
        number=number,
        side=int(speaker != first),
        speaker=speaker or "somebody",
        action=ACTIONS.get(action, "" if action == "speak" else action),
        text=string(turn.get("text")),
        thought=string(turn.get("thought")),
        intent=string(intent.get("text")),
        relevance=string(intent.get("relevance")),
        customs=tuple(filter(None, map(string, listed(intent.get("customs"))))),
        fault=fault,
    )


def _facts(record: Mapping[str, Any], scenario: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    source = _short(scenario.get("source"))
    origin, licence = _short(scenario.get("origin")), _short(scenario.get("license"))
    facts = {
        "relationship": _short(scenario.get("relationship")),
        "scenario": ", ".join(filter(None, (source, origin, licence))),
        "breach of the norm": string(scenario.get("breach")),
        "sample": _short(record.get("sample")),
        "ended by": _short(record.get("ended")),
        "teacher": _short(record.get("teacher")),
        "partner": _short(record.get("partner")),
        "judge": _short(record.get("judge")),
        "localiser": _short(record.get("localiser")),
        "seed": _short(record.get("seed")),
        "requests": _short(mapping(record.get("usage")).get("requests")),
        "tokens of replies": _short(mapping(record.get("usage")).get("completion_tokens")),
    }
    if facts["partner"] == facts["teacher"]:
        del facts["partner"]
    yield from ((name, value) for name, value in facts.items() if value)


def _flags(record: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a dialogue, by the filter, by code, by the judge and by who planted it."""
    if reason := string(record.get("reason")):
        yield reason
    if failed := string(record.get("detail")):
        yield f"failed at {_short(record.get('stage'))}: {failed}"
    for number, fault in _faults(record):
        yield f"turn {number}: {fault}"
    counted = mapping(mapping(record.get("judgement")).get("counted"))
    if foreign := [name for name in map(string, listed(counted.get("foreign"))) if name]:
        yield f"marks of other cultures: {', '.join(foreign)}"
    if planted := string(record.get("planted")):
        yield f"the rehearsal planted a flaw here: {planted}"


def _faults(record: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    counted = mapping(mapping(record.get("judgement")).get("counted"))
    for fault in map(mapping, listed(counted.get("faults"))):
        number = fault.get("turn")
        if type(number) is int:
            yield number, string(fault.get("fault"))


def _opinions(record: Mapping[str, Any], participants: list[dict[str, Any]]) -> Iterator[Opinion]:
    judgement = mapping(record.get("judgement"))
    for key, name in LABELS.items():
        if verdict := mapping(judgement.get(key)):
            yield _opinion(name, verdict)
    for person, verdict in zip(participants, listed(judgement.get("sides")), strict=False):
        yield _opinion(f"alignment of {string(person.get('name'))}", mapping(verdict))
    if answered := mapping(judgement.get("answered")):
        facts = (f"{key.replace('_', ' ')} {_short(value)}" for key, value in answered.items() if key != "subject")
        yield Opinion("what the judge answered", "", f"{string(answered.get('subject'))}: {'; '.join(facts)}")
    for name, rating in mapping(record.get("ratings")).items():
        if score := mapping(rating):
            why = string(score.get("rationale"))
            yield Opinion(name.replace("_", " "), f"{_short(score.get('score'))} of 10", why)


def _opinion(name: str, verdict: Mapping[str, Any]) -> Opinion:
    label = ", ".join(filter(None, (string(verdict.get("label")), string(verdict.get("confidence")))))
    return Opinion(name, label, string(verdict.get("rationale")) or string(verdict.get("critique")))


def _short(value: Any) -> str:
    """A text or a number in words; an empty text for anything else."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

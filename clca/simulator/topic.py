"""Where the lines of a scenario come from: its own matter, its norm, or its goals."""

from __future__ import annotations

import re

from clca.records import Culture, Participant, Scenario
from clca.simulator.content import SimulatorContent
from clca.simulator.content_schema import Topic
from clca.simulator.norms import fill_topic, norm_topic
from clca.simulator.people import split_name

_ENDS = re.compile(r"\s*(?:,|;|\.(?:\s|$)|\bwithout\b|\bbefore\b|\bbut\b|\binstead of\b|\bso that\b).*$", re.S)
_MOVE = re.compile(
    r"^(?:get|persuade|convince|make|have|bring|talk)\s+(?P<who>%s)\s+(?P<link>to|into)?\s*(?P<rest>.+)$", re.I
)
_VERB = re.compile(r"^[a-z]+$")
_MOST_WORDS = 24


def topic_for(content: SimulatorContent, culture: Culture, scenario: Scenario) -> Topic:
    """The matter of a scenario; never fails, whatever the scenario says."""
    if scenario.id in content.topics:
        return content.topics[scenario.id]
    if scenario.source.startswith("norm:"):
        norm = content.norms.get(scenario.source.removeprefix("norm:"))
        if norm is not None:
            return norm_topic(content.talk, norm, culture)
    return _from_goals(content, culture, scenario)


def _from_goals(content: SimulatorContent, culture: Culture, scenario: Scenario) -> Topic:
    a, b = scenario.participants
    wishes = {"wish_a": wish(a, b, culture), "wish_b": wish(b, a, culture)}
    return fill_topic(content.phrasebook.generic.model_dump(), wishes)


def wish(me: Participant, other: Participant, culture: Culture) -> str:
    """A goal in the third person as what follows 'I would like': 'you to lend me the ladder', 'to be left alone'."""
    goal = _ENDS.sub("", " ".join(me.goal.split()), count=1) or "have this settled"
    first, *rest = goal.split(" ")
    goal = " ".join([first.lower() if first[:1].isupper() and not first.isupper() else first, *rest][:_MOST_WORDS])
    if goal.startswith("to "):
        goal = goal[3:]
    names = {other.name, *split_name(other.name, culture)} - {""}
    who = "|".join([*map(re.escape, sorted(names, key=lambda name: (-len(name), name))), "him", "her", "them"])
    move = re.match(_MOVE.pattern % who, goal, re.I)
    verb = goal.split(" ", 1)[0].lower()
    if move and (move["link"] == "to" or (verb in ("make", "have") and not move["link"])):
        return _to_you(f"you to {move['rest']}", me, other, names)
    return _to_you(f"to {goal}" if _VERB.match(verb) else "to settle something with you", me, other, names)


def _to_you(text: str, me: Participant, other: Participant, names: set[str]) -> str:
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text = re.sub(rf"\b{re.escape(name)}['’]s\b", "your", text)
        text = re.sub(rf"\b{re.escape(name)}\b", "you", text)
    mine = {"female": ("she", "her"), "male": ("he", "his", "him"), "other": ("they", "their", "them")}[me.gender]
    text = re.sub(r"\b(himself|herself|themselves)\b", "myself", text)
    if me.gender != other.gender:
        yours = {"female": ("she", "her"), "male": ("he", "his", "him"), "other": ("they", "their", "them")}[
            other.gender
        ]
        text = _persons(text, yours, "you", "your", "you")
    return _persons(text, mine, "I", "my", "me")


def _persons(text: str, forms: tuple[str, ...], subject: str, possessive: str, objective: str) -> str:
    text = re.sub(rf"\b{forms[0]}\b", subject, text)
    if len(forms) == 3:
        text = re.sub(rf"\b{forms[1]}\b", possessive, text)
        return re.sub(rf"\b{forms[2]}\b", objective, text)
    # 'her' is possessive before a word, objective at the end or before a small word.
    text = re.sub(
        rf"\b{forms[1]}\b(?=\s+(?!to\b|from\b|with\b|at\b|in\b|on\b|for\b|and\b|out\b|off\b|about\b|by\b)\w)",
        possessive,
        text,
    )
    return re.sub(rf"\b{forms[1]}\b", objective, text)

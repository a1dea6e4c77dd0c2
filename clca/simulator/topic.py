"""The topic of a scenario: its own lines, those of its norm, or generic ones about the goals."""

from __future__ import annotations

import re

from clca.culture.people import split_name
from clca.records import Culture, Participant, Scenario
from clca.simulator.content import SimulatorContent
from clca.simulator.content_schema import Topic
from clca.simulator.norms import completed, fill_topic, norm_topic

_ENDS = re.compile(r"\s*(?:,|;|\.(?:\s|$)|\bwithout\b|\bbefore\b|\bbut\b|\binstead of\b|\bso that\b).*$", re.S)
_ASIDE = re.compile(r", (?!(?:and|or|but|so|to)\b)[^,;.]+,(?= )")  # Have the team, Yerin included, on the hill
_PERSUADE = re.compile(
    r"^(?:get|persuade|convince|make|have|bring|talk)\s+(?P<who>%s)\s+(?P<link>to|into)?\s*(?P<rest>.+)$", re.I
)
_AFTER_OBJECT = (
    "to|from|with|at|in|on|for|and|out|off|about|by|up|down|over|round|back|away|home|here|there|this|that|next|today"
    "|tonight|tomorrow|again|when|while|until|before|if|as"
)
_AFTER = re.compile(rf"(?:{_AFTER_OBJECT})\b")
_THIRD_PERSON = re.compile(r"\b(I|you) (?!always|sometimes|perhaps)(is|was|has|does|goes|[a-z]+[^s\W]s)\b")
_TITLE_BEHIND = "(?: (?:Bey|Hanım|Abi|Abla|Amca|Teyze|Hoca|Usta|Dede|Khan|Shifu)|-[a-z]+)?"
_VERB = re.compile(r"^[a-z]+$")
_MAX_WORDS = 24
# Subject, possessive and objective form; 'her' is both of the latter.
_PRONOUNS = {"female": ("she", "her"), "male": ("he", "his", "him"), "other": ("they", "their", "them")}


def topic_for(content: SimulatorContent, culture: Culture, scenario: Scenario) -> Topic:
    """The topic of any scenario."""
    if scenario.id in content.topics:
        return content.topics[scenario.id]
    if scenario.source.startswith("norm:"):
        norm = content.norms.get(scenario.source.removeprefix("norm:"))
        if norm is not None:
            return norm_topic(content.talk, completed(norm, scenario.relationship), culture)
    return _from_goals(content, culture, scenario)


def _from_goals(content: SimulatorContent, culture: Culture, scenario: Scenario) -> Topic:
    a, b = scenario.participants
    wishes = {"wish_a": wish(a, b, culture), "wish_b": wish(b, a, culture)}
    return fill_topic(content.phrasebook.generic.model_dump(), wishes)


def wish(me: Participant, other: Participant, culture: Culture) -> str:
    """The person's goal as what follows 'I would like': 'you to lend me the ladder', 'to be left alone'."""
    goal = _ENDS.sub("", _ASIDE.sub("", " ".join(me.goal.split())), count=1) or "have this settled"
    first_word, *other_words = goal.split(" ")
    if first_word[:1].isupper() and not first_word.isupper():
        first_word = first_word.lower()
    goal = " ".join([first_word, *other_words][:_MAX_WORDS])
    if goal.startswith("to "):
        goal = goal[3:]
    names = {other.name, *split_name(other.name, culture.of(other))} - {""}
    # Where both are called so, 'her' is more often the person's own: 'have her holidays'.
    called = [_PRONOUNS[other.gender][-1]] if me.gender != other.gender else []
    who = "|".join([*map(re.escape, sorted(names, key=lambda name: (-len(name), name))), *called])
    persuade = re.match(_PERSUADE.pattern % who, goal, re.I)
    verb = goal.split(" ", 1)[0].lower()
    if persuade and (
        persuade["link"] == "to"
        or (verb in ("make", "have") and not persuade["link"] and not _AFTER.match(persuade["rest"]))
    ):
        return _addressed(f"you to {persuade['rest']}", me, other, names)
    return _addressed(f"to {goal}" if _VERB.match(verb) else "to settle something with you", me, other, names)


def _addressed(text: str, me: Participant, other: Participant, names: set[str]) -> str:
    """The text about `me` and the other, who has these names, as said by me to the other."""
    for name in sorted(names, key=lambda name: (-len(name), name)):
        titled = rf"(?:\b[A-ZÀ-ÖØ-ÞĞİŞ]\w*\.? )?\b{re.escape(name)}{_TITLE_BEHIND}"  # Doña Eulalia, Nihat Bey
        text = re.sub(rf"{titled}['’]s\b", "your", text)
        text = re.sub(rf"{titled}\b", "you", text)
    text = re.sub(r"\b(himself|herself|themselves)\b", "myself", text)
    if me.gender != other.gender:
        text = _change_person(text, _PRONOUNS[other.gender], "you", "your", "you")
    text = _change_person(text, _PRONOUNS[me.gender], "I", "my", "me")
    return _THIRD_PERSON.sub(_agreeing, text)


def _change_person(text: str, forms: tuple[str, ...], subject: str, possessive: str, objective: str) -> str:
    text = re.sub(rf"\b{forms[0]}\b", subject, text)
    if len(forms) == 3:
        text = re.sub(rf"\b{forms[1]}\b", possessive, text)
        return re.sub(rf"\b{forms[2]}\b", objective, text)
    # 'her' is possessive before a word, objective at the end or before a small word.
    text = re.sub(
        rf"\b{forms[1]}\b(?=\s+(?!(?:{_AFTER_OBJECT})\b)\w)",
        possessive,
        text,
    )
    return re.sub(rf"\b{forms[1]}\b", objective, text)


def _agreeing(match: re.Match[str]) -> str:
    """Subject and verb of the first or second person, the verb so far being of the third."""
    subject, verb = match.groups()
    irregular = {"is": "am" if subject == "I" else "are", "was": "was" if subject == "I" else "were", "has": "have"}
    plain = re.sub(r"ies$", "y", verb) if len(verb) > 4 else verb
    return f"{subject} {irregular.get(verb) or plain.removesuffix('es' if verb in ('does', 'goes') else 's')}"

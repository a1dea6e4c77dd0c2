"""What one of a pair calls the other: chosen by code from the culture's rules, so that no prompt holds another form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import Literal

from clca.culture.people import community_of, split_name
from clca.culture.roles import rank, roles
from clca.records import Address, AddressRule, Culture, Gender, Participant, Relationship, Scenario
from clca.words import beginning

_CONDITIONS = [name for name in AddressRule.model_fields if name != "call"]
MOST_RULES = 500
_VOWELS = re.compile(r"[aeiouü]+", re.IGNORECASE)
_SIDES = {-1: "above", 0: "equal", 1: "below"}  # where the other stands, by `rank`


@dataclass(frozen=True, slots=True)
class Called:
    """What somebody is called: by the form `text`, by the word for the relative (`kin`) or by no name (`none`)."""

    kind: Literal["form", "kin", "none"]
    text: str = ""


def called(culture: Culture, scenario: Scenario, side: int) -> Called:
    """What the person of `side` calls the other of a scenario."""
    me, other = scenario.participants[side], scenario.participants[1 - side]
    return form_of_address(culture, me, other, scenario.relationship)


def form_of_address(culture: Culture, me: Participant, other: Participant, relationship: Relationship) -> Called:
    """What `me` calls the `other`, by the first rule of `me`'s culture whose conditions hold."""
    level = rank(me, other, relationship)
    own, others = culture.of(me), culture.of(other)
    community = community_of(other.name, other.gender, others)
    rule = next(rule for rule in own.address.rules if _holds(rule, me, other, relationship, level, community))
    form = rule.call if isinstance(rule.call, str) else _of_gender(rule.call, other.gender)
    if form == "{given}" and others.address.one_syllable and _has_one_syllable(split_name(other.name, others)[0]):
        form = others.address.one_syllable
    if form == "kin":
        return Called("kin")
    return Called("none") if form == "none" else Called("form", fill(form, other, own, others))


def _of_gender(call: dict[Gender, str], gender: Gender) -> str:
    """The form of a gender; without one, the full name where the others have names, else none."""
    if gender in call:
        return call[gender]
    return "{given} {family}" if any("{" in form for form in call.values()) else "none"


def _holds(
    rule: AddressRule, me: Participant, other: Participant, relationship: Relationship, level: int, community: str
) -> bool:
    older = other.age - me.age
    return (
        (not rule.relationship or relationship in rule.relationship)
        and (not rule.role or not roles(other.occupation).isdisjoint(rule.role))
        and (not rule.community or community in rule.community)
        and (rule.rank is None or rule.rank == _SIDES[level])
        and (rule.older_by is None or older >= rule.older_by)
        and (rule.younger_by is None or -older >= rule.younger_by)
        and (rule.age_from is None or other.age >= rule.age_from)
        and (rule.age_below is None or other.age < rule.age_below)
        and (rule.speaker is None or me.gender == rule.speaker)
        and (rule.speaker_below is None or me.age < rule.speaker_below)
    )


def fill(form: str, person: Participant, culture: Culture, of: Culture | None = None) -> str:
    """A form filled with a person's names, a man's in the vocative where the culture has one.

    `of` is the culture that the person's names are of, where it is another one.
    """
    given, family = split_name(person.name, of or culture)
    if person.gender == "male" and culture.address.vocative:
        given, family = (_vocative(name, culture.address.vocative) for name in (given, family))
    return form.replace("{given}", given).replace("{family}", family or given)


def _has_one_syllable(name: str) -> bool:
    return len(_VOWELS.findall(name)) == 1


def _vocative(name: str, endings: dict[str, str]) -> str:
    ending = max((ending for ending in endings if name.endswith(ending)), key=len, default="")
    return name.removesuffix(ending) + endings[ending] if ending else name


# ---------------------------------------------------------------- faults of the rules


def address_fault(address: Address, communities: frozenset[str]) -> str | None:
    """What is wrong with the forms of a profile whose `communities` have these names, or None."""
    if set(address.formal) != {"female", "male", "other"}:
        return "address.formal: needs female, male and other"
    for form in address.formal.values():
        if fault := _form_fault(form):
            return f"address.formal: {fault}"
    if address.one_syllable and (fault := _form_fault(address.one_syllable)):
        return f"address.one_syllable: {fault}"
    rules = address.rules
    if not rules or _has_conditions(rules[-1]):
        return "address.rules: the last rule must have no condition, so that there is a form for every pair"
    if len(rules) > MOST_RULES:
        return f"address.rules: more than {MOST_RULES}"
    names_strangers = True
    for number, rule in enumerate(rules):
        if fault := _rule_fault(rule, communities):
            return f"address.rules.{number}: {fault}"
        for earlier in range(number):
            if _covers(rules[earlier], rule):
                return f"address.rules.{number}: never applies, since rule {earlier} holds wherever this one does"
        if names_strangers and "stranger" in (rule.relationship or ("stranger",)):
            if any("{" in form for form in rule.forms):
                return f"address.rules.{number}: strangers do not know each other's names; give them a rule before it"
            conditions = [name for name in _CONDITIONS if getattr(rule, name) not in ((), None)]
            names_strangers = conditions not in ([], ["relationship"])
    return None


def _rule_fault(rule: AddressRule, communities: frozenset[str]) -> str | None:
    if isinstance(rule.call, dict) and not {"female", "male"} <= set(rule.call):
        return "call: needs female and male"
    for form in rule.forms:
        if fault := _form_fault(form):
            return f"call: {fault}"
    if unknown := [name for name in rule.community if name not in communities]:
        return f"community: {unknown[0]!r} is none of {', '.join(sorted(communities))}"
    if rule.call == "kin" and set(rule.relationship) != {"family"}:
        return "call: kin is only for family"
    return None


def _form_fault(form: str) -> str | None:
    """What is wrong with a form: it holds no placeholder but plain ones of the two names, each once at most."""
    try:
        parts = [part[1:] for part in Formatter().parse(form) if part[1] is not None]
    except ValueError:
        parts = [("", "", None)]
    plain = [("given", "", None), ("family", "", None)]
    if len(set(parts)) == len(parts) and all(part in plain for part in parts) and form.strip():
        return None
    return f"{beginning(form, 60)!r} may use only {{given}} and {{family}}, each once"


def _has_conditions(rule: AddressRule) -> bool:
    return any(getattr(rule, name) not in ((), None) for name in _CONDITIONS)


def _covers(earlier: AddressRule, later: AddressRule) -> bool:
    """Whether the earlier rule holds wherever the later one does, as far as one condition at a time shows."""
    for name in _CONDITIONS:
        first, second = getattr(earlier, name), getattr(later, name)
        if first in ((), None):
            continue
        if second in ((), None):
            return False
        if isinstance(first, tuple):
            covered = set(second) <= set(first)
        elif name in ("age_below", "speaker_below"):
            covered = second <= first
        elif isinstance(first, int):
            covered = second >= first
        else:
            covered = second == first
        if not covered:
            return False
    return True

"""SOTOPIA's agents, and which two of them meet in an environment."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings

from clca.generation.importers.outcome import RowFault, text_of
from clca.records import Gender, Relationship
from clca.seeding import Rng

GENDERS: dict[str, Gender] = {
    **dict.fromkeys(("woman", "female", "girl", "trans woman"), "female"),
    **dict.fromkeys(("man", "male", "boy", "trans man"), "male"),
    **dict.fromkeys(("nonbinary", "non-binary", "other", "genderqueer", "agender"), "other"),
}
RELATIONSHIPS: tuple[tuple[str, Relationship], ...] = (
    ("stranger", "stranger"),
    ("know_by_name", "acquaintance"),
    ("acquaintance", "acquaintance"),
    ("friend", "friend"),
    ("romantic_relationship", "partner"),
    ("family_member", "family"),
)
"""SOTOPIA's relationships by their number, each with ours."""
LONGEST_BACKGROUND = 600
LONGEST_CONSTRAINT = 20_000  # characters
_NONE = ("", "[]", "nan", "None", "null")


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent profile as a participant without a goal."""

    pk: str
    first: str
    last: str
    age: int
    gender: Gender
    occupation: str
    background: str
    secret: str
    shortened: bool

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.first} {self.last}".strip()


def read_agent(pk: str, values: Mapping[str, Any]) -> Agent:
    """The agent of a profile. Raises `RowFault` for one that lacks what a participant needs."""
    age = values.get("age")
    if not isinstance(age, int) or isinstance(age, bool) or not 5 <= age <= 110:
        raise RowFault("age", "no whole number of years from 5 to 110", repr(age))
    gender = text_of(values, "gender").casefold()
    if gender not in GENDERS:
        raise RowFault("gender", "no known gender", gender)
    public = text_of(values, "public_info")
    personality = text_of(values, "personality_and_values", required=False)
    both = f"{public} {personality}".strip()
    for field, text, longest in (
        ("public_info", public, LONGEST_BACKGROUND),
        ("occupation", text_of(values, "occupation"), 120),
        ("secret", text_of(values, "secret", required=False), 400),
    ):
        if len(text) > longest:
            raise RowFault(field, f"longer than {longest} characters", f"{len(text):,} characters")
    return Agent(
        pk=pk,
        first=text_of(values, "first_name"),
        last=text_of(values, "last_name", required=False),
        age=age,
        gender=GENDERS[gender],
        occupation=text_of(values, "occupation"),
        background=both if len(both) <= LONGEST_BACKGROUND else public,
        secret=text_of(values, "secret", required=False),
        shortened=len(both) > LONGEST_BACKGROUND,
    )


def relationship_number(value: Any) -> int:
    """The number of a relationship by its number or name. Raises `RowFault`."""
    names = [name for name, _ in RELATIONSHIPS]
    if isinstance(value, str) and value.strip() in names:
        return names.index(value.strip())
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value.strip()) == 1 else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < len(names):
        raise RowFault("relationship", "no number from 0 to 5", repr(value))
    return value


def drawn_pair(
    pk: str,
    values: Mapping[str, Any],
    agents: Mapping[str, Agent],
    related: Mapping[int, Collection[tuple[str, str]]],
) -> tuple[Agent, Agent]:
    """Two agents that fit an environment, drawn by its `pk`: the same ones whatever the order of the files.

    They are of its `agent_constraint`, if it has one; else of those that relationship profiles (`related`) put in its
    relationship, if there are any; else any two, of one last name for a family. `age_constraint` and
    `occupation_constraint` hold. Raises `RowFault` where no two fit.
    """
    number = relationship_number(values.get("relationship"))
    ages = _constraint(values, "age_constraint")
    constraint = _constraint(values, "occupation_constraint")
    occupations = constraint and [{str(each).casefold() for each in allowed} for allowed in constraint]

    def fits(agent: Agent, side: int) -> bool:
        within = ages is None or _within(agent.age, ages[side])
        allowed = occupations[side] if occupations else None
        return within and (not allowed or agent.occupation.casefold() in allowed)

    rng = Rng("sotopia", pk)
    named = values.get("agent_constraint")
    if named or related:
        if named:
            pairs = _pairs(named)
        else:
            pairs = sorted({pair for one, other in related.get(number, ()) for pair in ((one, other), (other, one))})
        for one, other in rng.shuffled(pairs):
            if one in agents and other in agents and one != other:
                first, second = agents[one], agents[other]
                if fits(first, 0) and fits(second, 1) and first.name != second.name:
                    return first, second
    else:
        order = rng.shuffled(agents[pk] for pk in sorted(agents))
        firsts, seconds = ([agent for agent in order if fits(agent, side)] for side in (0, 1))
        for pair in _any_two(firsts, seconds, RELATIONSHIPS[number][1]):
            return pair
    raise RowFault("", "no two agents fit the environment", RELATIONSHIPS[number][0])


def _any_two(
    firsts: Sequence[Agent], seconds: Sequence[Agent], relationship: Relationship
) -> Iterator[tuple[Agent, Agent]]:
    """For each first agent a second one of another name, the first that there is."""
    if relationship == "partner":
        firsts, seconds = ([agent for agent in agents if agent.age >= 18] for agents in (firsts, seconds))
    of_family = relationship == "family"
    by_name: dict[str, dict[str, Agent]] = {}  # the first agent of each name, by last name in a family
    for agent in seconds:
        by_name.setdefault(agent.last if of_family else "", {}).setdefault(agent.name, agent)
    for first in firsts:
        if of_family and not first.last:
            continue
        for name, second in by_name.get(first.last if of_family else "", {}).items():  # the second has another name
            if first.name != name:
                yield first, second
                break


def _constraint(values: Mapping[str, Any], field: str) -> Sequence[Any] | None:
    """The two halves of a constraint, which is written as a Python list, or None for no constraint."""
    value = values.get(field)
    if isinstance(value, str):
        if value.strip() in _NONE:
            return None
        try:
            with catch_warnings(action="ignore"):  # of escapes that Python does not know
                value = ast.literal_eval(value.strip()) if len(value) <= LONGEST_CONSTRAINT else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise RowFault(field, "no list of two lists", str(value)) from None
    elif value is None or value == []:
        return None
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or not all(isinstance(half, list | tuple) for half in value)
    ):
        raise RowFault(field, "no list of two lists", repr(value))
    if field == "age_constraint" and not all(
        len(half) == 2 and all(isinstance(age, int) for age in half) for half in value
    ):
        raise RowFault(field, "no two ranges of ages", repr(value))
    return value


def _within(age: int, limits: Sequence[int]) -> bool:
    return limits[0] <= age <= limits[1]


def _pairs(named: Any) -> list[tuple[str, str]]:
    if not isinstance(named, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in named):
        raise RowFault("agent_constraint", "no list of pairs of agents", repr(named))
    return [(str(one), str(other)) for one, other in named]

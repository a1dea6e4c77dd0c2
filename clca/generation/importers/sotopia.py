"""SOTOPIA's profiles: a scenario of no particular culture for each environment, with two agents in it.

An environment names no people. Where the files hold its combinations with agents (`EnvAgentComboStorage`), there is a
scenario for each; else two agents that fit it are drawn (`sotopia_agents.drawn_pair`), which is counted. Names, genders
and occupations are the agents', a background is `public_info` with `personality_and_values` where both have room.

Marks in goals (`<extra_info>` and the like) are taken off and their texts kept; where a goal is too long with its hints
on strategy and clarification, these are left out, which is counted. What one side alone is told of a setting is left
out of it, which is counted, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clca.generation.importers.context import ImportContext, slug_id
from clca.generation.importers.outcome import (
    Outcome,
    Place,
    Rejected,
    Row,
    RowFault,
    Supporting,
    Taken,
    build,
    rejected,
    text_of,
)
from clca.generation.importers.sotopia_agents import (
    RELATIONSHIPS,
    Agent,
    drawn_pair,
    read_agent,
    relationship_number,
)
from clca.generation.importers.sotopia_profiles import Profile, profiles
from clca.generation.importers.sources import Source
from clca.records import Seed

LONGEST_GOAL = 400
MOST_PEOPLE = 10_000
"""Agents, and relationships of them, that are held in memory, and looked through for each environment."""
MOST_COMBINATIONS = 100_000
LONGEST_ID = 200  # characters
HINTS = ("clarification_hint", "strategy_hint")
_TAG = re.compile(r"<(/?)(root|p|extra_info|clarification_hint|strategy_hint)\b([^<>]*)>")
_VIEWER = re.compile(r"viewer\s*=\s*['\"]([^'\"]*)['\"]")


@dataclass
class _People:
    """Agents by their `pk`, pairs of them by the number of their relationship, and combinations by environment."""

    agents: dict[str, Agent] = field(default_factory=dict)
    related: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    combinations: dict[str, list[Row]] = field(default_factory=dict)
    combined: int = 0

    def add(self, profile: Profile) -> Outcome:
        """Note a profile that is no environment."""
        row, values = profile.row, profile.values
        try:
            if profile.kind == "agent":
                agent = read_agent(profile.pk, values)
                if len(self.agents) == MOST_PEOPLE and profile.pk not in self.agents:
                    raise RowFault("", f"more than {MOST_PEOPLE:,} agents")
                if self.agents.setdefault(profile.pk, agent) != agent:
                    raise RowFault("pk", "pk of an earlier agent with other content", profile.pk)
            elif profile.kind == "relationship":
                pair = (text_of(values, "agent_1_id"), text_of(values, "agent_2_id"))
                number = relationship_number(values.get("relationship"))
                if sum(map(len, self.related.values())) == MOST_PEOPLE:
                    raise RowFault("", f"more than {MOST_PEOPLE:,} relationships")
                self.related.setdefault(number, []).append(pair)
            else:
                ids = values.get("agent_ids")
                if not isinstance(ids, list) or len(ids) != 2:
                    raise RowFault("agent_ids", "no two agents", repr(ids))
                environment = text_of(values, "env_id")
                if self.combined == MOST_COMBINATIONS:
                    raise RowFault("", f"more than {MOST_COMBINATIONS:,} combinations")
                self.combined += 1
                self.combinations.setdefault(environment, []).append(
                    Row(row.place, {"agent_ids": [str(pk)[:LONGEST_ID] for pk in ids]})
                )
                return Supporting(row.place, "")  # a row of its own, later
        except RowFault as fault:
            return rejected(row, fault, profile.pk)
        return Supporting(row.place, f"{profile.kind} profiles")


def read(sources: Sequence[Source], context: ImportContext) -> Iterator[Outcome]:
    """The scenarios of the environments; reads the files twice, first for the people."""
    people = _People()
    for source in sources:
        for profile in profiles(source):
            if isinstance(profile, Rejected):
                yield profile
            elif profile.kind != "environment":
                outcome = people.add(profile)
                if not isinstance(outcome, Supporting) or outcome.kind:
                    yield outcome
    for source in sources:
        for profile in profiles(source):
            if isinstance(profile, Profile) and profile.kind == "environment":
                yield from _scenarios(profile, people, context)
    for environment, rows in people.combinations.items():
        for row in rows:
            yield Rejected(row.place, "env_id", "no such environment in the files", environment)


def _scenarios(profile: Profile, people: _People, context: ImportContext) -> Iterator[Outcome]:
    combinations = people.combinations.pop(profile.pk, None)
    if combinations:
        yield Supporting(profile.row.place, "environments with combinations")
    for number, row in enumerate(combinations or (profile.row,), start=1):
        try:
            if combinations:
                pair, name = _combined(row.values, people.agents), f"{profile.pk}-{number}"
            else:
                if not people.agents:
                    raise RowFault("", "no agents: import the agent profiles with the environments")
                pair, name = drawn_pair(profile.pk, profile.values, people.agents, people.related), profile.pk
            yield _scenario(row.place, profile, name, pair, context, drawn=not combinations)
        except RowFault as fault:
            yield rejected(row, fault, profile.pk)


def _combined(values: Mapping[str, Any], agents: Mapping[str, Agent]) -> tuple[Agent, Agent]:
    ids = values["agent_ids"]
    if missing := [pk for pk in ids if pk not in agents]:
        raise RowFault("agent_ids", "no such agent in the files", missing[0])
    return agents[ids[0]], agents[ids[1]]


def _scenario(
    place: Place, profile: Profile, name: str, pair: tuple[Agent, Agent], context: ImportContext, *, drawn: bool
) -> Taken:
    values = profile.values
    derived = ["people: two agents drawn that fit"] if drawn else []
    setting = text_of(values, "scenario")
    told = seen_by(setting, "")
    if told != seen_by(setting, None):
        derived.append("scenario: what one side alone is told left out")
    goals = values.get("agent_goals")
    if not isinstance(goals, list) or len(goals) != 2:
        raise RowFault("agent_goals", "no two goals", repr(goals))
    people = []
    for side, agent in enumerate(pair):
        goal = text_of({"agent_goals": goals[side]}, "agent_goals")
        text = seen_by(goal, f"agent_{side + 1}")
        if len(text) > LONGEST_GOAL and (shorter := seen_by(goal, f"agent_{side + 1}", without=HINTS)) != text:
            text = shorter
            derived.append("agent_goals: hints left out of one that is too long")
        if agent.shortened:
            derived.append("background: personality_and_values left out, no room beside public_info")
        people.append(
            {
                "name": agent.name,
                "age": agent.age,
                "gender": agent.gender,
                "occupation": agent.occupation,
                "background": agent.background,
                "goal": text,
                "secret": agent.secret,
            }
        )
        if len(text) > LONGEST_GOAL:
            raise RowFault("agent_goals", f"longer than {LONGEST_GOAL} characters", f"{len(text):,} characters")
    after = text_of(values, "source", required=False)
    seed = build(
        Seed,
        {
            "id": slug_id("sotopia", name, 80),
            "setting": told,
            "relationship": RELATIONSHIPS[relationship_number(values.get("relationship"))][1],
            "source": "file",
            "participants": people,
            "origin": f"SOTOPIA, environment {profile.pk}, agents {pair[0].pk} and {pair[1].pk}"
            + (f", after {after}" if after else ""),
            "license": context.license or "",
        },
        {"setting": "scenario", "origin": "source"},
    )
    return Taken(place, seed, tuple(derived), name=name)


def seen_by(text: str, viewer: str | None, without: Sequence[str] = ()) -> str:
    """A text with marks as one side (`agent_1`, `agent_2`) sees it, or as both do (""), or all of it (None).

    Elements whose tags are in `without` are left out.
    """
    parts: list[str] = []
    hidden: list[bool] = []
    hiding = at = 0  # of the open elements those that are hidden; the end of the last tag
    for tag in _TAG.finditer(text):
        if not hiding:
            parts.append(text[at : tag.start()])
        at = tag.end()
        if tag[1]:
            if hidden:
                hiding -= hidden.pop()
        else:
            of = _VIEWER.search(tag[3])
            hides = of is not None and viewer is not None and viewer not in of[1].replace(",", " ").split()
            hidden.append(hides or tag[2] in without)
            hiding += hidden[-1]
        parts.append(" ")
    if not hiding:
        parts.append(text[at:])
    return " ".join("".join(parts).split())

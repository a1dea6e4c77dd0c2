"""The plan of one play: all its turns, in words, with the flaw that was planted in it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from clca.records import Culture, Scenario
from clca.simulator.content import SimulatorContent
from clca.simulator.flaws import plant
from clca.simulator.opening import Stage
from clca.simulator.planner import LONGEST, plan_moves
from clca.simulator.realization import Step, Wording
from clca.simulator.topic import matter_for


@dataclass(frozen=True, slots=True)
class Plan:
    """The turns of one play; `flaw` is planted from turn `flaw_from` on."""

    steps: tuple[Step, ...]
    flaw: str | None
    flaw_from: int


@dataclass(frozen=True, slots=True)
class _Entry:
    culture: Culture
    scenario: Scenario
    plan: Plan


class PlanCache:
    """Plans by play, made when first asked for; a bounded cache, since any plan can be made again."""

    def __init__(self, book: SimulatorContent, max_exchanges: int, most: int = 512) -> None:
        self._book, self._most = book, most
        self._max_exchanges = min(max_exchanges, LONGEST // 2)  # more would let a flaw outlive the longest plan
        self._kept: OrderedDict[tuple[str, str, int, int], _Entry] = OrderedDict()

    def plan(self, culture: Culture, scenario: Scenario, dialogue_seed: int, start: int) -> Plan:
        """The plan of a play in which side `start` has the first turn."""
        name = (culture.id, scenario.id, dialogue_seed, start)
        kept = self._kept.get(name)
        if kept is not None and kept.culture == culture and kept.scenario == scenario:
            self._kept.move_to_end(name)
            return kept.plan
        plan = make_plan(self._book, culture, scenario, dialogue_seed, self._max_exchanges, start)
        self._kept[name] = _Entry(culture, scenario, plan)
        self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return plan


def make_plan(
    book: SimulatorContent, culture: Culture, scenario: Scenario, dialogue_seed: int, max_exchanges: int, start: int
) -> Plan:
    """Plan and word one play from nothing."""
    stage = Stage(culture, scenario, matter_for(book, culture, scenario), book.acts, start, max(1, max_exchanges) * 2)
    seed = (culture.id, scenario.id, dialogue_seed)
    steps = Wording(stage, seed).steps(plan_moves(stage, seed))
    steps, flaw, since = plant(book, stage, seed, steps)
    return Plan(tuple(steps), flaw, since)

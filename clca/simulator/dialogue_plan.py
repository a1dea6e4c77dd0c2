"""The plan of one dialogue: all its turns in words, with the flaw planted in it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from clca.records import Culture, Scenario
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.flaws import plant
from clca.simulator.planner import LONGEST, plan_speech_acts
from clca.simulator.realization import Realizer, Step
from clca.simulator.topic import topic_for


@dataclass(frozen=True, slots=True)
class Plan:
    """The turns of one dialogue; `flaw` shows from the turn of index `flaw_from` on."""

    steps: tuple[Step, ...]
    flaw: str | None
    flaw_from: int


class PlanCache:
    """Plans by dialogue, the `size` last used; a plan that is dropped can be made again."""

    def __init__(self, content: SimulatorContent, max_exchanges: int, size: int = 512) -> None:
        self._content, self._size = content, size
        self._max_exchanges = min(max_exchanges, LONGEST // 2)  # so that no flaw outlives the longest plan
        self._plans: OrderedDict[tuple[str, str, int, int], tuple[Culture, Scenario, Plan]] = OrderedDict()

    def plan(self, culture: Culture, scenario: Scenario, dialogue_seed: int, first_side: int) -> Plan:
        """The plan of the dialogue with this seed, in which `first_side` (0 or 1) takes the first turn."""
        key = (culture.id, scenario.id, dialogue_seed, first_side)
        cached = self._plans.pop(key, None)
        if cached is None or cached[:2] != (culture, scenario):
            plan = make_plan(self._content, culture, scenario, dialogue_seed, self._max_exchanges, first_side)
            cached = (culture, scenario, plan)
        self._plans[key] = cached  # at the end: last used
        if len(self._plans) > self._size:
            self._plans.popitem(last=False)
        return cached[2]


def make_plan(
    content: SimulatorContent,
    culture: Culture,
    scenario: Scenario,
    dialogue_seed: int,
    max_exchanges: int,
    first_side: int,
) -> Plan:
    """Plan and realize one dialogue, without the cache."""
    topic = topic_for(content, culture, scenario)
    spec = DialogueSpec(culture, scenario, topic, content.phrasebook, first_side, max_turns=2 * max(1, max_exchanges))
    seed = (culture.id, scenario.id, dialogue_seed)
    steps, flaw, flaw_from = plant(content, spec, seed, Realizer(spec, seed).steps(plan_speech_acts(spec, seed)))
    return Plan(tuple(steps), flaw, flaw_from)

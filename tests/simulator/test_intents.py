"""The intents that the simulator gives."""

from __future__ import annotations

import itertools
from collections import Counter

from clca.records import Culture, Seed, Turn
from clca.simulator import Simulator, SimulatorContent
from clca.simulator.dialogue_plan import make_plan
from tests.simulator.plays import CULTURES, Played, ask_intent, localised, play


def test_intents_name_people_and_are_cultural_where_the_act_was(teacher: Simulator, plays: list[Played]) -> None:
    relevance, texts = Counter[tuple[str, str]](), set[str]()
    for culture, scenario, number, turns, planted in plays[::7]:
        if planted:
            continue
        for at in range(len(turns)):
            answer = ask_intent(teacher, culture, scenario, turns[: at + 1], number)
            assert 0 <= answer.custom <= len(culture.customs)
            relevance[culture.id, "cultural" if answer.custom else "generic"] += 1
            texts.add(answer.intent)
            assert " wants to " in answer.intent
            assert "{" not in answer.intent
    assert len(texts) > 200
    assert all(relevance[name, "cultural"] and relevance[name, "generic"] for name in CULTURES)


def test_every_act_of_a_plan_has_intents_of_its_own(
    simulator_content: SimulatorContent, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    acts: set[str] = set()
    for number, seed in enumerate(seeds):
        for step in make_plan(simulator_content, cultures["china"], seed, number, 10, 0).steps:
            acts.add(
                f"{step.kind}_{step.tone}" if step.tone in ("direct", "soft") or step.kind == "gesture" else step.kind
            )
    assert acts - {"other"} <= set(simulator_content.phrasebook.intent.acts)


def test_an_intent_is_found_for_words_that_no_plan_has(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    turns = (
        Turn(speaker="0", action="speak", text="Hello there."),
        Turn(speaker="1", action="speak", text="I won't do it."),
    )
    answer = ask_intent(teacher, cultures["usa"], seeds[0], turns, 1)
    assert "no" in answer.intent or "refuses" in answer.intent


def test_intents_name_a_goal_once_a_side_and_never_the_same_reason_twice(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    for culture, seed in itertools.product(cultures.values(), seeds[::6]):
        scenario = localised(teacher, culture, seed)
        turns, _ = play(teacher, culture, scenario, 3)
        intents = [ask_intent(teacher, culture, scenario, turns[: at + 1], 3) for at in range(len(turns))]
        for side, person in enumerate(scenario.participants):
            words = person.goal.rstrip(".").split()[1:6]
            assert sum(" ".join(words) in intent.intent for intent in intents[side::2]) <= 1
        reasons = [intent.intent.rpartition(", ")[2] for intent in intents if intent.custom]
        assert len(reasons) == len(set(reasons))

"""What the simulator promises about every dialogue without a planted flaw."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from clca.records import Culture, Seed, Turn
from clca.simulator import Simulator, SimulatorContent
from clca.simulator.dialogue_plan import make_plan
from clca.simulator.sentences import key, sentences
from tests.simulator.plays import Played, ask_turn, localised, play, sound


def test_a_play_has_six_to_twenty_turns_and_ends_when_somebody_leaves(plays: list[Played]) -> None:
    for _, scenario, number, turns, _ in sound(plays):
        assert 6 <= len(turns) <= 20, (scenario.id, number)
        assert [turn.action for turn in turns].count("leave") == 1
        assert turns[-1].action == "leave"


def test_nothing_is_said_twice_and_no_placeholder_is_left(plays: list[Played]) -> None:
    repeated = 0
    for _, scenario, number, turns, _ in sound(plays):
        counts = Counter(key(sentence) for turn in turns for sentence in sentences(turn.text))
        repeated += any(count > 1 for text, count in counts.items() if len(text.split()) > 3)
        assert not any("{" in turn.text for turn in turns), (scenario.id, number)
    assert repeated <= len(plays) // 200


def test_a_question_is_answered_in_the_next_turn_and_not_with_a_gesture(
    plays: list[Played], simulator_content: SimulatorContent
) -> None:
    answers = {question: answer for topic in simulator_content.topics.values() for question, answer in topic.questions}
    for _, scenario, number, turns, _ in sound(plays):
        for turn, following in itertools.pairwise(turns):
            if turn.text in answers and "{" not in turn.text:
                assert following.action == "speak", (scenario.id, number, turn.text)


def test_nobody_is_silent_or_gestures_right_after_the_other_did(plays: list[Played]) -> None:
    for _, scenario, number, turns, _ in sound(plays):
        quiet = [turn.action in ("none", "non-verbal") for turn in turns]
        assert not any(before and after for before, after in itertools.pairwise(quiet)), (scenario.id, number)


@pytest.mark.parametrize("exchanges", [1, 2, 3, 5, 10, 15])
def test_the_limit_of_exchanges_is_kept(
    simulator_content: SimulatorContent, cultures: dict[str, Culture], seeds: list[Seed], exchanges: int
) -> None:
    teacher = Simulator(simulator_content, exchanges)
    for seed in seeds[:20]:
        turns, _ = play(teacher, cultures["mexico"], seed, 3, exchanges)
        assert len(turns) <= min(20, exchanges * 2)


def test_side_b_can_have_the_first_turn(teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]) -> None:
    turns: list[Turn] = []
    while not turns or turns[-1].action != "leave":
        side = (len(turns) + 1) % 2
        answer, _ = ask_turn(teacher, cultures["germany"], seeds[0], side, tuple(turns), 4)
        turns.append(Turn(speaker=str(side), action=answer.action, text=answer.text))
    assert 6 <= len(turns) <= 20


def test_the_first_turn_is_taken_by_the_side_that_has_it(
    simulator_content: SimulatorContent, teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    kinds = Counter[str]()
    for seed, side, number in itertools.product(seeds, (0, 1), range(3)):
        steps = make_plan(
            simulator_content, cultures["china"], localised(teacher, cultures["china"], seed), number, 10, side
        ).steps
        assert [step.side for step in steps[:2]] == [side, 1 - side], seed.id
        kinds[steps[0].kind] += side
    assert set(kinds) >= {"greet", "gesture"}, "the other side opens with a greeting, or with a gesture"


def test_a_talk_that_outlives_the_plan_is_closed(
    simulator_content: SimulatorContent, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    turns = tuple(Turn(speaker=str(at % 2), action="speak", text=f"Something else, number {at}.") for at in range(30))
    answer, _ = ask_turn(Simulator(simulator_content, 20), cultures["usa"], seeds[0], 0, turns, 1)
    assert answer.action == "leave"


def test_a_greeting_that_asks_is_answered(
    simulator_content: SimulatorContent, teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    questions = 0
    for culture, seed in itertools.product(cultures.values(), seeds):
        for number in range(3):
            plan = make_plan(simulator_content, culture, localised(teacher, culture, seed), number, 10, 0)
            for step, after in itertools.pairwise(plan.steps if plan.flaw is None else ()):
                if step.kind == "greet" and step.text.endswith("?"):
                    questions += 1
                    assert after.action == "speak"
                    assert "?" not in sentences(after.text)[0]
    assert questions > 10


def test_children_do_not_speak_like_grown_ups(
    simulator_content: SimulatorContent, teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    young = next(seed for seed in seeds if seed.id == "apology-lemon-pot")
    for culture in cultures.values():
        scenario = localised(teacher, culture, young)
        courtesy = culture.courtesy
        adult = {
            *courtesy.soften,
            *courtesy.greeting.formal,
            *courtesy.greeting.familiar,
            *simulator_content.phrasebook.closing,
        }
        for number in range(20):
            steps = make_plan(simulator_content, culture, scenario, number, 10, 0).steps
            flawed = make_plan(simulator_content, culture, scenario, number, 10, 0).flaw
            spoken = {sentence for step in steps if step.side == 0 for sentence in sentences(step.text)}
            assert flawed or not spoken & adult

"""Planted flaws and the simulated judge."""

from __future__ import annotations

from collections import Counter

import pytest

from clca.generation.judge import alignment_of, quality_of
from clca.records import Alignment, CountedFacts, Culture, Quality, Seed, Turn
from clca.simulator import Simulator
from clca.simulator.flaws import SHARE, WEIGHTS
from tests.simulator.plays import Played, ask, meta_view, play

NOTHING = CountedFacts(faults=(), scene_words=9, foreign=())
JUDGED = ("circling", "off_setting", "misaligned")


def test_about_a_seventh_of_plays_has_a_planted_flaw(plays: list[Played]) -> None:
    share = sum(planted is not None for *_, planted in plays) / len(plays)
    assert abs(share - SHARE) < 0.05
    assert {planted for *_, planted in plays if planted} <= set(WEIGHTS)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_planted_is_named_from_the_turn_that_shows_it(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    flawed = 0
    for number in range(60):
        _, planted = play(teacher, cultures["usa"], seeds[number % len(seeds)], number)
        if planted[-1] in ("circling", "off_setting"):
            flawed += 1
            first = planted.index(planted[-1])
            assert first > 0
            assert set(planted[first:]) == {planted[-1]}
    assert flawed


def test_the_judge_is_good_but_not_perfect(teacher: Simulator, plays: list[Played]) -> None:
    right, wrong = Counter[str](), Counter[str]()
    for culture, scenario, _, turns, planted in plays:
        answer, _ = ask(teacher, "judge", culture, scenario, turns=turns)
        quality, alignment = quality_of(answer, NOTHING, len(turns)), alignment_of(answer, NOTHING)
        if planted is None:
            fine = quality.label == "good" and alignment.label == "yes"
        elif planted == "misaligned":
            fine = alignment.label == "no"
        elif planted in JUDGED:
            fine = quality.label == "bad"
        else:
            continue
        (right if fine else wrong)[planted or "sound"] += 1
    assert wrong["sound"] < 0.05 * right["sound"]
    for flaw in JUDGED:
        assert right[flaw] > 2 * wrong[flaw], flaw
    assert sum(wrong.values()) > 0


def test_the_judge_reads_the_turns_and_quotes_them(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    line = "I told you that the ladder stays in the shed until the spring."
    turns = tuple(Turn(speaker=str(at % 2), action="speak", text=f"{line} Number {at}.") for at in range(12))
    answer, _ = ask(teacher, "judge", cultures["usa"], seeds[0], turns=turns)
    assert answer.repetition == "much"
    assert "ladder stays in the shed" in answer.quality


def test_the_second_stage_has_a_view_before_it_is_told_the_verdict(teacher: Simulator, plays: list[Played]) -> None:
    labels = Counter[tuple[str, bool]]()
    for culture, scenario, _, turns, planted in plays[:200]:
        view = meta_view(teacher, culture, scenario, turns)
        labels[view.label, planted in JUDGED] += 1
    assert labels["bad", True] > labels["good", True]
    assert labels["good", False] > 9 * labels["bad", False]


def test_meta_contradicts_a_verdict_that_does_not_fit(teacher: Simulator, plays: list[Played]) -> None:
    culture, scenario, _, turns, _ = next(played for played in plays if played[4] == "circling" and len(played[3]) > 12)
    kind = Quality(label="good", confidence="very confident", rationale="fine")
    yes = Alignment(label="yes", confidence="confident", rationale="fine")
    answer, _ = ask(teacher, "meta", culture, scenario, turns=turns, verdict=(kind, yes))
    assert answer.label == "bad"

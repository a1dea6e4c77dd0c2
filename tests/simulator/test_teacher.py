"""The simulator: what it promises about every dialogue, and what it lets a culture change."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.culture.catalogue import CultureCatalogue
from clca.errors import ContentError
from clca.inference.protocol import Reply, Request, Sampling, SimulatorHints, TaskName
from clca.records import Alignment, Culture, Norm, Participant, Quality, Scenario, Seed, Turn
from clca.schemas import (
    AdaptAnswer,
    Answer,
    ComposeAnswer,
    IntentAnswer,
    JudgeAnswer,
    MetaAnswer,
    TurnAnswer,
)
from clca.simulator import Simulator, SimulatorContent, load_simulator_content
from clca.simulator.dialogue_plan import make_plan
from clca.simulator.flaws import SHARE, WEIGHTS
from clca.simulator.places import nearest, preposition, whole
from clca.simulator.rng import Rng
from clca.simulator.sentences import key, sentences
from clca.simulator.style import style
from clca.simulator.topic import wish
from clca.simulator.traits import culture_traits, driver_applies

CULTURES = ("japan", "usa", "germany", "mexico", "china")
WHY = ("hierarchy", "age", "harmony", "candour", "relation", "group", "silence", "uncertainty", "equality", "choice")
JUDGED = ("circling", "off_setting", "misaligned")


@pytest.fixture(scope="module")
def content() -> Content:
    return Content(None)


@pytest.fixture(scope="module")
def files(content: Content) -> dict[str, str]:
    return {path: content.text(path) for path in content.files("scenarios/*") + content.files("scenarios/rehearsal/*")}


@pytest.fixture(scope="module")
def simulator_content(files: dict[str, str]) -> SimulatorContent:
    return load_simulator_content(files)


@pytest.fixture(scope="module")
def teacher(simulator_content: SimulatorContent) -> Simulator:
    return Simulator(simulator_content)


@pytest.fixture(scope="module")
def cultures(content: Content) -> dict[str, Culture]:
    catalogue = CultureCatalogue(content)
    return {name: catalogue.culture(name) for name in CULTURES}


@pytest.fixture(scope="module")
def seeds(files: dict[str, str]) -> list[Seed]:
    lines = (line for path in sorted(files) if "seeds-" in path for line in files[path].splitlines())
    return [Seed.model_validate_json(line) for line in lines if line.strip()]


ANSWERS: dict[TaskName, type[Answer]] = {
    "adapt": AdaptAnswer,
    "compose": ComposeAnswer,
    "turn": TurnAnswer,
    "judge": JudgeAnswer,
    "meta": MetaAnswer,
    "intent": IntentAnswer,
}


def request(task: TaskName, hints: SimulatorHints | None) -> Request:
    messages = ({"role": "user", "content": "seven!!"},)
    return Request(task, messages, ANSWERS[task], Sampling(0.7, 0.7, 500, 1), hints=hints)


def ask(
    teacher: Simulator, task: TaskName, culture: Culture, subject: Scenario | Norm, **hints: Any
) -> tuple[Any, Reply]:
    reply = asyncio.run(teacher.answer(request(task, SimulatorHints(culture, subject, **hints))))
    return ANSWERS[task].model_validate_json(reply.text), reply


def ask_turn(
    teacher: Simulator, culture: Culture, scenario: Scenario, side: int, turns: tuple[Turn, ...], dialogue_seed: int
) -> tuple[Any, Reply]:
    return ask(teacher, "turn", culture, scenario, side=side, turns=turns, dialogue_seed=dialogue_seed)


def ask_intent(
    teacher: Simulator, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], dialogue_seed: int
) -> Any:
    return ask(teacher, "intent", culture, scenario, turns=turns, dialogue_seed=dialogue_seed)[0]


def names(culture: Culture) -> tuple[tuple[str, str], ...]:
    pairs = []
    for number in range(8):
        for gender in ("female", "male"):
            given, family = (
                getattr(culture.names, gender)[number],
                culture.names.family[number * 2 + (gender == "male")],
            )
            family_first = culture.names.order == "family-first"
            pairs.append((gender, f"{family} {given}" if family_first else f"{given} {family}"))
    return tuple(pairs)


def localised(teacher: Simulator, culture: Culture, seed: Seed) -> Scenario:
    answer, _ = ask(teacher, "adapt", culture, seed, names=names(culture))
    people = tuple(person.participant() for person in answer.participants)
    return Scenario(id=seed.id, setting=answer.setting, relationship=seed.relationship, participants=people)


def play(
    teacher: Simulator, culture: Culture, scenario: Scenario, number: int, max_exchanges: int = 10
) -> tuple[tuple[Turn, ...], list[str | None]]:
    turns: list[Turn] = []
    planted: list[str | None] = []
    while len(turns) < max_exchanges * 2:
        side = len(turns) % 2
        answer, reply = ask_turn(teacher, culture, scenario, side, tuple(turns), number)
        turns.append(Turn(speaker=str(side), action=answer.action, text=answer.text))
        planted.append(reply.planted)
        if answer.action == "leave":
            break
    return tuple(turns), planted


Played = tuple[Culture, Scenario, int, tuple[Turn, ...], str | None]


@pytest.fixture(scope="module")
def plays(teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]) -> list[Played]:
    plays: list[Played] = []
    for culture in cultures.values():
        for at, seed in enumerate(seeds):
            scenario = localised(teacher, culture, seed)
            for number in (at, at + 1000):
                turns, planted = play(teacher, culture, scenario, number)
                plays.append((culture, scenario, number, turns, planted[-1]))
    return plays


def sound(plays: list[Played]) -> Iterator[Played]:
    return (played for played in plays if played[4] is None)


# ---------------------------------------------------------------- the protocol


def test_token_counts_are_a_quarter_of_the_characters_rounded_up(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    _, reply = ask_turn(teacher, cultures["usa"], seeds[0], 0, (), 1)
    assert teacher.name == "rehearsal"
    assert reply.finish_reason == "stop"
    assert reply.prompt_tokens == 2
    assert reply.completion_tokens == -(-len(reply.text) // 4)


@pytest.mark.parametrize("task", ["compose", "meta"])
def test_a_request_without_the_hints_of_its_task_is_refused(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed], task: TaskName
) -> None:
    for hints in (None, SimulatorHints(cultures["usa"], seeds[0])):
        with pytest.raises(ValueError, match=f"{task}.*hints"):
            asyncio.run(teacher.answer(request(task, hints)))


def test_the_same_request_has_the_same_reply_in_any_order(
    simulator_content: SimulatorContent, teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    scenario = localised(teacher, cultures["japan"], seeds[3])
    turns, _ = play(teacher, cultures["japan"], scenario, 5)
    fresh = Simulator(simulator_content)
    for at in reversed(range(len(turns))):
        answer, _ = ask_turn(fresh, cultures["japan"], scenario, at % 2, turns[:at], 5)
        assert (answer.action, answer.text) == (turns[at].action, turns[at].text)


_DIGEST = """
import hashlib, sys
sys.path.insert(0, "tests/simulator")
import test_teacher as t
from clca.culture.catalogue import CultureCatalogue
from clca.records import Seed
from clca.content.lookup import Content
content = Content(None)
files = {path: content.text(path) for path in content.files("scenarios/*") + content.files("scenarios/rehearsal/*")}
teacher, culture = t.Simulator(t.load_simulator_content(files)), CultureCatalogue(content).culture("japan")
digest = hashlib.sha256()
for number, line in enumerate(files["scenarios/seeds-1.jsonl"].splitlines()):
    scenario = t.localised(teacher, culture, Seed.model_validate_json(line))
    turns, _ = t.play(teacher, culture, scenario, number)
    verdict, _ = t.ask(teacher, "judge", culture, scenario, turns=turns)
    digest.update(repr((scenario, turns, verdict)).encode())
print(digest.hexdigest())
"""


def test_two_processes_with_different_hash_seeds_agree() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True, cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(digests) == 1


def test_two_plays_of_a_scenario_differ(plays: list[Played]) -> None:
    texts = Counter((culture.id, scenario.id, turns) for culture, scenario, _, turns, _ in plays)
    assert max(texts.values()) == 1


def test_a_culture_of_the_same_id_but_other_scores_is_not_mistaken_for_the_first(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    usa = cultures["usa"]
    other = usa.model_copy(update={"scores": cultures["china"].scores, "position": cultures["china"].position})
    results = [[play(teacher, culture, seed, 9)[0] for seed in seeds[:12]] for culture in (usa, other, usa)]
    assert results[0] == results[2]
    assert results[0] != results[1]


# ---------------------------------------------------------------- every sound play


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


def test_a_talk_that_outlives_the_plan_is_closed(
    simulator_content: SimulatorContent, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    turns = tuple(Turn(speaker=str(at % 2), action="speak", text=f"Something else, number {at}.") for at in range(30))
    answer, _ = ask_turn(Simulator(simulator_content, 20), cultures["usa"], seeds[0], 0, turns, 1)
    assert answer.action == "leave"


# ---------------------------------------------------------------- cultures differ


def test_style_follows_from_scores_and_relationship(cultures: dict[str, Culture], seeds: list[Seed]) -> None:
    by_id = {seed.id: seed for seed in seeds}
    asks_teacher = by_id["school-phone-drawer"]
    pupil = {name: style(culture, asks_teacher, 0) for name, culture in cultures.items()}
    assert pupil["china"].deference > pupil["usa"].deference
    assert pupil["usa"].directness > pupil["japan"].directness > pupil["china"].directness
    friends = by_id["friendship-one-evening"]
    assert not style(cultures["china"], friends, 0).formal
    assert style(cultures["japan"], by_id["official-missing-certificate"], 0).formal


def test_missing_scores_are_filled_from_the_middle_or_the_position(cultures: dict[str, Culture]) -> None:
    japan = cultures["japan"]
    none = japan.scores.model_copy(update=dict.fromkeys(("pdi", "idv", "mas", "uai", "lto", "ivr")))
    filled = culture_traits(japan.model_copy(update={"scores": none}))
    bare = japan.position.model_copy(update={"secular": None, "expression": None})
    middle = culture_traits(japan.model_copy(update={"scores": none, "position": bare}))
    assert all(0 <= getattr(filled, name) <= 1 for name in ("pdi", "idv", "mas", "uai", "lto", "ivr"))
    assert middle.expression == 0
    assert filled.idv > middle.idv


def test_hinting_is_commoner_where_much_goes_without_saying(
    plays: list[Played], simulator_content: SimulatorContent
) -> None:
    def share(culture_id: str) -> float:
        mine = [(scenario, turns) for culture, scenario, _, turns, _ in sound(plays) if culture.id == culture_id]
        hinted = 0
        for scenario, turns in mine:
            hints = {line for line in simulator_content.topics[scenario.id].hint if "{" not in line}
            hinted += any(any(hint in turn.text for hint in hints) for turn in turns)
        return hinted / len(mine)

    assert share("china") > share("germany") > share("usa")


# ---------------------------------------------------------------- planted flaws and the judge


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
        verdict, _ = ask(teacher, "judge", culture, scenario, turns=turns)
        if planted is None:
            fine = verdict.quality.label == "good" and verdict.alignment.label == "yes"
        elif planted == "misaligned":
            fine = verdict.alignment.label == "no"
        elif planted in JUDGED:
            fine = verdict.quality.label == "bad"
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
    verdict, _ = ask(teacher, "judge", cultures["usa"], seeds[0], turns=turns)
    assert verdict.quality.label == "bad"
    assert "ladder stays in the shed" in verdict.quality.rationale


def test_meta_contradicts_a_verdict_that_does_not_fit(teacher: Simulator, plays: list[Played]) -> None:
    culture, scenario, _, turns, _ = next(played for played in plays if played[4] == "circling" and len(played[3]) > 12)
    kind = Quality(label="good", confidence="very confident", rationale="fine")
    yes = Alignment(label="yes", confidence="confident", rationale="fine")
    answer, _ = ask(teacher, "meta", culture, scenario, turns=turns, verdict=(kind, yes))
    assert answer.label == "bad"


# ---------------------------------------------------------------- intents


def test_intents_name_people_and_are_cultural_where_the_act_was(teacher: Simulator, plays: list[Played]) -> None:
    relevance, texts = Counter[tuple[str, str]](), set[str]()
    for culture, scenario, number, turns, planted in plays[::7]:
        if planted:
            continue
        for at in range(len(turns)):
            answer = ask_intent(teacher, culture, scenario, turns[: at + 1], number)
            relevance[culture.id, answer.relevance] += 1
            texts.add(answer.intent)
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


# ---------------------------------------------------------------- scenarios


def test_adapting_leaves_no_old_name_and_keeps_ages(
    teacher: Simulator, cultures: dict[str, Culture], seeds: list[Seed]
) -> None:
    for culture in cultures.values():
        known = {*culture.names.female, *culture.names.male, *culture.names.family}
        for seed in seeds:
            new = localised(teacher, culture, seed)
            texts = [new.setting, *(person.background + person.goal + person.secret for person in new.participants)]
            for person in seed.participants:
                for part in set(person.name.split()) - known:
                    assert not any(part in key(text).title().split() for text in texts), (seed.id, part)
            assert [person.age for person in new.participants] == [person.age for person in seed.participants]
            assert [person.gender for person in new.participants] == [person.gender for person in seed.participants]
            assert seed.place is None or seed.place.text not in new.setting


def test_whole_words_only_are_replaced_and_families_stay_together(
    teacher: Simulator, cultures: dict[str, Culture]
) -> None:
    people = (
        Participant(name="Ann Reed", age=40, gender="female", occupation="clerk",
                    background="Ann likes the Annual Fair.",
                    goal="Get Mark Reed to mark Ann's papers", secret="Mrs Reed reads."),
        Participant(name="Mark Reed", age=41, gender="male", occupation="cook",
                    background="The Reeds read.", goal="Rest"),
    )  # fmt: skip
    seed = Seed(
        id="x-y", setting="Ann and Mark market goods.", relationship="partner", participants=people, situation="x"
    )
    new = localised(teacher, cultures["germany"], seed)
    assert "Annual" in new.participants[0].background
    assert "Ann " not in new.participants[0].background
    assert "market goods" in new.setting
    assert new.participants[0].goal.split(" to mark ")[0].startswith("Get ")
    families = {person.name.split(" ", 1)[1] for person in new.participants}
    assert len(families) == 1
    assert "family read" in new.participants[1].background


def test_every_norm_gives_a_scenario_that_can_be_played(
    teacher: Simulator, cultures: dict[str, Culture], simulator_content: SimulatorContent
) -> None:
    culture = cultures["mexico"]
    for number, norm in enumerate(simulator_content.norms.values()):
        answer, _ = ask(teacher, "compose", culture, norm, names=names(culture))
        people = tuple(person.participant() for person in answer.participants)
        scenario = Scenario(
            id=f"norm-{norm.id}", setting=answer.setting, relationship=answer.relationship,
            source=f"norm:{norm.id}", participants=people,
        )  # fmt: skip
        assert "{" not in scenario.model_dump_json().replace('{"', "")
        turns, _ = play(teacher, culture, scenario, number)
        assert not any("{" in turn.text for turn in turns)
        assert answer.relationship == norm.relationship


def test_a_goal_in_the_third_person_becomes_a_wish() -> None:
    nora = Participant(name="Nora Hill", age=30, gender="female", occupation="x", background="x", goal="x")
    tom = Participant(name="Tom Reed", age=30, gender="male", occupation="x", background="x",
                      goal="Get Nora to lend him her ladder for Saturday without owing her a favour")  # fmt: skip
    culture = CultureCatalogue(Content(None)).culture("usa")
    assert wish(tom, nora, culture) == "you to lend me your ladder for Saturday"
    keep = nora.model_copy(update={"goal": "Keep her ladder at home."})
    assert wish(keep, tom, culture) == "to keep my ladder at home"


@pytest.mark.parametrize("text", ["x", "¿Qué? {weird} \\n [brackets] (", "Ω" * 390, "a . b ! c", "to " * 120])
def test_any_scenario_can_be_played(teacher: Simulator, cultures: dict[str, Culture], text: str) -> None:
    person = Participant(name=text[:70], age=33, gender="other", occupation=text[:90], background=text, goal=text)
    other = person.model_copy(update={"name": "Q", "age": 8, "gender": "female"})
    scenario = Scenario(id="mine", setting=text, relationship="colleague", source="file", participants=(person, other))
    turns, _ = play(teacher, cultures["japan"], scenario, 2)
    assert len(turns) >= 4
    seed = Seed(**scenario.model_dump(), situation="any")
    localised(teacher, cultures["japan"], seed)
    verdict, _ = ask(teacher, "judge", cultures["japan"], scenario, turns=turns)
    quality, alignment = Quality(**verdict.quality.model_dump()), Alignment(**verdict.alignment.model_dump())
    ask(teacher, "meta", cultures["japan"], scenario, turns=turns, verdict=(quality, alignment))
    ask_intent(teacher, cultures["japan"], scenario, turns, 2)


# ---------------------------------------------------------------- the book


def test_content_faults_are_named_by_path_and_key(files: dict[str, str]) -> None:
    path = "scenarios/rehearsal/matter-1.yaml"
    with pytest.raises(ContentError, match=r"matter-1\.yaml:\d+: .*willing"):
        load_simulator_content(files | {path: files[path].replace("willing: 0.45", "willing: 7", 1)})
    with pytest.raises(ContentError, match=r"\d+: .*unknown placeholder \{cake\}"):
        load_simulator_content(files | {path: files[path].replace("{holiday}", "{cake}", 1)})
    talk, acts = "scenarios/rehearsal/norm-talk.yaml", "scenarios/rehearsal/acts.yaml"
    with pytest.raises(
        ContentError, match=r"norm-talk\.yaml:\d+: .*unknown placeholder \{explian\}; did you mean explain"
    ):
        load_simulator_content(files | {talk: files[talk].replace("{explain}", "{explian}")})
    with pytest.raises(ContentError, match=r"acts\.yaml:\d+: .*unknown placeholder \{cultur\}; did you mean culture"):
        load_simulator_content(files | {acts: files[acts].replace("{culture}", "{cultur}")})
    with pytest.raises(ContentError, match=r"matter-1\.yaml:\d+: not YAML"):
        load_simulator_content(files | {path: "a: [1\nb: 2"})
    with pytest.raises(ContentError, match=r"acts\.yaml"):
        load_simulator_content({})
    with pytest.raises(ContentError, match=r"norms\.jsonl:1: "):
        load_simulator_content(files | {"scenarios/norms.jsonl": "{}"})


# ---------------------------------------------------------------- what a reader would stumble over


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("the platform of a small station", "on"),
        ("a city bus in Chicago", "on"),
        ("a carriage of the high-speed train", "in"),
        ("a bus stop in Los Angeles", "at"),
        ("a third-floor flat in Hanover", "in"),
        ("a maize farm in the hills", "on"),
    ],
)
def test_a_place_takes_its_own_preposition(place: str, expected: str) -> None:
    assert preposition(place, "at" if expected != "at" else "in") == expected


def test_a_part_of_a_place_stands_for_the_whole_and_a_ride_for_a_ride() -> None:
    assert whole("the back porch of a house in Baton Rouge") == "a house in Baton Rouge"
    assert whole("the accounts office of a textile firm") == "the accounts office of a textile firm"
    places = ["a bus stop in Leipzig", "a train between Ulm and Augsburg", "the main station in Hanover"]
    for number in range(5):
        assert nearest("a late commuter train out of Liverpool", places, Rng(number)) == places[1]
        assert nearest("the bus terminus in Stirling", places, Rng(number)) != places[1]


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
        reasons = [intent.intent.rpartition(", ")[2] for intent in intents if intent.relevance == "cultural"]
        assert len(reasons) == len(set(reasons))


def test_reasons_are_only_given_where_the_scores_bear_them_out(cultures: dict[str, Culture]) -> None:
    true = {
        name: {why for why in WHY if driver_applies(why, culture_traits(culture))} for name, culture in cultures.items()
    }
    assert {"harmony", "uncertainty", "hierarchy"} <= true["japan"]
    assert {"relation", "harmony", "candour"} & true["germany"] == {"candour"}
    assert {"hierarchy", "age", "harmony", "silence", "relation"}.isdisjoint(true["usa"])
    assert {"hierarchy", "relation", "group"} <= true["china"]


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

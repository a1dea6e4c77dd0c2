"""Each flaw as it is planted, and what stays as it was."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy")

from clca.content.lookup import Content
from clca.generation.prepared import ASSISTANT_LINES, load_sound
from clca.quality.audit.flaws import FLAWS, POSITIONED, Host, Position, plant
from clca.quality.audit.items import Source, make_items, without_place
from clca.records import Turn
from clca.seeding import Rng
from tests.quality.audit.material import EMI, KEN, LINES, chat

OTHER = tuple(f"About the film number {number}, {word} I say." for number, word in enumerate("abcdefghij"))
HOST = Host(chat(1), (chat(2, OTHER),))


def planted(flaw: str, position: Position = "", host: Host = HOST) -> tuple[Turn, ...]:
    turns = plant(flaw, host, position, Rng(1, flaw))
    assert turns is not None
    return turns


def changed(turns: tuple[Turn, ...]) -> list[int]:
    return [index for index, (old, new) in enumerate(zip(HOST.turns, turns, strict=False)) if old != new]


def test_the_stretches_do_not_overlap_and_do_not_leave_the_dialogue() -> None:
    for turns in range(7, 40):
        host = Host(chat(1, tuple("x" * turns)), ())
        early, late = host.stretch("early"), host.stretch("late")
        assert (early.start, late.stop) == (3, turns)
        assert len(early) == len(late) == max(2, turns // 3)
        assert early.stop <= late.start


def test_a_repetition_says_again_what_its_speaker_said_before() -> None:
    for position, stretch in (("early", [3, 4, 5]), ("late", [7, 8, 9])):
        turns = planted("repetition", position)  # type: ignore[arg-type]
        assert changed(turns) == stretch
        for index in stretch:
            earlier = [turn.text for turn in turns[:index] if turn.speaker == turns[index].speaker]
            assert any(turns[index].text[:-1].lower().endswith(text[:-1].lower()) for text in earlier)


def test_another_setting_is_talked_of_by_the_same_people() -> None:
    turns = planted("other-setting", "late")
    assert changed(turns) == [7, 8, 9]
    assert [turn.text for turn in turns[7:]] == [OTHER[3], OTHER[2], OTHER[5]]  # Ken speaks at 7 and 9
    assert [turn.speaker for turn in turns] == [turn.speaker for turn in HOST.turns]
    assert plant("other-setting", Host(chat(1), ()), "late", Rng(1)) is None


def test_one_side_refuses_as_a_model_would() -> None:
    turns = planted("refusal", "early")
    own = {turns[index].speaker for index in changed(turns)}
    assert len(own) == 1
    assert all(turns[index].text in ASSISTANT_LINES for index in changed(turns))


def test_speakers_are_swapped_from_the_third_turn_on() -> None:
    turns = planted("swapped-speakers")
    assert [turn.speaker for turn in turns[:4]] == [EMI, KEN, KEN, EMI]
    assert [turn.text for turn in turns] == [turn.text for turn in HOST.turns]


def test_a_secret_and_a_goal_are_told_as_they_stand() -> None:
    turns = planted("secret", "early")
    (index,) = changed(turns)  # Ken has no secret
    assert (index, turns[index].text) == (4, f"{HOST.turns[4].text} I will tell you my secret: She broke the board.")
    told = planted("goal", "late")
    (index,) = changed(told)
    person = HOST.dialogue.scenario.participants[told[index].speaker == KEN]
    assert told[index].text.endswith(f"I will tell you my goal in this conversation: {person.goal}.")
    nobody = chat(1, scenario={"participants": tuple(each.model_copy(update={"secret": ""}) for each in people())})
    assert plant("secret", Host(nobody, ()), "early", Rng(1)) is None


def people() -> tuple[object, ...]:
    return chat(1).scenario.participants  # type: ignore[return-value]


def test_a_truncated_dialogue_ends_at_its_middle_within_a_sentence() -> None:
    turns = planted("truncated")
    assert len(turns) == 5
    assert turns[:4] == HOST.turns[:4]
    assert turns[4].text == "It leans over my roses, and"  # six of twelve words


def test_a_short_dialogue_gets_no_flaw() -> None:
    short = Host(chat(1, LINES[:6]), (chat(2),))
    assert [plant(flaw, short, "early", Rng(1)) for flaw in FLAWS] == [None] * len(FLAWS)


def test_items_of_a_source_differ_in_one_thing_only(content: Content) -> None:
    sources = [Source(f"japan/one/{n}", chat(n)) for n in range(3)]
    items = make_items(sources, load_sound(content), tuple(FLAWS), {"japan": ["mexico"]}, 1)
    own = [item for item in items if item.source == sources[0].name]
    assert len({item.id for item in items}) == len(items)
    assert sorted(item.kind for item in own if item.measured) == sorted(["kept", *FLAWS])
    for flaw in POSITIONED:
        pair = [item for item in own if item.kind == flaw and not item.padded]
        assert sorted(item.position for item in pair) == ["early", "late"]
        assert [item.measured for item in pair] == [True, False]
    assert {item.culture for item in own if item.kind == "other-culture"} == {"mexico"}
    padded = [item for item in own if item.padded]
    assert [item.kind == "kept" for item in padded] == [True, False]
    for item in padded:
        (plain,) = [other for other in own if item.id == f"padded/{other.id}"]
        assert len(item.turns) == len(plain.turns)
        assert all(new.text.startswith(old.text) for new, old in zip(item.turns, plain.turns, strict=True))
        assert item.turns != plain.turns
    assert sum(item.kind == "prepared" for item in items) == 3
    assert without_place(items, 3, tuple(FLAWS)) == {}
    assert make_items(sources, load_sound(content), tuple(FLAWS), {"japan": ["mexico"]}, 1) == items
    other = make_items(sources, load_sound(content), tuple(FLAWS), {"japan": ["mexico"]}, 2)
    assert other != items

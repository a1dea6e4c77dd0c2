from __future__ import annotations

import json

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.culture.marks import CultureMarks
from clca.errors import ContentError
from clca.generation.prepared import (
    ANOTHER_CULTURE,
    ANOTHER_SCENE,
    BAD_KINDS,
    OTHER_MANNERS,
    PREPARED,
    REFUSALS,
    REPEATS,
    SOUND,
    Prepared,
    load_sound,
    prepare,
)
from tests.conftest import Overlay


def every(content: Content, kind: str) -> list[tuple[Prepared, Prepared]]:
    """The prepared dialogues of a kind, each with the sound one that it was made of."""
    dialogues = load_sound(content)
    return list(zip(prepare(dialogues, kinds=[SOUND]), prepare(dialogues, kinds=[kind]), strict=True))


def test_there_are_some_dozens_of_several_cultures(content: Content) -> None:
    dialogues = load_sound(content)
    assert len(dialogues) >= 24
    assert {"japan", "germany", "mexico"} <= {dialogue.culture for dialogue in dialogues}


def test_sound_dialogues_are_as_generation_makes_them(content: Content) -> None:
    """Their people speak in turn, the first one first."""
    for dialogue in load_sound(content):
        names = [person.name for person in dialogue.scenario.participants]
        assert [turn.speaker for turn in dialogue.turns] == [names[n % 2] for n in range(len(dialogue.turns))]


def test_a_few_of_each_kind_are_spread_over_the_cultures(content: Content) -> None:
    few = prepare(load_sound(content), 3)
    assert [dialogue.kind for dialogue in few] == [kind for kind in (SOUND, *BAD_KINDS) for _ in range(3)]
    assert len({dialogue.culture for dialogue in few[:3]}) == 3
    assert few == prepare(load_sound(content), 3)


def test_turns_of_another_scene_have_this_scenes_people(content: Content) -> None:
    for sound, bad in every(content, ANOTHER_SCENE):
        assert bad.scenario == sound.scenario
        assert {turn.speaker for turn in bad.turns} == {person.name for person in sound.scenario.participants}
        assert not {turn.text for turn in bad.turns} & {turn.text for turn in sound.turns}


def test_refusals_are_one_sides(content: Content) -> None:
    for sound, bad in every(content, REFUSALS):
        changed = [now for before, now in zip(sound.turns, bad.turns, strict=True) if before != now]
        assert len({turn.speaker for turn in changed}) == 1
        assert len(changed) >= 2


def test_repeats_begin_after_the_second_exchange(content: Content) -> None:
    for sound, bad in every(content, REPEATS):
        assert bad.turns[:4] == sound.turns[:4]
        assert all(any(turn.text[-20:] == early.text[-20:] for early in bad.turns[:4]) for turn in bad.turns[4:])


def test_other_manners_come_under_names_and_places_of_the_culture(
    content: Content, catalogue: CultureCatalogue
) -> None:
    marks = CultureMarks(catalogue)
    for sound, bad in every(content, OTHER_MANNERS):
        assert [person.name for person in bad.scenario.participants] == [
            person.name for person in sound.scenario.participants
        ]
        culture = catalogue.culture(bad.culture)
        assert marks.foreign(culture, [bad.scenario.setting]) == ()


def test_dialogues_of_another_culture_are_whole(content: Content) -> None:
    cultures = {dialogue.scenario.id: dialogue.culture for dialogue in load_sound(content)}
    for sound, bad in every(content, ANOTHER_CULTURE):
        assert bad.culture == sound.culture != cultures[bad.scenario.id]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:8], r"needs two cultures or more"),
        (lambda lines: [*lines, lines[0].replace('"speaker": "Tanaka', '"speaker": "Nobody')], r":25: turns: nobody"),
        (lambda lines: [lines[0].replace('"setting"', '"sitting"'), *lines[1:]], r":1: .*sitting"),
    ],
)
def test_broken_content_is_named(overlay: Overlay, content: Content, change: object, message: str) -> None:
    assert callable(change)
    lines = content.text(PREPARED).strip().split("\n")
    with pytest.raises(ContentError, match=message):
        load_sound(overlay({PREPARED: "\n".join(change(lines))}))


def test_the_file_holds_one_dialogue_a_line(content: Content) -> None:
    for line in content.text(PREPARED).strip().split("\n"):
        assert set(json.loads(line)) == {"culture", "family_first", "places", "scenario", "turns"}

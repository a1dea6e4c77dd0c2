"""Facts about a dialogue that code counts for its judge: the prompt gives them, the record keeps them.

faults
    The turns that break a rule of `turn_checks` (assistant talk, echoes, labels, repeats ...), with that rule.
scene words
    How many different content words (`clca.words`) of the scenario's texts occur in the turns, names left out.
foreign
    Names, cities and forms of address of other cultures (`culture.marks`) in the scenario and the turns. What a
    scenario from within the culture names itself, such as somebody who came from abroad, is at home there.
"""

from __future__ import annotations

from collections.abc import Sequence

from clca.culture.marks import CultureMarks
from clca.generation.turn_checks import check_turn
from clca.records import CountedFacts, Culture, Scenario, Turn, TurnFault
from clca.words import content_stems


def count_facts(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], marks: CultureMarks | None
) -> CountedFacts:
    """The facts about a dialogue; without `marks` no name counts as foreign."""
    faults = []
    for index, turn in enumerate(turns):
        side = 0 if turn.speaker == scenario.participants[0].name else 1
        mistake = check_turn(turns[: index + 1], scenario, side)
        if mistake is not None:
            faults.append(TurnFault(turn=index + 1, fault=mistake.name))
    scene = scenario.texts.values()
    spoken = [turn.text for turn in turns]
    names = [person.name for person in scenario.participants]
    shared = (content_stems(" ".join(scene)) & content_stems(" ".join(spoken))) - content_stems(" ".join(names))
    foreign = () if marks is None else marks.foreign(culture, [*scene, *spoken], names)
    if marks is not None and foreign and scenario.source.startswith("own:"):
        native = marks.foreign(culture, scene, names)
        foreign = tuple(mark for mark in foreign if mark not in native)
    return CountedFacts(faults=tuple(faults), scene_words=len(shared), foreign=foreign)

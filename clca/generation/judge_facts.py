"""Facts about a dialogue that code counts for its judge: the prompt gives them, the record keeps them.

faults
    The turns that break a rule of `turn_checks` (assistant talk, echoes, labels, repeats ...), with that rule.
scene words
    How many different content words of the scenario's texts occur in the turns: words of three letters or more that are
    no common English ones, without endings and names.
foreign
    Names, cities and forms of address of other cultures (`culture.marks`) in the scenario and the turns.
"""

from __future__ import annotations

from collections.abc import Sequence

from clca.culture.marks import CultureMarks
from clca.generation.degeneration import words_of
from clca.generation.turn_checks import check_turn
from clca.records import CountedFacts, Culture, Scenario, Turn, TurnFault

_COMMON = """
about after again ago all also always and another any anything are around ask away back bad because been before
being big bit but came can can't come could day did didn does doesn doing don't done down each else end even ever
every everything far few first for from get gets gives going gone good got had has hasn have haven having he's hear
help her here hers him himself his how i'd i'll i'm i've into isn't it'd it's its just keep knew know known knows
last late later least leave left let let's like little long look looked looking looks lot made make makes man many
may maybe mean meet men mine more morning most much must need needs never new next nobody not nothing now off old
once one only other our ours out over own people per perhaps please put quite rather really right said same say see
seen sees set she she's should since sit six some something sometimes soon sorry still such sure take taken takes
talk tell tells ten than thank thanks that that's the their them then there these they they're thing things think
this those though through time today together told tomorrow too try two under until use used very want wanted wants
was wasn't way week weeks well went were what when where whether which while who whole why will with without won't
word work works would year years yes yet you you'd you'll you're you've your yours yourself
"""
_COMMON_WORDS = frozenset(_COMMON.split())
_LEAST_LETTERS, _STEM = 3, 6


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
    scene = _scene_texts(scenario)
    spoken = [turn.text for turn in turns]
    names = [person.name for person in scenario.participants]
    shared = (_stems(scene) & _stems(spoken)) - _stems(names)
    foreign = () if marks is None else marks.foreign(culture, [*scene, *spoken], names)
    return CountedFacts(faults=tuple(faults), scene_words=len(shared), foreign=foreign)


def _scene_texts(scenario: Scenario) -> list[str]:
    people = scenario.participants
    return [scenario.setting] + [
        text for person in people for text in (person.occupation, person.background, person.goal, person.secret)
    ]


def _stems(texts: Sequence[str]) -> set[str]:
    words = {word for text in texts for word in words_of(text)}
    return {_stem(word) for word in words if len(word) >= _LEAST_LETTERS and word not in _COMMON_WORDS}


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("’s")
    return (word.removesuffix("s") if not word.endswith("ss") else word)[:_STEM]

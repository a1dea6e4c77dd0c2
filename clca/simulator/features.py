"""What can be seen in a dialogue by reading it: repetition, subject, manners.

Nothing here knows about plans or planted flaws; the judge works from this alone.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from clca.records import Scenario, Turn
from clca.simulator.content import SimulatorContent
from clca.simulator.content_schema import Topic
from clca.simulator.sentences import sentences, words

_COMMON = """
a about after again all also always am an and another any anybody anyone anything are aren't as at away back be
because been before being between both but by came can can't come could couldn't day days did didn't do does
doesn't doing don't done down each else end enough even ever every everybody everyone everything find first for
from get gets give go goes going gone good got had hadn't half hand hands happy has hasn't have haven't having
he he's hear her here hers herself him himself his home how i i'd i'll i'm i've if in into is isn't it it's its
itself just keep kind knew know last least left let let's like little long look looking lot made make makes many
may maybe me mean mind more morning most much must my myself need never new next no nobody not nothing now of
off old on once one only or other others our ourselves out over own people perhaps person place please put quite
rather really right said same say see set shall she she's should so some somebody somehow someone something
sometimes soon sorry still such sure take taken talk tell than thank thanks that that's the their them
themselves then there there's these they they're thing things think this those though thought three through time
to today together told tomorrow tonight too two under until up us used very want wanted was wasn't way we we'll
we're we've week weeks well went were weren't what what's when where whether which while who whole whom whose
why will with without won't word words work would wouldn't year years yes yet you you'd you'll you're you've
your yours yourself evening people's ask asked asking matter mention hope agree understand everybody's anyway
already whatever rest course question answer idea one two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen twenty thirty forty fifty hundred thousand o'clock line's
"""
STOP = frozenset(_COMMON.split())
NEAR = 0.66
"""Token overlap from which two sentences count as nearly the same."""


def stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("’s")
    for end in ("ing", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word


def content_stems(text: str) -> set[str]:
    """The stems that carry what a text is about."""
    return {stem(word) for word in words(text) if word not in STOP and len(word) > 2}


@dataclass(frozen=True, slots=True)
class Repetition:
    """How much of the last part of a talk was said before; `quote` is the plainest case."""

    share: float
    pairs: int
    quote: str


def repetition(turns: tuple[Turn, ...]) -> Repetition:
    """Sentences of the second half that nearly repeat an earlier one, by token overlap."""
    said: list[tuple[int, str, set[str]]] = []
    for at, turn in enumerate(turns):
        if turn.action == "non-verbal":
            continue
        said.extend((at, sentence, set(words(sentence))) for sentence in sentences(turn.text))
    said = [item for item in said if len(item[2]) >= 4]
    late = [item for item in said if item[0] >= len(turns) // 2]
    if not late:
        return Repetition(0.0, 0, "")
    hits, best, quote = 0, 0.0, ""
    for number, (at, sentence, tokens) in enumerate(said):
        if at < len(turns) // 2:
            continue
        top = max((_alike(tokens, earlier) for _, _, earlier in said[:number]), default=0.0)
        if top >= NEAR:
            hits += 1
            if top > best:
                best, quote = top, sentence
    return Repetition(hits / len(late), hits, quote)


def _alike(one: set[str], two: set[str]) -> float:
    shared = len(one & two)
    return max(shared / len(one | two), 0.9 * shared / min(len(one), len(two)) if min(len(one), len(two)) >= 6 else 0.0)


class TopicVocabulary:
    """Which of the known matters a stretch of talk is about, by its rarer words."""

    def __init__(self, content: SimulatorContent) -> None:
        self._of = {name: self._vocabulary(topic) for name, topic in content.topics.items()}
        counts = Counter(word for vocabulary in self._of.values() for word in vocabulary)
        most = max(1, len(self._of))
        self._weight = {word: math.log(1 + most / count) for word, count in counts.items()}
        self._default = math.log(1 + most)
        self._where: dict[str, list[str]] = {}
        for name, vocabulary in self._of.items():
            for word in vocabulary:
                self._where.setdefault(word, []).append(name)

    @staticmethod
    def _vocabulary(topic: Topic) -> frozenset[str]:
        return frozenset(word for line in topic.lines() for word in content_stems(line))

    def weigh(self, found: Iterable[str]) -> float:
        return math.fsum(self._weight.get(word, self._default * 0.6) for word in found)  # the same in any order

    def own(self, scenario: Scenario, topic: Topic | None) -> set[str]:
        """The words that belong to a scenario: its setting, its people, its matter."""
        texts = [scenario.setting]
        for person in scenario.participants:
            texts += [person.occupation, person.background, person.goal, person.secret]
        known = content_stems(" ".join(texts))
        return known | (set(self._vocabulary(topic)) if topic is not None else set())

    def stranger(self, found: set[str], own: set[str], scenario_id: str) -> tuple[str, float, list[str]]:
        """The other matter that the words fit best: its id, its weight beyond what is our own, the telling words."""
        scores: dict[str, float] = {}
        for word in sorted(found - own):
            for name in self._where.get(word, ()):
                if name != scenario_id:
                    scores[name] = scores.get(name, 0.0) + self._weight[word]
        if not scores:
            return "", 0.0, []
        best = max(sorted(scores), key=lambda name: scores[name])
        telling = sorted(
            (word for word in found - own if word in self._of[best]), key=lambda word: (-self._weight[word], word)
        )
        return best, scores[best], telling


def foreign(turn: Turn, usual: frozenset[str]) -> bool:
    """A turn that is not in English: another script, or hardly a common English word in it."""
    letters = [letter for letter in turn.text if letter.isalpha()]
    if len(letters) < 20:
        return False
    other = sum(1 for letter in letters if not unicodedata.name(letter, "").startswith("LATIN"))
    if other > len(letters) * 0.3:
        return True
    found = words(turn.text)
    return len(found) >= 10 and sum(1 for word in found if word in usual) < len(found) * 0.12


def cues_in(text: str, cues: Iterable[str]) -> list[str]:
    """The cues that occur in a text as whole words."""
    padded = f" {' '.join(words(text))} "
    return [cue for cue in cues if f" {' '.join(words(cue))} " in padded]

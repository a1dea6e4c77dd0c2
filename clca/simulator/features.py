"""Features of a text or dialogue that can be read off it: repetition, vocabulary, language, manners.

Nothing here knows about plans or planted flaws; the simulated judge works from this alone.
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
STOP_WORDS = frozenset(_COMMON.split())
NEAR_DUPLICATE = 0.66
"""Token overlap from which two sentences count as nearly the same."""


def stem(word: str) -> str:
    """The word without a possessive, a plural or a verb ending, by suffix alone."""
    word = word.removesuffix("'s").removesuffix("’s")
    for suffix in ("ing", "ed", "es", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def content_stems(text: str) -> set[str]:
    """The stems of the words that are no stop words."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 2}


def words_with_stems(stems: Iterable[str], texts: list[str]) -> list[str]:
    """For each stem the first word of the texts that begins with it, in lower case; stems without one are left out."""
    spelled = [raw.strip(".,!?;:“”\"'’()…").lower() for text in texts for raw in text.split()]
    matches = (next((word for word in spelled if word.startswith(stem)), None) for stem in stems)
    return [word for word in matches if word is not None]


@dataclass(frozen=True, slots=True)
class Repetition:
    """How much of the second half repeats something earlier.

    `share` is the share of its sentences (0 to 1), `pairs` their number, `quote` the closest repetition.
    """

    share: float
    pairs: int
    quote: str


def repetition(turns: tuple[Turn, ...]) -> Repetition:
    """How far sentences of four words or more in the second half nearly repeat an earlier one, by token overlap."""
    spoken = [
        (index, sentence, set(words(sentence)))
        for index, turn in enumerate(turns)
        if turn.action != "non-verbal"
        for sentence in sentences(turn.text)
    ]
    spoken = [entry for entry in spoken if len(entry[2]) >= 4]
    half = len(turns) // 2
    late = sum(index >= half for index, _, _ in spoken)
    if not late:
        return Repetition(0.0, 0, "")
    pairs, closest, quote = 0, 0.0, ""
    for position, (index, sentence, tokens) in enumerate(spoken):
        if index < half:
            continue
        overlap = max((_overlap(tokens, earlier) for _, _, earlier in spoken[:position]), default=0.0)
        if overlap >= NEAR_DUPLICATE:
            pairs += 1
            if overlap > closest:
                closest, quote = overlap, sentence
    return Repetition(pairs / late, pairs, quote)


def _overlap(first: set[str], second: set[str]) -> float:
    """The Jaccard index, or 0.9 of the containment where both sentences are long and that is more."""
    shared, shorter = len(first & second), min(len(first), len(second))
    return max(shared / len(first | second), 0.9 * shared / shorter if shorter >= 6 else 0.0)


class TopicVocabulary:
    """Tells which of the known topics a stretch of talk is about, by its rarer words."""

    def __init__(self, content: SimulatorContent) -> None:
        self._stems = {topic_id: _topic_stems(topic) for topic_id, topic in content.topics.items()}
        topic_counts = Counter(stem for stems in self._stems.values() for stem in stems)
        topics = max(1, len(self._stems))
        self._weights = {stem: math.log(1 + topics / count) for stem, count in topic_counts.items()}
        self._unknown_weight = 0.6 * math.log(1 + topics)
        self._topics_with: dict[str, list[str]] = {}
        for topic_id, stems in self._stems.items():
            for stem in stems:
                self._topics_with.setdefault(stem, []).append(topic_id)

    def weigh(self, stems: Iterable[str]) -> float:
        """The sum of the stems' weights (the rarer among topics, the heavier), the same in any order."""
        return math.fsum(self._weights.get(stem, self._unknown_weight) for stem in stems)

    def own(self, scenario: Scenario, topic: Topic) -> set[str]:
        """The stems that belong to a scenario: of its setting, its people and its topic."""
        texts = [scenario.setting]
        for person in scenario.participants:
            texts += [person.occupation, person.background, person.goal, person.secret]
        return content_stems(" ".join(texts)) | _topic_stems(topic)

    def best_other_topic(self, stems: set[str], own: set[str], scenario_id: str) -> tuple[float, list[str]]:
        """The weight of the foreign topic that fits best the stems outside `own`, and its stems, heaviest first."""
        scores: dict[str, float] = {}
        for stem in sorted(stems - own):
            for topic_id in self._topics_with.get(stem, ()):
                if topic_id != scenario_id:
                    scores[topic_id] = scores.get(topic_id, 0.0) + self._weights[stem]
        if not scores:
            return 0.0, []
        best = max(sorted(scores), key=lambda topic_id: scores[topic_id])
        telling = (stems - own) & self._stems[best]
        return scores[best], sorted(telling, key=lambda stem: (-self._weights[stem], stem))


def _topic_stems(topic: Topic) -> frozenset[str]:
    return frozenset(stem for line in topic.lines() for stem in content_stems(line))


def is_foreign(text: str) -> bool:
    """Whether a text of 20 letters or more is not in English: another script, or hardly a common English word."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) < 20:
        return False
    other_script = sum(1 for letter in letters if not unicodedata.name(letter, "").startswith("LATIN"))
    if other_script > len(letters) * 0.3:
        return True
    tokens = words(text)
    return len(tokens) >= 10 and sum(token in STOP_WORDS for token in tokens) < len(tokens) * 0.12


def cues_in(text: str, cues: Iterable[str]) -> list[str]:
    """The cues that occur in a text as whole words."""
    padded = f" {' '.join(words(text))} "
    return [cue for cue in cues if f" {' '.join(words(cue))} " in padded]

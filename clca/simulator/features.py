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
from clca.simulator.sentences import sentences
from clca.words import STOP_WORDS, content_stems, words

NEAR_DUPLICATE = 0.66
"""Token overlap from which two sentences count as nearly the same."""


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
        return content_stems(" ".join(scenario.texts.values())) | _topic_stems(topic)

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

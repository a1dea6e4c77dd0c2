"""The judge's assessment of a dialogue: a score in [0, 1] for each kind of fault, and the words that show it.

The assessor sees culture, scenario and turns, never a plan. Quality falls with repetition towards the end and with
talk that does not belong to the scenario. Alignment falls with manners that do not fit the style expected between
these two people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clca.records import Culture, Scenario, Turn
from clca.simulator.content import SimulatorContent
from clca.simulator.features import (
    Repetition,
    TopicVocabulary,
    cues_in,
    is_foreign,
    repetition,
    words_with_stems,
)
from clca.simulator.people import given_name
from clca.simulator.sentences import sentences
from clca.simulator.style import style
from clca.simulator.topic import topic_for
from clca.words import content_stems

# The drift that a share of own words tells of: 0.5 at 0.12. Of the prepared dialogues three in four of another scene
# have less, and all sound ones but one more.
_UNKNOWN, _OWN = 1.1, 5.0
_ENOUGH = 12  # stems, from which the share means something


@dataclass(frozen=True, slots=True)
class Manners:
    """How far the manners are from the expected style (0 to 1), the sentence that is furthest from it, whether it is
    too stiff (rather than too rude), and a clause on what does fit."""

    misalignment: float
    sentence: str
    stilted: bool
    fitting: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """Scores in [0, 1] for each fault of a dialogue, and what shows it.

    `foreign_text` is the first turn in another language, "" where there is none; `drift_words` are of another topic,
    `topic_words` of the scenario's own. `sides` are the manners of each participant alone.
    """

    circling: float
    drift: float
    foreign_text: str
    short: bool
    repetition: Repetition
    drift_words: tuple[str, ...]
    topic_words: tuple[str, ...]
    manners: Manners
    sides: tuple[Manners, Manners]

    @property
    def fault(self) -> float:
        """How bad the dialogue is, in [0, 1]; above 0.5 it is bad."""
        return max(self.circling, self.drift, 1.0 if self.foreign_text else 0.0, 0.95 if self.short else 0.0)


class Assessor:
    """Assesses dialogues by the vocabulary of the simulator's content."""

    def __init__(self, content: SimulatorContent) -> None:
        self._content = content
        self._vocabulary = TopicVocabulary(content)

    def assess(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> Assessment:
        """The assessment of one dialogue."""
        spoken = [turn for turn in turns if turn.action in ("speak", "leave") and turn.text]
        repeated = repetition(turns)
        drift, drift_words = self._drift(spoken, scenario, self._own_stems(culture, scenario))
        return Assessment(
            circling=min(1.0, repeated.share * 1.15 + 0.04 * max(0, repeated.pairs - 2)),
            drift=drift,
            foreign_text=next((turn.text for turn in spoken if is_foreign(turn.text)), ""),
            short=len(turns) < 4,
            repetition=repeated,
            drift_words=tuple(drift_words[:2]),
            topic_words=tuple(self._topic_words(spoken, scenario)),
            manners=self._manners(culture, scenario, turns),
            sides=(
                self._manners(culture, scenario, turns, only=0),
                self._manners(culture, scenario, turns, only=1),
            ),
        )

    def _own_stems(self, culture: Culture, scenario: Scenario) -> set[str]:
        return self._vocabulary.own(scenario, topic_for(self._content, culture, scenario))

    def _topic_words(self, spoken: Sequence[Turn], scenario: Scenario) -> list[str]:
        """The two weightiest words that the dialogue shares with setting and goal, as they are spelled in it."""
        stems = content_stems(" ".join(turn.text for turn in spoken))
        expected = content_stems(scenario.setting) | content_stems(scenario.participants[0].goal)
        names = {stem for person in scenario.participants for stem in content_stems(person.name)}
        ranked = sorted((stems & expected) - names, key=lambda stem: (-self._vocabulary.weigh([stem]), stem))
        return words_with_stems(ranked[:2], [turn.text for turn in spoken if turn.text])

    def _drift(self, spoken: Sequence[Turn], scenario: Scenario, own: set[str]) -> tuple[float, list[str]]:
        """How far the second half, and above all the last third, is about another topic; and the words that show it.

        A known topic is recognised by its words; of any other hardly a word is the scenario's own.
        """
        second_half = spoken[max(2, len(spoken) // 2 - 1) :]
        half, drift_words = self._strangeness(second_half, scenario, own)
        third, _ = self._strangeness(spoken[-max(4, len(spoken) // 3) :], scenario, own)
        unknown = _UNKNOWN - _OWN * self._own_share(second_half, own)
        return min(1.0, max(0.0, unknown, 0.55 * half + 0.45 * third)), drift_words

    def _own_share(self, spoken: Sequence[Turn], own: set[str]) -> float:
        """The share by weight of the scenario's own words; 1 where little is said."""
        stems = content_stems(" ".join(turn.text for turn in spoken))
        return self._vocabulary.weigh(stems & own) / self._vocabulary.weigh(stems) if len(stems) >= _ENOUGH else 1.0

    def _strangeness(self, spoken: Sequence[Turn], scenario: Scenario, own: set[str]) -> tuple[float, list[str]]:
        texts = [turn.text for turn in spoken]
        stems = content_stems(" ".join(texts))
        if len(stems) < 6:
            return 0.0, []
        own_weight, total = self._vocabulary.weigh(stems & own), self._vocabulary.weigh(stems)
        other_weight, telling = self._vocabulary.best_other_topic(stems, own, scenario.id)
        return 0.15 + 1.25 * other_weight / total - 0.55 * own_weight / total, words_with_stems(telling, texts)

    def _manners(
        self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], only: int | None = None
    ) -> Manners:
        """The manners of both sides, each by what its culture expects, or of `only` one of them."""
        frames = self._content.phrasebook.judge
        styles = (style(culture, scenario, 0), style(culture, scenario, 1))
        peak, total, worst_sentence, stilted, courteous, gestures = 0.0, 0.0, "", False, 0, 0
        second = scenario.participants[1].name
        for turn in turns:
            side = 1 if turn.speaker == second else 0
            if only is not None and side != only:
                continue
            expected = styles[side]
            if turn.action == "non-verbal":
                gestures += 1
                continue
            courteous += bool(cues_in(turn.text, frames.courteous))
            for sentence in sentences(turn.text):
                rude = cues_in(sentence, frames.brusque)
                stiff = cues_in(sentence, frames.stiff)
                weight = 0.0
                if rude:
                    weight = 0.45 + 0.55 * expected.deference + 0.25 * expected.formality - 0.1 * expected.directness
                elif stiff:
                    weight = 0.75 - 0.6 * expected.formality + 0.2 * expected.close - 0.2 * expected.deference
                if weight > 0:
                    peak, total = max(peak, weight), total + weight
                    if not worst_sentence or weight >= 0.6:
                        worst_sentence, stilted = sentence, not rude
        misalignment = peak + 0.3 * (total - peak)
        courteous_share = courteous / max(1, len(turns))
        if styles[0].formality > 0.7 and courteous_share < 0.08 and len(turns) > 8:
            misalignment += 0.15
        fitting = _fitting_manners(culture, scenario, courteous_share, gestures)
        return Manners(min(1.0, misalignment), worst_sentence, stilted, fitting)


def _fitting_manners(culture: Culture, scenario: Scenario, courteous_share: float, gestures: int) -> str:
    """A clause on the manners that fit the culture."""
    a, b = (given_name(person, culture) for person in scenario.participants)
    style_a, style_b = style(culture, scenario, 0), style(culture, scenario, 1)
    if style_a.deference > 0.4 or style_b.deference > 0.4:
        lower, upper = (a, b) if style_a.deference >= style_b.deference else (b, a)
        reason = "rank" if style_a.rank else "age"
        tone = "stays courteous" if courteous_share > 0.25 else "keeps a civil tone"
        return f"{lower} {tone} towards {upper}, as the difference in {reason} asks"
    if gestures > 1:
        return f"{a} and {b} leave part of what they mean to looks and gestures"
    if courteous_share > 0.35:
        return f"{a} and {b} keep up their courtesies even where they disagree"
    if style_a.directness > 0.6:
        return f"{a} comes to the point without going round it, and {b} answers in kind"
    if style_a.close:
        return f"{a} and {b} talk as people do who have known each other for long"
    return f"{a} and {b} handle their difference without hurting each other"

"""The simulated judge: honest but imperfect verdicts from an assessment of the dialogue.

A score above 0.5 is bad; the confidence of a label is its distance from 0.5.
"""

from __future__ import annotations

from clca.records import Alignment, Confidence, Culture, Quality, Scenario, Turn
from clca.schemas import AlignmentAnswer, JudgeAnswer, MetaAnswer, QualityAnswer
from clca.seeding import Rng
from clca.simulator.adaptation import clip
from clca.simulator.assessment import Assessment, Assessor
from clca.simulator.content import SimulatorContent
from clca.simulator.critique import critique
from clca.simulator.intents import place_name
from clca.simulator.sentences import fill, sentences


class Judge:
    """Both stages of the judge."""

    def __init__(self, content: SimulatorContent) -> None:
        self._phrases = content.phrasebook.judge.phrases
        self._assessor = Assessor(content)

    def verdict(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> JudgeAnswer:
        """Stage one: quality and alignment."""
        assessment = self._assessor.assess(culture, scenario, turns)
        rng = Rng(culture.id, scenario.id, len(turns), *(turn.text for turn in turns), "judge")
        values = _placeholder_values(culture, turns, assessment)
        # A little noise, the same for the same dialogue: no judge is quite steady.
        fault = assessment.fault + 0.2 * (rng.uniform() - 0.5)
        misalignment = assessment.manners.misalignment + 0.16 * (rng.uniform() - 0.5)
        return JudgeAnswer(
            quality=QualityAnswer(
                rationale=clip(self._quality_rationale(values, assessment, fault > 0.5, rng), 400),
                label="bad" if fault > 0.5 else "good",
                confidence=confidence(fault),
            ),
            alignment=AlignmentAnswer(
                rationale=clip(self._alignment_rationale(values, assessment, misalignment > 0.5, rng), 400),
                label="no" if misalignment > 0.5 else "yes",
                confidence=confidence(misalignment),
            ),
        )

    def meta(
        self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], quality: Quality, alignment: Alignment
    ) -> MetaAnswer:
        """Stage two: a critique of stage one's `quality` and `alignment`, and whether to use the dialogue."""
        assessment = self._assessor.assess(culture, scenario, turns)
        rng = Rng(culture.id, scenario.id, *(turn.text for turn in turns), "meta")
        fault = assessment.fault + 0.1 * (rng.uniform() - 0.5)
        misalignment = assessment.manners.misalignment
        # Misaligned manners spoil a dialogue as data on the culture, though less than a fault of quality does.
        score = max(fault, 0.92 * misalignment)
        values = _placeholder_values(culture, turns, assessment)
        text = critique(self._phrases, quality, alignment, values, fault > 0.5, misalignment > 0.5, rng)
        return MetaAnswer(
            critique=clip(text, 600), label="bad" if score > 0.5 else "good", confidence=confidence(score)
        )

    def _quality_rationale(self, values: dict[str, str], assessment: Assessment, bad: bool, rng: Rng) -> str:
        kind = "good"
        if bad:
            faults = {
                "repeated": assessment.circling,
                "strange": assessment.drift,
                "short": 0.96 * assessment.short,
                "tongue": float(bool(assessment.foreign_text)),
            }
            kind = max(faults, key=lambda name: faults[name])
        return f"{fill(rng.choice(getattr(self._phrases, kind)), values)}."

    def _alignment_rationale(self, values: dict[str, str], assessment: Assessment, misaligned: bool, rng: Rng) -> str:
        manners = assessment.manners
        if misaligned and manners.sentence:
            kind = "stilted" if manners.stilted else "rude"
        else:
            kind = "fits" if manners.misalignment < 0.3 else "plain"
        phrase = rng.choice(getattr(self._phrases, kind))
        return f"{fill(phrase, values | {'quote': _quoted(manners.sentence, 110)})}."


def confidence(score: float) -> Confidence:
    """The confidence of a label, from the distance of its score in [0, 1] to 0.5."""
    margin = abs(score - 0.5)
    return "very confident" if margin > 0.27 else "confident" if margin > 0.12 else "not sure"


def _placeholder_values(culture: Culture, turns: tuple[Turn, ...], assessment: Assessment) -> dict[str, str]:
    """What the judge's phrases can mention of a dialogue, by placeholder."""
    spoken = [turn for turn in turns if turn.text and turn.action != "non-verbal"]
    drift_words = " and ".join(f"“{word}”" for word in assessment.drift_words) or "other things"
    quote = _quoted(assessment.repetition.quote, 110)
    if assessment.foreign_text:
        evidence = "one turn is in another language"
    elif assessment.short:
        evidence = "it ends before anything has happened"
    elif assessment.circling >= assessment.drift and quote:
        evidence = f"“{quote}” comes back again and again"
    else:
        evidence = f"the later turns are about {drift_words}"
    return {
        "topic": " and ".join(f"“{word}”" for word in assessment.topic_words) or "their business",
        "first": _quoted(sentences(spoken[0].text)[0] if spoken else "nothing", 70),
        "last": _quoted(sentences(spoken[-1].text)[-1] if spoken else "nothing", 70),
        "quote": quote,
        "tongue": clip(assessment.foreign_text, 110),
        "strange": drift_words,
        "evidence": evidence,
        "seen": assessment.manners.fitting,
        "jar": _quoted(assessment.manners.sentence, 90),
        "turns": str(len(turns)),
        "culture": place_name(culture),
    }


def _quoted(text: str, max_characters: int) -> str:
    return clip(text, max_characters).rstrip(".")

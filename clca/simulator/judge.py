"""The simulated judge: honest but imperfect verdicts from an assessment of the dialogue.

A score above 0.5 is bad; the confidence of a label is its distance from 0.5.
"""

from __future__ import annotations

from typing import Literal

from clca.records import Alignment, Confidence, Culture, Quality, Scenario, Turn
from clca.schemas import JudgeAnswer, MetaAnswer, MetaViewAnswer, PairJudgeAnswer, RateSecretAnswer
from clca.seeding import Rng
from clca.simulator.adaptation import clip
from clca.simulator.assessment import Assessment, Assessor, Manners
from clca.simulator.content import SimulatorContent
from clca.simulator.critique import critique
from clca.simulator.intents import place_name
from clca.simulator.sentences import fill, sentences
from clca.words import content_stems, upper_first


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
        flaw = _worst_flaw(assessment) if fault > 0.5 else None
        worst_line = _line_of(turns, assessment.foreign_text) if flaw == "tongue" else 0
        answer = JudgeAnswer(
            subject=clip(values["topic"], 160),
            fits_scene="no" if flaw == "strange" else "yes",
            repetition="much" if flaw == "repeated" else "none",
            worst_line=worst_line or (len(turns) if flaw == "short" else 0),
            fault="serious" if flaw in ("tongue", "short") else "none",
            quality=clip(self._quality_rationale(values, flaw, rng), 300),
            quality_confidence=confidence(fault),
            culture=_fit(misalignment),
            alignment=clip(self._alignment_rationale(values, assessment.manners, misalignment > 0.5, rng), 300),
            alignment_confidence=confidence(misalignment),
        )
        return answer if culture.guest is None else self._of_each(answer, culture, values, assessment, rng)

    def _of_each(
        self, answer: JudgeAnswer, culture: Culture, values: dict[str, str], assessment: Assessment, rng: Rng
    ) -> PairJudgeAnswer:
        """The answer with an alignment of each side, by the manners that its own culture expects."""
        fields = answer.model_dump()
        for side, manners in enumerate(assessment.sides):
            score = manners.misalignment + 0.16 * (rng.uniform() - 0.5)
            told = values | {"seen": manners.fitting, "culture": place_name(culture.of_side(side))}
            rationale = clip(self._alignment_rationale(told, manners, score > 0.5, rng), 300)
            keys = [f"{'second_' * side}{key}" for key in ("culture", "alignment", "alignment_confidence")]
            fields |= dict(zip(keys, (_fit(score), rationale, confidence(score)), strict=True))
        return PairJudgeAnswer(**fields)

    def meta_view(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> MetaViewAnswer:
        """Stage two before it is told the verdict of stage one."""
        assessment, score = self._meta_score(culture, scenario, turns)
        values = _placeholder_values(culture, turns, assessment)
        reason = clip(upper_first(values["evidence" if score > 0.5 else "seen"]), 300)
        return MetaViewAnswer(reason=reason, label="bad" if score > 0.5 else "good", confidence=confidence(score))

    def meta(
        self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], quality: Quality, alignment: Alignment
    ) -> MetaAnswer:
        """Stage two: a critique of stage one's `quality` and `alignment`, and whether to use the dialogue."""
        assessment, score = self._meta_score(culture, scenario, turns)
        rng = Rng(culture.id, scenario.id, *(turn.text for turn in turns), "critique")
        bad, misaligned = assessment.fault > 0.5, assessment.manners.misalignment > 0.5
        values = _placeholder_values(culture, turns, assessment)
        text = critique(self._phrases, quality, alignment, values, bad, misaligned, rng)
        return MetaAnswer(
            critique=clip(text, 600), label="bad" if score > 0.5 else "good", confidence=confidence(score)
        )

    def rate(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> RateSecretAnswer:
        """Ratings from the assessment. Those of goals are drawn: it does not tell whose is reached."""
        assessment = self._assessor.assess(culture, scenario, turns)
        rng = Rng(culture.id, scenario.id, *(turn.text for turn in turns), "rate")
        values = _placeholder_values(culture, turns, assessment)
        fault, misalignment = assessment.fault, assessment.manners.misalignment
        shown = clip(upper_first(values["evidence" if fault > 0.5 else "seen"]), 200)
        manners = clip(upper_first(values["jar"] if misalignment > 0.5 else values["seen"]), 200)
        # Nobody tells the assessor whose goal is reached: of a sound talk both are, more or less.
        goals = [_ten((1 - fault) * (0.35 + 0.6 * rng.uniform())) for _ in scenario.participants]
        told = _told_share(scenario, turns)
        return RateSecretAnswer(
            first_goal_why=clip(f"The talk ends with: {values['last']}", 200),
            first_goal=goals[0],
            second_goal_why=clip(f"The talk ends with: {values['last']}", 200),
            second_goal=goals[1],
            believability_why=shown,
            believability=_ten(1 - fault),
            relationship_why=manners,
            relationship=_ten(0.75 - 0.7 * misalignment),
            social_rules_why=manners,
            social_rules=_ten(1 - misalignment),
            secret_why="Its words come up in the talk." if told > 0.5 else "Nothing of it comes up.",
            secret=_ten(1 - told),
        )

    def _meta_score(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> tuple[Assessment, float]:
        """The assessment, and how bad the dialogue is as data on the culture, in [0, 1]."""
        assessment = self._assessor.assess(culture, scenario, turns)
        rng = Rng(culture.id, scenario.id, *(turn.text for turn in turns), "meta")
        fault = assessment.fault + 0.1 * (rng.uniform() - 0.5)
        # Misaligned manners spoil a dialogue as data on the culture, though less than a fault of quality does.
        return assessment, max(fault, 0.92 * assessment.manners.misalignment)

    def _quality_rationale(self, values: dict[str, str], flaw: str | None, rng: Rng) -> str:
        return f"{fill(rng.choice(getattr(self._phrases, flaw or 'good')), values)}."

    def _alignment_rationale(self, values: dict[str, str], manners: Manners, misaligned: bool, rng: Rng) -> str:
        if misaligned and manners.sentence:
            kind = "stilted" if manners.stilted else "rude"
        else:
            kind = "fits" if manners.misalignment < 0.3 else "plain"
        phrase = rng.choice(getattr(self._phrases, kind))
        return f"{fill(phrase, values | {'quote': _quoted(manners.sentence, 110)})}."


def _fit(misalignment: float) -> Literal["fits", "neutral", "clashes"]:
    """What the answer says of manners that are so far from those expected."""
    return "clashes" if misalignment > 0.5 else "fits" if misalignment < 0.3 else "neutral"


def confidence(score: float) -> Confidence:
    """The confidence of a label, from the distance of its score in [0, 1] to 0.5."""
    margin = abs(score - 0.5)
    return "very confident" if margin > 0.27 else "confident" if margin > 0.12 else "not sure"


def _ten(share: float) -> int:
    """A share of [0, 1] as a rating from 0 to 10."""
    return round(10 * min(1.0, max(0.0, share)))


def _told_share(scenario: Scenario, turns: tuple[Turn, ...]) -> float:
    """The share of the content words of a secret that its owner says in one turn, the largest of both sides."""
    shares = [0.0]
    for person in scenario.participants:
        stems = content_stems(person.secret) - content_stems(person.name)
        said = [content_stems(turn.text) for turn in turns if turn.speaker == person.name]
        shares += [len(stems & own) / len(stems) for own in said if stems]
    return max(shares)


def _worst_flaw(assessment: Assessment) -> str:
    """The flaw that weighs most, by the name of its phrases."""
    flaws = {
        "repeated": assessment.circling,
        "strange": assessment.drift,
        "short": 0.96 * assessment.short,
        "tongue": float(bool(assessment.foreign_text)),
    }
    return max(flaws, key=lambda name: flaws[name])


def _line_of(turns: tuple[Turn, ...], text: str) -> int:
    """The number of the turn with that text, from 1; 0 where there is none."""
    return next((number for number, turn in enumerate(turns, start=1) if turn.text == text), 0)


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

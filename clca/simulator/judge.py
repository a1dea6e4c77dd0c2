"""The judge: an honest, imperfect reader of dialogues.

It looks at culture, scenario and turns only, never at a plan. Quality falls with repetition towards
the end and with talk that does not belong to the setting; alignment falls with manners that jar with
the style to be expected between these two people. Confidence is the distance from the line.
"""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Alignment, Confidence, Culture, Quality, Scenario, Turn
from clca.schemas import AlignmentAnswer, JudgeAnswer, MetaAnswer, QualityAnswer
from clca.simulator.adaptation import clip
from clca.simulator.content import SimulatorContent
from clca.simulator.features import STOP, Repetition, Subjects, content, cues_in, foreign, repetition
from clca.simulator.intents import place_name
from clca.simulator.meta import criticism
from clca.simulator.people import given_name
from clca.simulator.rng import Rng
from clca.simulator.sentences import fill, sentences
from clca.simulator.style import style
from clca.simulator.topic import matter_for


@dataclass(frozen=True, slots=True)
class Reading:
    """What the judge made of a dialogue: scores in [0, 1] for each fault, and what shows it."""

    circling: float
    slipping: float
    tongue: str
    short: bool
    repeated: Repetition
    strange: tuple[str, ...]
    topic: tuple[str, ...]
    jarring: float
    jar: str
    stilted: bool
    seen: str

    @property
    def fault(self) -> float:
        """How bad the dialogue is, 0.5 being the line."""
        return max(self.circling, self.slipping, 1.0 if self.tongue else 0.0, 0.95 if self.short else 0.0)


class Judge:
    """Gives verdicts on dialogues and criticises verdicts."""

    def __init__(self, book: SimulatorContent) -> None:
        self._book = book
        self._subjects = Subjects(book)

    def read(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> Reading:
        """Weigh one dialogue."""
        said = [turn for turn in turns if turn.action in ("speak", "leave") and turn.text]
        repeated = repetition(turns)
        circling = min(1.0, repeated.share * 1.15 + 0.04 * max(0, repeated.pairs - 2))
        own = self._subjects.own(scenario, matter_for(self._book, culture, scenario))
        slipping, strange = self._slip(said, own, scenario)
        tongue = next((turn.text for turn in said if foreign(turn, STOP)), "")
        every = content(" ".join(turn.text for turn in said))
        setting = content(scenario.setting) | content(scenario.participants[0].goal)
        names = {word for person in scenario.participants for word in content(person.name)}
        topic = sorted((every & setting) - names, key=lambda word: (-self._subjects.weigh([word]), word))[:2]
        jarring, jar, stilted, seen = self._manners(culture, scenario, turns)
        return Reading(
            circling,
            slipping,
            tongue,
            len(turns) < 4,
            repeated,
            tuple(strange[:2]),
            tuple(topic),
            jarring,
            jar,
            stilted,
            seen,
        )

    def _slip(self, said: list[Turn], own: set[str], scenario: Scenario) -> tuple[float, list[str]]:
        """How far the second half, and above all the last third, is about something else than this scenario."""
        half, strange = self._alien(said[max(2, len(said) // 2 - 1) :], own, scenario)
        third, _ = self._alien(said[-max(4, len(said) // 3) :], own, scenario)
        return min(1.0, max(0.0, 0.55 * half + 0.45 * third)), strange

    def _alien(self, late: list[Turn], own: set[str], scenario: Scenario) -> tuple[float, list[str]]:
        found = content(" ".join(turn.text for turn in late))
        if len(found) < 6:
            return 0.0, []
        ours, all_of_it = self._subjects.weigh(found & own), self._subjects.weigh(found)
        _, theirs, telling = self._subjects.stranger(found, own, scenario.id)
        return 0.15 + 1.25 * theirs / all_of_it - 0.55 * ours / all_of_it, _in_full(telling, late)

    def _manners(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> tuple[float, str, bool, str]:
        """(how much jars, the sentence that jars most, whether by stiffness, what is in keeping)."""
        frames = self._book.acts.judge
        peak, total, quote, stilted, courteous, bows = 0.0, 0.0, "", False, 0, 0
        for at, turn in enumerate(turns):
            side = int(turn.speaker) if turn.speaker in ("0", "1") else at % 2
            manner = style(culture, scenario, side)
            if turn.action == "non-verbal":
                bows += 1
                continue
            courteous += bool(cues_in(turn.text, frames.courteous))
            for sentence in sentences(turn.text):
                rude = cues_in(sentence, frames.brusque)
                stiff = cues_in(sentence, frames.stiff)
                weight = 0.0
                if rude:
                    weight = 0.45 + 0.55 * manner.deference + 0.25 * manner.formality - 0.1 * manner.directness
                elif stiff:
                    weight = 0.75 - 0.6 * manner.formality + 0.2 * manner.close - 0.2 * manner.deference
                if weight > 0:
                    peak, total = max(peak, weight), total + weight
                    if not quote or weight >= 0.6:
                        quote, stilted = sentence, not rude
        worst = peak + 0.3 * (total - peak)
        share = courteous / max(1, len(turns))
        expected = style(culture, scenario, 0)
        if expected.formality > 0.7 and share < 0.08 and len(turns) > 8:
            worst += 0.15
        seen = self._seen(culture, scenario, share, bows)
        return min(1.0, worst), quote, stilted, seen

    def _seen(self, culture: Culture, scenario: Scenario, share: float, bows: int) -> str:
        a, b = (given_name(person, culture) for person in scenario.participants)
        manner, back = style(culture, scenario, 0), style(culture, scenario, 1)
        if manner.deference > 0.4 or back.deference > 0.4:
            low, high = (a, b) if manner.deference >= back.deference else (b, a)
            reason = "rank" if manner.rank else "age"
            tone = "stays courteous" if share > 0.25 else "keeps a civil tone"
            return f"{low} {tone} towards {high}, as the difference in {reason} asks"
        if bows > 1:
            return f"{a} and {b} leave part of what they mean to looks and gestures"
        if share > 0.35:
            return f"{a} and {b} keep up their courtesies even where they disagree"
        if manner.directness > 0.6:
            return f"{a} comes to the point without going round it, and {b} answers in kind"
        if manner.close:
            return f"{a} and {b} talk as people do who have known each other for long"
        return f"{a} and {b} handle their difference without hurting each other"

    # ------------------------------------------------------------ answers

    def verdict(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> JudgeAnswer:
        """Stage one: quality and alignment."""
        reading = self.read(culture, scenario, turns)
        dice = Rng(culture.id, scenario.id, len(turns), *(turn.text for turn in turns), "judge")
        values = self._values(culture, turns, reading)
        # A judge is never quite steady: a small tremor, the same for the same dialogue.
        fault = reading.fault + 0.2 * (dice.roll() - 0.5)
        jarring = reading.jarring + 0.16 * (dice.roll() - 0.5)
        return JudgeAnswer(
            quality=QualityAnswer(
                rationale=clip(self._why_quality(values, reading, fault > 0.5, dice), 400),
                label="bad" if fault > 0.5 else "good",
                confidence=confidence(fault),
            ),
            alignment=AlignmentAnswer(
                rationale=clip(self._why_alignment(values, reading, jarring > 0.5, dice), 400),
                label="no" if jarring > 0.5 else "yes",
                confidence=confidence(jarring),
            ),
        )

    def meta(
        self,
        culture: Culture,
        scenario: Scenario,
        turns: tuple[Turn, ...],
        quality: Quality,
        alignment: Alignment,
    ) -> MetaAnswer:
        """Stage two: is the verdict right, and should the dialogue be used?"""
        reading = self.read(culture, scenario, turns)
        dice = Rng(culture.id, scenario.id, *(turn.text for turn in turns), "meta")
        fault = reading.fault + 0.1 * (dice.roll() - 0.5)
        # Manners that jar spoil a dialogue as data on the culture, though less surely than a broken one.
        worth = max(fault, 0.92 * reading.jarring)
        values = self._values(culture, turns, reading)
        text = criticism(
            self._book.acts.judge.phrases, quality, alignment, values, fault > 0.5, reading.jarring > 0.5, dice
        )
        return MetaAnswer(
            critique=clip(text, 600), label="bad" if worth > 0.5 else "good", confidence=confidence(worth)
        )

    def _values(self, culture: Culture, turns: tuple[Turn, ...], reading: Reading) -> dict[str, str]:
        """What phrases about a dialogue can mention."""
        said = [turn for turn in turns if turn.text and turn.action != "non-verbal"]
        first = sentences(said[0].text)[0] if said else "nothing"
        last = sentences(said[-1].text)[-1] if said else "nothing"
        strange = " and ".join(f"“{word}”" for word in reading.strange) or "other things"
        quote = clip(reading.repeated.quote, 110).rstrip(".")
        evidence = (
            f"“{quote}” comes back again and again"
            if reading.circling >= reading.slipping and quote
            else (f"the later turns are about {strange}")
        )
        if reading.tongue:
            evidence = "one turn is in another language"
        elif reading.short:
            evidence = "it ends before anything has happened"
        return {
            "topic": " and ".join(f"“{word}”" for word in _in_full(list(reading.topic), said)) or "their business",
            "first": clip(first, 70).rstrip("."),
            "last": clip(last, 70).rstrip("."),
            "quote": quote,
            "tongue": clip(reading.tongue, 110),
            "strange": strange,
            "evidence": evidence,
            "seen": reading.seen,
            "jar": clip(reading.jar, 90).rstrip("."),
            "turns": str(len(turns)),
            "culture": place_name(culture),
        }

    def _why_quality(self, values: dict[str, str], reading: Reading, bad: bool, dice: Rng) -> str:
        kind = "good"
        if bad:
            ranked = {
                "repeated": reading.circling,
                "strange": reading.slipping,
                "short": 0.96 * reading.short,
                "tongue": float(bool(reading.tongue)),
            }
            kind = max(ranked, key=lambda name: ranked[name])
        phrase = dice.pick(getattr(self._book.acts.judge.phrases, kind))
        return f"{fill(phrase, values)}."

    def _why_alignment(self, values: dict[str, str], reading: Reading, jars: bool, dice: Rng) -> str:
        kind = (
            ("stilted" if reading.stilted else "rude")
            if jars and reading.jar
            else "fits"
            if reading.jarring < 0.3
            else "plain"
        )
        phrase = dice.pick(getattr(self._book.acts.judge.phrases, kind))
        return f"{fill(phrase, values | {'quote': clip(reading.jar, 110).rstrip('.')})}."


def confidence(score: float) -> Confidence:
    """How sure a score in [0, 1] is of its side of 0.5."""
    margin = abs(score - 0.5)
    return "very confident" if margin > 0.27 else "confident" if margin > 0.12 else "not sure"


def _in_full(stems: list[str], turns: list[Turn]) -> list[str]:
    """Stems as the words that stand in the turns."""
    found: list[str] = []
    for stem in stems:
        for word in (raw.strip(".,!?;:“”\"'’()…") for turn in turns for raw in turn.text.split()):
            if word.lower().startswith(stem):
                found.append(word.lower())
                break
    return found

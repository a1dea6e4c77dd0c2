"""The judge: an honest, imperfect reader of dialogues.

It looks at culture, scenario and turns only, never at a plan. Quality falls with repetition towards
the end and with talk that does not belong to the setting; alignment falls with manners that jar with
the style to be expected between these two people. Confidence is the distance from the line.
"""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Confidence, Culture, Scenario, Turn
from clca.tasks import AlignmentAnswer, JudgeAnswer, JudgeContext, MetaAnswer, MetaContext, QualityAnswer
from clca.teacher.rehearsal.adapt import clip
from clca.teacher.rehearsal.book import Book
from clca.teacher.rehearsal.chance import Dice
from clca.teacher.rehearsal.intent import place_name
from clca.teacher.rehearsal.matter import matter_for
from clca.teacher.rehearsal.meta import criticism
from clca.teacher.rehearsal.observe import STOP, Repetition, Subjects, content, cues_in, foreign, repetition
from clca.teacher.rehearsal.people import given_name
from clca.teacher.rehearsal.speech import fill, sentences
from clca.teacher.rehearsal.style import style


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

    def __init__(self, book: Book) -> None:
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
            circling, slipping, tongue, len(turns) < 4, repeated, tuple(strange[:2]), tuple(topic), jarring, jar, stilted, seen
        )

    def _slip(self, said: list[Turn], own: set[str], scenario: Scenario) -> tuple[float, list[str]]:
        """How far the later turns are about something else than this scenario."""
        late = said[max(2, len(said) // 2 - 1) :]
        found = content(" ".join(turn.text for turn in late))
        if len(found) < 6:
            return 0.0, []
        ours, all_of_it = self._subjects.weigh(found & own), self._subjects.weigh(found)
        _, theirs, telling = self._subjects.stranger(found, own, scenario.id)
        alien = theirs / all_of_it
        return min(1.0, max(0.0, 0.15 + 1.25 * alien - 0.55 * ours / all_of_it)), _in_full(telling, late)

    def _manners(self, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...]) -> tuple[float, str, bool, str]:
        """(how much jars, the sentence that jars most, whether by stiffness, what is in keeping)."""
        frames = self._book.acts.judge
        worst, quote, stilted, courteous, bows = 0.0, "", False, 0, 0
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
                    worst += weight
                    if not quote or weight >= 0.6:
                        quote, stilted = sentence, not rude
        share = courteous / max(1, len(turns))
        expected = style(culture, scenario, 0)
        if expected.formality > 0.7 and share < 0.08 and len(turns) > 8:
            worst += 0.15
        seen = self._seen(culture, scenario, share, bows)
        return min(1.0, worst), quote, stilted, seen

    def _seen(self, culture: Culture, scenario: Scenario, share: float, bows: int) -> str:
        a, b = (given_name(person, culture) for person in scenario.participants)
        manner = style(culture, scenario, 0)
        if bows > 1:
            return f"{a} and {b} leave part of what they mean to looks and gestures"
        if manner.deference > 0.4:
            return f"{a} {'stays courteous' if share > 0.25 else 'keeps the tone civil'} towards {b}, who stands above"
        if share > 0.35:
            return f"{a} and {b} keep up their courtesies while they disagree"
        if manner.directness > 0.6:
            return f"{a} and {b} say what they want without going round it"
        return f"{a} and {b} handle their difference without hurting each other"

    # ------------------------------------------------------------ answers

    def verdict(self, context: JudgeContext) -> JudgeAnswer:
        """Stage one: quality and alignment."""
        reading = self.read(context.culture, context.scenario, context.turns)
        dice = Dice(context.culture.id, context.scenario.id, len(context.turns), *(turn.text for turn in context.turns), "judge")
        # A judge is never quite steady: a small tremor, the same for the same dialogue.
        fault = reading.fault + 0.12 * (dice.roll() - 0.5)
        jarring = reading.jarring + 0.16 * (dice.roll() - 0.5)
        return JudgeAnswer(
            quality=QualityAnswer(
                rationale=clip(self._why_quality(context, reading, fault > 0.5, dice), 400),
                label="bad" if fault > 0.5 else "good",
                confidence=confidence(fault),
            ),
            alignment=AlignmentAnswer(
                rationale=clip(self._why_alignment(context, reading, jarring > 0.5, dice), 400),
                label="no" if jarring > 0.5 else "yes",
                confidence=confidence(jarring),
            ),
        )

    def meta(self, context: MetaContext) -> MetaAnswer:
        """Stage two: is the verdict right, and should the dialogue be used?"""
        reading = self.read(context.culture, context.scenario, context.turns)
        dice = Dice(context.culture.id, context.scenario.id, *(turn.text for turn in context.turns), "meta")
        fault = reading.fault + 0.1 * (dice.roll() - 0.5)
        # Manners that jar spoil a dialogue as data on the culture, though less surely than a broken one.
        worth = max(fault, 0.92 * reading.jarring)
        return MetaAnswer(
            critique=clip(criticism(context, reading.repeated.quote if reading.circling > 0.5 else reading.jar, fault, reading.jarring), 600),
            label="bad" if worth > 0.5 else "good",
            confidence=confidence(worth),
        )

    def _why_quality(self, context: JudgeContext, reading: Reading, bad: bool, dice: Dice) -> str:
        phrases = self._book.acts.judge.phrases
        said = [turn for turn in context.turns if turn.text and turn.action != "non-verbal"]
        kind = "good"
        if bad:
            ranked = {"repeated": reading.circling, "strange": reading.slipping, "short": 0.96 * reading.short, "tongue": bool(reading.tongue)}
            kind = max(ranked, key=lambda name: ranked[name])
        topic = " and ".join(f"“{word}”" for word in _in_full(list(reading.topic), said)) or "their business"
        first = sentences(said[0].text)[0] if said else "nothing"
        last = sentences(said[-1].text)[-1] if said else "nothing"
        values = {
            "topic": topic,
            "first": f"“{clip(first, 70)}”",
            "last": f"“{clip(last, 70)}”",
            "quote": clip(reading.tongue if kind == "tongue" else reading.repeated.quote, 110),
            "strange": " and ".join(f"“{word}”" for word in reading.strange) or "other things",
        }
        return f"{fill(dice.pick(phrases[kind]), values)}."

    def _why_alignment(self, context: JudgeContext, reading: Reading, jars: bool, dice: Dice) -> str:
        phrases = self._book.acts.judge.phrases
        kind = ("stilted" if reading.stilted else "rude") if jars and reading.jar else "fits" if reading.jarring < 0.3 else "plain"
        values = {"culture": place_name(context.culture), "seen": reading.seen, "quote": clip(reading.jar, 110).rstrip(".")}
        text = fill(dice.pick(phrases[kind]), values)
        return f"{text[:1].upper()}{text[1:]}."


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

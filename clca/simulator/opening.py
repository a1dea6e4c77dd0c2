"""The first half of a course: who speaks first, greetings, small talk, and how the matter comes up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clca.records import Culture, Scenario
from clca.simulator.content_schema import Acts, Matter
from clca.simulator.rng import Rng
from clca.simulator.speech_acts import SpeechAct
from clca.simulator.style import GROWN, Style, climate, holds, style

_GREETS = {
    "stranger": 0.7,
    "acquaintance": 0.9,
    "neighbour": 0.9,
    "colleague": 0.65,
    "friend": 0.6,
    "family": 0.15,
    "partner": 0.1,
}


_PRESENT = re.compile(
    r"\b(bring you|give you|cook|bake|make you|carry your|treat you"
    r"|invite you|buy you|i'll pay|in return|knit|sew you)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the course of a dialogue depends on."""

    culture: Culture
    scenario: Scenario
    matter: Matter
    acts: Acts
    start: int
    limit: int

    @property
    def midway(self) -> bool:
        """The two are in the middle of something together: no greeting."""
        return self.matter.midway or self.is_one_of(self.acts.midway)

    @property
    def stays(self) -> bool:
        """The two stay together when the talk is over: no goodbye."""
        return self.matter.stays or self.is_one_of(self.acts.stays)

    def is_one_of(self, prefixes: tuple[str, ...]) -> bool:
        return self.scenario.id.startswith(prefixes)


class Course:
    """A course in the making, up to the point where the matter is on the table; `size` below 1 keeps it short."""

    def __init__(self, stage: Stage, dice: Rng, size: float) -> None:
        self.stage, self.dice, self.size = stage, dice, size
        self.climate = climate(stage.culture)
        self.styles: tuple[Style, Style] = (
            style(stage.culture, stage.scenario, 0),
            style(stage.culture, stage.scenario, 1),
        )
        self.gives = stage.is_one_of(stage.acts.gives)
        self.abrupt = stage.is_one_of(stage.acts.abrupt)
        self.grown = all(person.age >= GROWN for person in stage.scenario.participants)
        # Offers that are presents rather than compromises: good manners may turn those down once.
        self.presents = [at for at, line in enumerate(stage.matter.offers) if not self.gives and _PRESENT.search(line)]
        self.moves: list[SpeechAct] = []
        self.questions = dice.shuffled(range(len(stage.matter.questions)))
        self.reasons = self.presses = self.objections = 0
        self.secrets = [bool(stage.matter.secret_a), bool(stage.matter.secret_b)]
        self._open()
        self._bring_up()

    # ------------------------------------------------------------ small helpers

    def _add(
        self, side: int, act: str, tone: str = "", index: int = 0, driver: str | None = None, extra: bool = False
    ) -> None:
        fits = driver is not None and holds(driver, self.climate)
        self.moves.append(SpeechAct(side, act, tone, index, driver if fits else None, extra))

    def _soft(self, side: int, by: str, lean: float = 0.0) -> tuple[str, str | None]:
        """Direct or soft, and what in the culture made it so."""
        me = self.styles[side]
        frank = me.directness if by == "raise" else 0.5 * me.directness + 0.5 * me.dissent
        least = 0.0 if lean <= -1 else 0.05
        direct = self.dice.chance(min(0.95, max(least, 0.5 + 1.4 * (frank - 0.5) + lean)))
        if direct:
            return "direct", "equality" if me.rank < 0 and self.grown else "candour" if frank > 0.62 else None
        upward = "hierarchy" if me.rank < 0 and self.grown else "age"
        if me.deference > 0.35 and holds(upward, self.climate):
            return "soft", upward
        if by == "raise" and holds("choice", self.climate):
            return "soft", "choice"
        return "soft", "harmony" if frank < 0.5 else None

    def _gesture(self, side: int, kind: str) -> None:
        me = self.styles[side]
        driver = {"respect": "respect", "greeting": "respect"}.get(kind)
        self._add(
            side, "gesture", kind, driver=driver if me.deference > 0.3 or (me.formal and me.ritual > 0.4) else None
        )

    # ------------------------------------------------------------ opening

    def _open(self) -> None:
        stage, dice = self.stage, self.dice
        first = 1 if stage.matter.opens == "b" else 0
        midway = stage.midway
        greets = dice.chance(_GREETS[stage.scenario.relationship] * (0.35 if self.abrupt else 1.0)) and not midway
        if stage.start != first:
            if dice.chance(0.5):
                first = stage.start
            else:
                self._gesture(stage.start, "scene")
                greets = not midway
                if midway:  # B has noticed that something is coming, and A comes to it
                    self._add(first, "hint_back")
                    return
        if greets:
            self._add(first, "greet")
            back = self.styles[1 - first]
            if dice.chance(0.12 + 0.25 * back.silence + 0.2 * back.deference) and first == 0:
                self._gesture(1 - first, "greeting")
            else:
                self._add(1 - first, "greet")
        self._chat(greets)

    def _chat(self, greeted: bool) -> None:
        """Small talk, opened by A; what one says of life in general comes before what is said of this place."""
        stage, dice = self.stage, self.dice
        relation = max(style.relation for style in self.styles) * self.size * (0.25 if self.abrupt else 1.0)
        known = stage.scenario.relationship not in ("stranger", "partner")
        everyday = stage.culture.courtesy.small_talk
        small = known and self.grown and greeted and everyday and dice.chance(0.8 * relation - 0.1)
        if small:
            index = int(dice.roll() * len(everyday))
            self._add(0, "small_open", index=index, driver="relation" if holds("relation", self.climate) else "ease")
            self._add(1, "small_reply", index=index)
        often = 0.4 * relation if small else 0.3 * self.size * (0.4 if self.abrupt else 1) + 0.6 * relation
        if stage.matter.chat and dice.chance(often):
            index = int(dice.roll() * len(stage.matter.chat))
            back = self.moves[-1:] and self.moves[-1].side == 1 and self.moves[-1].act == "greet"
            business = self.grown and stage.scenario.relationship not in ("family", "partner")
            driver = "relation" if relation > 0.55 and business else None
            reply = self.moves.pop() if back and dice.chance(0.4) else None
            self._add(0, "chat_open", index=index, driver=driver)
            if reply is not None:
                self.moves.append(reply)
            self._add(1, "chat_reply", index=index)

    # ------------------------------------------------------------ bringing it up

    def _bring_up(self) -> None:
        a, dice = self.styles[0], self.dice
        circles = (
            self.climate.context * (1.25 - a.directness) * (0.75 if a.close else 1.0) * (0.4 if self.abrupt else 1.0)
        )
        asked = bool(self.moves) and self.moves[-1].act == "hint_back"
        hinted = not asked and dice.chance(circles * self.size)
        if hinted:
            index = int(dice.roll() * len(self.stage.matter.hint))
            upward = "hierarchy" if a.rank < 0 and self.grown else "age"
            reason = upward if a.deference > 0.35 and holds(upward, self.climate) else "harmony"
            self._add(0, "hint", index=index, driver=reason)
            self._add(1, "hint_back")
        elif self.moves and self.moves[-1].act in ("small_reply", "chat_reply") and dice.chance(0.45):
            self._add(0, "bridge", extra=True)
        # Whoever has circled round a matter does not then blurt it out.
        tone, driver = self._soft(0, "raise", lean=-0.45 if hinted else 0.0)
        cushion = dice.roll()
        if tone == "soft" and self.grown:
            if cushion < a.hedging * 0.9:
                self._add(0, "soften", driver="uncertainty" if self.climate.uai > 0.7 else driver, extra=True)
            elif not self.gives and cushion < a.hedging * 0.9 + 0.35 * a.deference:
                self._add(0, "apology", driver="hierarchy" if a.rank < 0 else driver, extra=True)
        self._add(0, "raise", tone, driver=driver)

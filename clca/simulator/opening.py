"""The opening of a dialogue: who speaks first, greetings, small talk, and how A brings the topic up."""

from __future__ import annotations

import re

from clca.seeding import Rng
from clca.simulator.courtesies import wishes_peace
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.speech_acts import SpeechAct
from clca.simulator.style import ADULT_AGE, Style, style
from clca.simulator.traits import culture_traits, driver_applies

_GREETING_CHANCE = {
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


class OpeningPlanner:
    """Plans the speech acts up to the point where A has brought the topic up.

    A `size` below 1 makes small talk and hints less likely, for a shorter dialogue.
    """

    def __init__(self, spec: DialogueSpec, rng: Rng, size: float) -> None:
        self.spec, self.rng, self.size = spec, rng, size
        self.traits = culture_traits(spec.culture)
        self.styles: tuple[Style, Style] = (
            style(spec.culture, spec.scenario, 0),
            style(spec.culture, spec.scenario, 1),
        )
        self.gives = spec.is_one_of(spec.phrasebook.gives)
        self.abrupt = spec.is_one_of(spec.phrasebook.abrupt)
        self.adults = all(person.age >= ADULT_AGE for person in spec.scenario.participants)
        # Offers that are presents rather than compromises: good manners may decline them once.
        self.presents = [
            index
            for index, line in enumerate(spec.topic.offers)
            if self.adults and not self.gives and _PRESENT.search(line)
        ]
        self.speech_acts: list[SpeechAct] = []
        self.questions = rng.shuffled(range(len(spec.topic.questions)))
        self.reasons = self.presses = 0
        self.secrets = [bool(spec.topic.secret_a), bool(spec.topic.secret_b)]
        self._open()
        self._bring_up()

    # ------------------------------------------------------------ adding acts

    def _add(
        self, side: int, kind: str, tone: str = "", index: int = 0, driver: str | None = None, extra: bool = False
    ) -> None:
        fits = driver is not None and driver_applies(driver, self.traits)
        self.speech_acts.append(SpeechAct(side, kind, tone, index, driver if fits else None, extra))

    def _tone(self, side: int, by: str, lean: float = 0.0) -> tuple[str, str | None]:
        """The tone in which a side raises or declines something (`by`), and the driver that shaped it.

        A positive `lean` makes the direct tone likelier.
        """
        me = self.styles[side]
        frankness = me.directness if by == "raise" else 0.5 * me.directness + 0.5 * me.dissent
        lowest = 0.0 if lean <= -1 else 0.05
        direct = self.rng.chance(min(0.95, max(lowest, 0.5 + 1.4 * (frankness - 0.5) + lean)))
        if direct:
            return "direct", "equality" if me.rank < 0 and self.adults else "candour" if frankness > 0.62 else None
        upward = "hierarchy" if me.rank < 0 and self.adults else "age"
        if me.deference > 0.35 and driver_applies(upward, self.traits):
            return "soft", upward
        if by == "raise" and driver_applies("choice", self.traits):
            return "soft", "choice"
        return "soft", "harmony" if frankness < 0.5 else None

    def _gesture(self, side: int, kind: str) -> None:
        me = self.styles[side]
        driver = {"respect": "respect", "greeting": "respect"}.get(kind)
        self._add(
            side, "gesture", kind, driver=driver if me.deference > 0.3 or (me.formal and me.ritual > 0.4) else None
        )

    # ------------------------------------------------------------ opening

    def _open(self) -> None:
        spec, rng = self.spec, self.rng
        first = 1 if spec.topic.opens == "b" else 0
        midway = spec.midway
        greets = (
            rng.chance(_GREETING_CHANCE[spec.scenario.relationship] * (0.35 if self.abrupt else 1.0)) and not midway
        )
        if spec.first_side == 1:  # B opens: with a greeting, or with a gesture where none is needed
            first, greets = 1, not midway
            if midway:
                self._gesture(1, "scene")
        elif first == 1:
            if rng.chance(0.5):
                first = 0
            else:
                self._gesture(0, "scene")
                greets = not midway
                if midway:  # B notices that something is coming; A comes to it
                    self._add(1, "hint_back")
                    return
        if greets:
            self._add(first, "greet")
            other = self.styles[1 - first]
            quiet = rng.chance(0.12 + 0.25 * other.silence + 0.2 * other.deference) and first == 0
            if quiet and not self._may_wish_peace(first):
                self._gesture(1 - first, "greeting")
            else:
                self._add(1 - first, "greet")
        self._chat(greets)

    def _may_wish_peace(self, side: int) -> bool:
        greeting = self.spec.culture.of_side(side).courtesy.greeting
        return any(map(wishes_peace, greeting.formal + greeting.familiar))

    def _chat(self, greeted: bool) -> None:
        """Small talk, opened by A: first the culture's, then the scenario's own."""
        spec, rng = self.spec, self.rng
        relation = max(style.relation for style in self.styles) * self.size * (0.25 if self.abrupt else 1.0)
        known = spec.scenario.relationship not in ("stranger", "partner")
        everyday = spec.culture.courtesy.small_talk
        small = known and self.adults and greeted and everyday and rng.chance(0.8 * relation - 0.1)
        if small:
            index = int(rng.uniform() * len(everyday))
            self._add(
                0, "small_open", index=index, driver="relation" if driver_applies("relation", self.traits) else "ease"
            )
            self._add(1, "small_reply", index=index)
        chat_chance = 0.4 * relation if small else 0.3 * self.size * (0.4 if self.abrupt else 1) + 0.6 * relation
        if spec.topic.chat and rng.chance(chat_chance):
            index = int(rng.uniform() * len(spec.topic.chat))
            greeted_back = (
                bool(self.speech_acts) and self.speech_acts[-1].side == 1 and self.speech_acts[-1].kind == "greet"
            )
            business = self.adults and spec.scenario.relationship not in ("family", "partner")
            driver = "relation" if relation > 0.55 and business else None
            reply = self.speech_acts.pop() if greeted_back and rng.chance(0.4) else None
            self._add(0, "chat_open", index=index, driver=driver)
            if reply is not None:
                self.speech_acts.append(reply)
            self._add(1, "chat_reply", index=index)

    # ------------------------------------------------------------ bringing the topic up

    def _bring_up(self) -> None:
        a, rng = self.styles[0], self.rng
        hint_chance = (
            self.traits.context * (1.25 - a.directness) * (0.75 if a.close else 1.0) * (0.4 if self.abrupt else 1.0)
        )
        hint_noticed = bool(self.speech_acts) and self.speech_acts[-1].kind == "hint_back"
        hinted = not hint_noticed and rng.chance(hint_chance * self.size)
        if hinted:
            index = int(rng.uniform() * len(self.spec.topic.hint))
            upward = "hierarchy" if a.rank < 0 and self.adults else "age"
            driver = upward if a.deference > 0.35 and driver_applies(upward, self.traits) else "harmony"
            self._add(0, "hint", index=index, driver=driver)
            self._add(1, "hint_back")
        elif self.speech_acts and self.speech_acts[-1].kind in ("small_reply", "chat_reply") and rng.chance(0.45):
            self._add(0, "bridge", extra=True)
        # After a hint A does not blurt the topic out.
        tone, tone_driver = self._tone(0, "raise", lean=-0.45 if hinted else 0.0)
        softening = rng.uniform()
        if tone == "soft" and self.adults:
            if softening < a.hedging * 0.9:
                self._add(0, "soften", driver="uncertainty" if self.traits.uai > 0.7 else tone_driver, extra=True)
            elif not self.gives and softening < a.hedging * 0.9 + 0.35 * a.deference:
                self._add(0, "apology", driver="hierarchy" if a.rank < 0 else tone_driver, extra=True)
        self._add(0, "raise", tone, driver=tone_driver)

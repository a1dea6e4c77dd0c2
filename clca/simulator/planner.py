"""The plan of a dialogue as speech acts: its opening, its negotiation, and here its end.

What tells cultures apart is in `style`; what tells two dialogues of one scenario apart is the random generator.
"""

from __future__ import annotations

from clca.seeding import Rng
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.negotiation import NegotiationPlanner
from clca.simulator.speech_acts import SpeechAct, group_by_turn

SHORTEST, LONGEST = 6, 20  # turns of a dialogue
_GOODBYE_CHANCE = {
    "stranger": 0.75,
    "acquaintance": 0.8,
    "neighbour": 0.75,
    "colleague": 0.35,
    "friend": 0.3,
    "family": 0.0,
    "partner": 0.0,
}


def plan_speech_acts(spec: DialogueSpec, seed: tuple[object, ...]) -> list[SpeechAct]:
    """The speech acts of one dialogue, in 6 to 20 turns (fewer only where `spec.max_turns` is lower)."""
    longest = min(LONGEST, spec.max_turns)
    acts: list[SpeechAct] = []
    for attempt in range(6):
        size = 1.0 if attempt < 2 else 0.6 - 0.15 * (attempt - 2)
        acts = DialoguePlanner(spec, Rng(*seed, "course", attempt), size).speech_acts
        if min(SHORTEST, longest) <= len(group_by_turn(acts)) <= longest:
            return acts
    turns = group_by_turn(acts)[:longest]
    return [act for turn in turns for act in turn]


class DialoguePlanner(NegotiationPlanner):
    """Plans a dialogue to its end."""

    def __init__(self, spec: DialogueSpec, rng: Rng, size: float) -> None:
        super().__init__(spec, rng, size)
        self._end(self._negotiate())

    def _end(self, outcome: str) -> None:
        if outcome in ("won", "offer", "condition", "offer_condition"):
            self._grant(outcome)
        else:
            self._refuse(outcome)

    def _grant(self, outcome: str) -> None:
        a, b, rng = *self.styles, self.rng
        if outcome == "offer" and self.presents and rng.chance(0.9 * b.ritual):
            self._add(0, "offer", "present", index=rng.choice(self.presents))
            self._add(1, "decline", driver="ritual")
            self._add(0, "insist", driver="ritual")
        elif outcome in ("offer", "offer_condition"):
            self._add(0, "offer")
        if outcome in ("condition", "offer_condition"):
            index = int(rng.uniform() * len(self.spec.topic.counter))
            self._add(1, "counter", index=index)
            self._add(0, "counter_yes", index=index)
        self._add(1, "accept", driver="hierarchy" if b.rank < 0 and b.deference > 0.4 else None)
        if rng.chance(0.12 * a.deference + 0.08 * a.silence):
            self._gesture(0, "respect" if a.deference > 0.3 else "warmth")
            self._add(1, "reply_settle")
            self._say_goodbye(True)
            return
        self._add(0, "settle")
        if not self.gives and rng.chance(0.3 + 0.3 * a.deference):
            self._add(0, "thanks", extra=True)
            if rng.chance(0.3 * b.warmth):
                self._add(1, "thanks_reply", extra=True)
        self._add(1, "reply_settle")
        if self.gives and rng.chance(0.6):
            self._add(1, "thanks", extra=True)
        self._say_goodbye(True)

    def _refuse(self, outcome: str) -> None:
        a, b, rng = *self.styles, self.rng
        if outcome == "offer_refused":
            self._add(0, "offer")
        if outcome != "dropped":
            tone, driver = ("direct", None) if outcome == "broken" else self._tone(1, "refuse", 0.05)
            self._add(1, "refuse", tone, driver=driver)
            insist_chance = 0.1 + 0.35 * a.persistence * (0.4 if a.upward else 1.0) + 0.15 * a.ritual
            if outcome == "refused" and rng.chance(insist_chance * self.size):
                self._add(
                    0,
                    "insist" if self.gives else "press_on",
                    driver="ritual" if self.gives and a.ritual > 0.4 else None,
                )
                self._add(1, "refuse", tone, driver=driver)
        if outcome == "broken":
            known = self.spec.scenario.relationship in ("friend", "partner", "family", "neighbour", "colleague")
            leaver = 1 if known and rng.chance(0.4) else 0
            if leaver == 1:
                self._add(0, "insist" if self.gives else "press_on")
            self._add(leaver, "walk_out")
            return
        if outcome == "dropped":
            self._add(0, "retreat", driver="harmony" if self.traits.context > 0.5 else None, extra=True)
        self._add(0, "concede")
        apologizes = self.traits.context > 0.45 and not self.abrupt
        if apologizes and rng.chance(0.3 * a.hedging + 0.3 * a.deference):
            self._add(0, "apology", driver="hierarchy" if a.rank < 0 and a.deference > 0.35 else None, extra=True)
        if self.adults and rng.chance(0.12 + 0.3 * b.warmth + 0.25 * b.hedging):
            self._add(1, "regret", driver="harmony" if self.traits.context > 0.5 else None)
        self._say_goodbye(False)

    def _say_goodbye(self, granted: bool) -> None:
        """Add the goodbyes, or just the end where people stay together. The last act is `stop`."""
        rng, relationship = self.rng, self.spec.scenario.relationship
        speaker = self.speech_acts[-1].side
        if not rng.chance(_GOODBYE_CHANCE[relationship] * (0.0 if self.spec.stays else 1.0)):
            near = relationship != "stranger" and self.styles[0].rank == 0
            if granted and near and rng.chance(0.25 * self.styles[1 - speaker].warmth):
                self._gesture(1 - speaker, "warmth")
            self._add(speaker, "stop")
            return
        closing = self.styles[0].closing + self.styles[1].closing
        if (
            granted
            and self.adults
            and not self.abrupt
            and rng.chance(0.4 * closing * self.size)
            and self.speech_acts[-1].kind != "gesture"
        ):
            self._add(1 - speaker, "closing", driver="relation" if self.traits.idv < 0.5 else None)
            self._add(1 - speaker, "farewell")
            self._add(speaker, "farewell")
        elif rng.chance(0.5):
            self._add(speaker, "farewell", extra=True)
            self._add(1 - speaker, "farewell")
        else:
            self._add(1 - speaker, "farewell")
        last = self.speech_acts[-1].side
        if rng.chance(0.08 + 0.3 * self.styles[1 - last].deference):
            self._gesture(1 - last, "farewell")
        self._add(last, "stop")

"""The course of a dialogue: which speech acts follow each other, and why.

The course is drawn first (granted at once, won over, bought with an offer, tied to a condition,
refused, dropped at the first sign of reluctance, broken off), then filled. What makes one
culture's courses differ from another's is in `style`; what makes two plays differ is the dice.
"""

from __future__ import annotations

from clca.simulator.opening import DialogueSpec, OpeningPlanner
from clca.simulator.rng import Rng
from clca.simulator.speech_acts import SpeechAct, group_by_turn

SHORTEST, LONGEST = 6, 20
_PARTS = {
    "stranger": 0.75,
    "acquaintance": 0.8,
    "neighbour": 0.75,
    "colleague": 0.35,
    "friend": 0.3,
    "family": 0.0,
    "partner": 0.0,
}


def plan_speech_acts(spec: DialogueSpec, seed: tuple[object, ...]) -> list[SpeechAct]:
    """The moves of one play, in 6 to 20 turns (fewer only where `stage.limit` is lower)."""
    most = min(LONGEST, spec.max_turns)
    best: list[SpeechAct] = []
    for attempt in range(6):
        size = 1.0 if attempt < 2 else 0.6 - 0.15 * (attempt - 2)
        best = _DialoguePlanner(spec, Rng(*seed, "course", attempt), size).speech_acts
        if min(SHORTEST, most) <= len(group_by_turn(best)) <= most:
            return best
    turns = group_by_turn(best)[:most]
    return [act for turn in turns for act in turn]


class _DialoguePlanner(OpeningPlanner):
    """A course from the first word to the last."""

    def __init__(self, spec: DialogueSpec, rng: Rng, size: float) -> None:
        super().__init__(spec, rng, size)
        self._settle(self._negotiate())

    # ------------------------------------------------------------ give and take

    def _outcome(self) -> str:
        b, a, w = self.styles[1], self.styles[0], self.spec.topic.willing
        # A word about manners is neither taken back at the first sign of reluctance nor a reason to walk out.
        stirs = 0.0 if self.spec.scenario.source.startswith("norm:") else 1.0
        w = min(0.95, max(0.05, w + 0.06 * (b.warmth - 0.5) + 0.12 * b.deference * (b.rank < 0)))
        return self.rng.weighted_choice(
            {
                "won": 0.15 + 0.75 * w**1.4,
                "offer": 0.28 + 0.25 * w * (1 - w) * 2,
                "condition": 0.18 + 0.25 * b.dissent,
                "offer_condition": 0.12,
                "refused": (1 - w) ** 1.2 * (0.35 + 0.5 * b.dissent),
                "offer_refused": (1 - w) ** 1.2 * 0.3,
                "dropped": (1 - w) * self.traits.context * (1 - a.directness) * (1.3 if a.upward else 0.9) * stirs,
                "broken": (1 - w)
                * 0.42
                * b.dissent
                * (0.6 if b.close else 1.0)
                * (0.4 if a.upward or b.upward else 1.0)
                * stirs,
            }
        )

    def _question(self, again: bool = False) -> None:
        index = self.questions.pop()
        self._add(1, "question", index=index, driver="uncertainty" if again else None)
        self._add(0, "answer", index=index)
        if self.secrets[0] and self.rng.chance(0.15):
            self.secrets[0] = False
            self._add(0, "secret_a", extra=True)

    def _object(self, lean: float = 0.0) -> None:
        tone, driver = self._soft(1, "object", lean)
        if tone == "soft" and self.grown and self.rng.chance(0.35 * self.styles[1].hedging):
            self._add(1, "soften", driver=driver, extra=True)
        self._add(1, "object", tone, driver=driver)
        if (
            tone == "soft"
            and self.traits.idv < 0.45
            and self.spec.is_one_of(self.spec.phrasebook.shared)
            and self.rng.chance(0.4)
        ):
            self._add(1, "consult", driver="group", extra=True)
        self.objections += 1

    def _reason(self) -> bool:
        """A argues once more; False when A has nothing left to say."""
        if self.reasons >= len(self.spec.topic.reasons):
            return False
        if self.secrets[0] and self.reasons and self.rng.chance(0.4):
            self.secrets[0] = False
            self._add(0, "secret_a")
            return True
        self.reasons += 1
        self._add(0, "reason")
        return True

    def _press(self) -> bool:
        """B is not convinced, in words or without."""
        b = self.styles[1]
        if self.rng.chance(0.1 + 0.45 * b.silence):
            if self.rng.chance(0.35 + 0.3 * b.silence):
                self._add(1, "silence", driver="silence" if self.traits.context > 0.5 else None)
            else:
                self._gesture(1, "unease" if self.rng.chance(0.6) else "scene")
            self._add(0, "reads_silence" if self.speech_acts[-1].kind == "silence" else "reads_unease", extra=True)
            return True
        if self.secrets[1] and self.presses and self.rng.chance(0.5):
            self.secrets[1] = False
            self._add(1, "secret_b")
            return True
        if self.presses >= len(self.spec.topic.press_back):
            return False
        self.presses += 1
        self._add(1, "press_back")
        if self.secrets[1] and self.rng.chance(0.2):
            self.secrets[1] = False
            self._add(1, "secret_b", extra=True)
        return True

    def _negotiate(self) -> str:
        rng, b, w = self.rng, self.styles[1], self.spec.topic.willing
        outcome = self._outcome()
        if self.gives and rng.chance(1.3 * b.ritual * (0.6 if b.close else 1.0)):
            for _ in range(2 if rng.chance(b.ritual * 0.4) else 1):
                self._add(1, "decline", driver="ritual" if b.ritual > 0.3 else None)
                self._add(0, "insist", driver="ritual" if self.styles[0].ritual > 0.3 else None)
            if outcome == "won" and rng.chance(0.5):
                return outcome
        elif rng.chance(0.35 * b.silence * self.size) and not b.close:
            self._add(1, "silence", driver="silence" if self.traits.context > 0.5 else None)
            self._add(0, "reads_silence", extra=True)
            self._reason()
        asked = rng.weighted_choice(
            {0: 0.5 - 0.3 * self.traits.uai, 1: 0.45, 2: (0.1 + 0.25 * self.traits.uai) * self.size}
        )
        for number in range(min(asked, len(self.questions))):
            self._question(again=number > 0)
        rounds = rng.weighted_choice(
            {
                0: 0.9 * w if outcome == "won" else 0.25 if outcome == "condition" else 0.0,
                1: 0.0 if outcome == "broken" else 0.6,
                2: 0.9 * (0.5 + 0.5 * self.styles[0].persistence) * self.size,
                3: 0.5 * (1 - w) * (0.3 + 0.7 * self.styles[0].persistence) * self.size,
            }
        )
        if outcome == "dropped":
            self._object(lean=-1.0)
            return outcome
        if rounds:
            self._object()
            self._argue(rounds, outcome)
        return outcome

    def _argue(self, rounds: int, outcome: str) -> None:
        rng = self.rng
        if self.spec.topic.press_back and rng.chance(0.08 + 0.12 * self.styles[0].silence):
            self._gesture(0, "scene")
            self.presses += 1
            self._add(1, "press_back")
        for turn in range(rounds - 1):
            if not self._reason() or not self._press():
                break
            if turn == 0 and self.questions and rng.chance(0.25 * self.size):
                if self.speech_acts[-1].side == 1 or self.speech_acts[-1].kind.startswith("reads"):
                    self._reason()
                self._question()
                self._press()
        if outcome in ("offer", "offer_refused", "offer_condition"):
            return
        if (self.speech_acts[-1].side == 1 or self.speech_acts[-1].kind.startswith("reads")) and not self._reason():
            self._gesture(0, "scene")

    # ------------------------------------------------------------ how it ends

    def _settle(self, outcome: str) -> None:
        if outcome in ("won", "offer", "condition", "offer_condition"):
            self._granted(outcome)
        else:
            self._refused(outcome)

    def _granted(self, outcome: str) -> None:
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
            self._part(True)
            return
        thanks = 0 if not self.gives else 1
        self._add(0, "settle")
        if thanks == 0 and rng.chance(0.3 + 0.3 * a.deference):
            self._add(0, "thanks", extra=True)
        if thanks == 0 and self.speech_acts[-1].kind == "thanks" and rng.chance(0.3 * b.warmth):
            self._add(1, "thanks_reply", extra=True)
        self._add(1, "reply_settle")
        if thanks == 1 and rng.chance(0.6):
            self._add(1, "thanks", extra=True)
        self._part(True)

    def _refused(self, outcome: str) -> None:
        a, b, rng = *self.styles, self.rng
        if outcome == "offer_refused":
            self._add(0, "offer")
        if outcome != "dropped":
            tone, driver = ("direct", None) if outcome == "broken" else self._soft(1, "refuse", 0.05)
            self._add(1, "refuse", tone, driver=driver)
            again = 0.1 + 0.35 * a.persistence * (0.4 if a.upward else 1.0) + 0.15 * a.ritual
            if outcome == "refused" and rng.chance(again * self.size):
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
        sorry = self.traits.context > 0.45 and not self.abrupt
        if sorry and rng.chance(0.3 * a.hedging + 0.3 * a.deference):
            self._add(0, "apology", driver="hierarchy" if a.rank < 0 and a.deference > 0.35 else None, extra=True)
        if self.grown and rng.chance(0.12 + 0.3 * b.warmth + 0.25 * b.hedging):
            self._add(1, "regret", driver="harmony" if self.traits.context > 0.5 else None)
        self._part(False)

    def _part(self, granted: bool) -> None:
        """Say goodbye, or just stop where people stay together; the last move is `farewell` or `stop`."""
        rng, relationship = self.rng, self.spec.scenario.relationship
        parts = _PARTS[relationship] * (0.0 if self.spec.stays else 1.0)
        speaker = self.speech_acts[-1].side
        if not rng.chance(parts):
            near = relationship != "stranger" and self.styles[0].rank == 0
            if granted and near and rng.chance(0.25 * self.styles[1 - speaker].warmth):
                self._gesture(1 - speaker, "warmth")
                self._add(speaker, "stop")
            else:
                self._add(speaker, "stop")
            return
        long = self.styles[0].closing + self.styles[1].closing
        if (
            granted
            and self.grown
            and not self.abrupt
            and rng.chance(0.4 * long * self.size)
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

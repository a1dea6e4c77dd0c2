"""The negotiation in a dialogue: questions, objections, arguments, until the outcome is clear.

The outcome is drawn first (granted at once, won over, bought with an offer, tied to a condition, refused, dropped at
the first sign of reluctance, broken off), then the way to it.
"""

from __future__ import annotations

from clca.simulator.opening import OpeningPlanner


class NegotiationPlanner(OpeningPlanner):
    """Plans the speech acts up to the outcome."""

    def _negotiate(self) -> str:
        """Add what is said until the outcome is clear; returns the outcome."""
        rng, b, willing = self.rng, self.styles[1], self.spec.topic.willing
        outcome = self._draw_outcome()
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
        questions = rng.weighted_choice(
            {0: 0.5 - 0.3 * self.traits.uai, 1: 0.45, 2: (0.1 + 0.25 * self.traits.uai) * self.size}
        )
        for number in range(min(questions, len(self.questions))):
            self._question(again=number > 0)
        rounds = rng.weighted_choice(
            {
                0: 0.9 * willing if outcome == "won" else 0.25 if outcome == "condition" else 0.0,
                1: 0.0 if outcome == "broken" else 0.6,
                2: 0.9 * (0.5 + 0.5 * self.styles[0].persistence) * self.size,
                3: 0.5 * (1 - willing) * (0.3 + 0.7 * self.styles[0].persistence) * self.size,
            }
        )
        if outcome == "dropped":
            self._object(lean=-1.0)
            return outcome
        if rounds:
            self._object()
            self._argue(rounds, outcome)
        return outcome

    def _draw_outcome(self) -> str:
        (a, b), willing = self.styles, self.spec.topic.willing
        # A remark about manners is neither dropped at the first sign of reluctance nor a reason to walk out.
        stakes = 0.0 if self.spec.scenario.source.startswith("norm:") else 1.0
        willing = min(0.95, max(0.05, willing + 0.06 * (b.warmth - 0.5) + 0.12 * b.deference * (b.rank < 0)))
        return self.rng.weighted_choice(
            {
                "won": 0.15 + 0.75 * willing**1.4,
                "offer": 0.28 + 0.25 * willing * (1 - willing) * 2,
                "condition": 0.18 + 0.25 * b.dissent,
                "offer_condition": 0.12,
                "refused": (1 - willing) ** 1.2 * (0.35 + 0.5 * b.dissent),
                "offer_refused": (1 - willing) ** 1.2 * 0.3,
                "dropped": (1 - willing)
                * self.traits.context
                * (1 - a.directness)
                * (1.3 if a.upward else 0.9)
                * stakes,
                "broken": (1 - willing)
                * 0.42
                * b.dissent
                * (0.6 if b.close else 1.0)
                * (0.4 if a.upward or b.upward else 1.0)
                * stakes,
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
        tone, driver = self._tone(1, "object", lean)
        if tone == "soft" and self.adults and self.rng.chance(0.35 * self.styles[1].hedging):
            self._add(1, "soften", driver=driver, extra=True)
        self._add(1, "object", tone, driver=driver)
        if (
            tone == "soft"
            and self.traits.idv < 0.45
            and self.spec.is_one_of(self.spec.phrasebook.shared)
            and self.rng.chance(0.4)
        ):
            self._add(1, "consult", driver="group", extra=True)

    def _reason(self) -> bool:
        """Let A argue once more; False when A has no argument left."""
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
        """Let B show, in words or without, that it is not convinced; False when B has no words left."""
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

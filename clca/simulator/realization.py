"""Speech acts into words: each turn's lines joined, with acknowledgements and names here and there."""

from __future__ import annotations

from dataclasses import dataclass

from clca.culture.address import called
from clca.records import Action
from clca.seeding import Rng
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.lines import LineWriter
from clca.simulator.sentences import call_after, call_before, joined, opens_with_interjection, sentences
from clca.simulator.speech_acts import SpeechAct, group_by_turn

MAX_SENTENCES = 3
"""Sentences of a turn above which its extra acts are dropped."""
_NAME_AFTER = frozenset({"greet", "thanks", "farewell", "apology"})
_NAME_BEFORE = frozenset({"raise", "object", "refuse", "reason", "offer", "insist", "question", "hint"})
_ACKNOWLEDGEMENTS = {
    ("answer", "object"): "answered",
    ("answer", "counter"): "answered",
    ("object_soft", "reason"): "reluctant",
    ("object_direct", "reason"): "rebuffed",
    ("press_back", "reason"): "pressed",
    ("press_back", "offer"): "pressed",
    ("secret_b", "reason"): "pressed",
    ("reason", "press_back"): "considering",
    ("secret_a", "press_back"): "considering",
    ("offer", "counter"): "weighing",
    ("reason", "counter"): "weighing",
    ("accept", "settle"): "pleased",
    ("refuse", "concede"): "disappointed",
}
"""From the act before (with or without its tone) and the act that answers it to a field of `Acknowledge`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a plan: what is said or done, and the kind, tone and driver of its main speech act."""

    side: int
    action: Action
    text: str
    kind: str
    tone: str = ""
    driver: str | None = None


Line = tuple[SpeechAct, str]


class Realizer:
    """Puts the speech acts of one dialogue into words."""

    def __init__(self, spec: DialogueSpec, seed: tuple[object, ...]) -> None:
        self._rng = Rng(*seed, "wording")
        self._writer = LineWriter(spec, self._rng)
        self._acknowledge = spec.phrasebook.acknowledge
        self._styles = self._writer.styles
        self._names = tuple(called(spec.culture, spec.scenario, side).text for side in (0, 1))
        self._times_named = [0, 0]
        self._last_named = [-9, -9]
        self._turn = 0
        self._previous: SpeechAct | None = None

    def steps(self, acts: list[SpeechAct]) -> list[Step]:
        """The turns in words; one without a line, or right after another of the same side, is left out."""
        steps: list[Step] = []
        turns = group_by_turn(acts)
        for index, turn in enumerate(turns):
            # A greeting may ask something only where the other greets back.
            following = turns[index + 1][0].kind if index + 1 < len(turns) else ""
            self._writer.may_ask = turn[-1].kind == "greet" and following == "greet"
            step = self._step(turn)
            if step is None or (steps and steps[-1].side == step.side):
                continue
            steps.append(step)
            self._turn += 1
            self._previous = turn[-1] if turn[-1].kind != "stop" or len(turn) == 1 else turn[-2]
        return steps

    def _step(self, turn: list[SpeechAct]) -> Step | None:
        acts = [act for act in turn if act.kind != "stop"]
        if not acts:
            return Step(turn[0].side, "leave", "", "leave")
        # The main act is the last one of weight; thanks, asides and goodbyes accompany it.
        main = next((act for act in reversed(acts) if not act.extra and act.kind != "farewell"), acts[0])
        driver = main.driver or next((act.driver for act in acts if act.driver), None)
        if main.kind == "silence":
            return Step(main.side, "none", "", "silence", driver=driver)
        if main.kind == "gesture":
            return Step(main.side, "non-verbal", self._writer.write_gesture(main), "gesture", main.tone, driver)
        lines = _within_limit(self._lines(acts))
        if not lines:
            return None
        text = self._joined(lines)
        self._writer.mark_used(text)
        self._writer.mark_used(" ".join(line for _, line in lines))
        action: Action = "leave" if turn[-1].kind in ("stop", "walk_out") else "speak"
        return Step(main.side, action, text, main.kind, main.tone, driver)

    def _lines(self, acts: list[SpeechAct]) -> list[Line]:
        """The lines of a turn, without lead-ins to a question or to thanks, second thanks, and repetitions."""
        written = [(act, self._writer.write(act)) for act in acts]
        lines: list[Line] = []
        for index, (act, text) in enumerate(written):
            following = written[index + 1][1] if index + 1 < len(written) else ""
            needs_no_lead_in = bool(following) and (
                sentences(following)[0].endswith("?") or following.startswith(("Thank", "That's"))
            )
            thanked = any("thank" in line.lower() for _, line in lines)
            if not text or (act.kind == "soften" and needs_no_lead_in) or (act.kind == "thanks" and thanked):
                continue
            if text not in {line for _, line in lines}:
                lines.append((act, text))
        return lines

    def _joined(self, lines: list[Line]) -> str:
        """The lines as one text, with the partner's name or an acknowledgement where there is room for it."""
        act, text = lines[0]
        named = self._with_name(act, text)
        texts = [line for _, line in lines]
        if named is not None:
            texts[0] = named
        elif (
            sum(len(sentences(line)) for line in texts) < MAX_SENTENCES
            and not opens_with_interjection(text)
            and self._rng.chance(0.42)
        ):
            acknowledgement = self._acknowledgement(act)
            if acknowledgement:
                texts = [acknowledgement, *texts]
        return joined(texts)

    def _acknowledgement(self, act: SpeechAct) -> str:
        """A few words that take up what the partner said last; "" where none fit."""
        if self._previous is None:
            return ""
        for before in (f"{self._previous.kind}_{self._previous.tone}", self._previous.kind):
            if (before, act.kind) in _ACKNOWLEDGEMENTS:
                tone = getattr(self._acknowledge, _ACKNOWLEDGEMENTS[before, act.kind])
                return self._writer.write_toned(tone, act.side)
        return ""

    def _with_name(self, act: SpeechAct, text: str) -> str | None:
        """The text with the partner's name in it; None where it gets none."""
        side, name = act.side, self._names[act.side]
        if not name or self._times_named[side] >= 3 or self._turn - self._last_named[side] < 4:
            return None
        me = self._styles[side]
        chance = 0.1 + 0.35 * me.deference + 0.25 * me.formal + 0.12 * me.relation - 0.12 * self._times_named[side]
        if act.kind in _NAME_AFTER and self._rng.chance(chance + 0.2):
            named = call_after(text, name)
        elif act.kind in _NAME_BEFORE and self._rng.chance(chance * 0.6):
            named = call_before(text, name)
        else:
            return None
        if named is not None:
            self._times_named[side] += 1
            self._last_named[side] = self._turn
        return named


def _within_limit(lines: list[Line]) -> list[Line]:
    """The lines without as many extra acts, from the end, as it takes to keep to `MAX_SENTENCES`."""
    lines = list(lines)
    while len(lines) > 1 and sum(len(sentences(text)) for _, text in lines) > MAX_SENTENCES:
        extra = next((line for line in reversed(lines) if line[0].extra), None)
        if extra is None:
            break
        lines.remove(extra)
    return lines

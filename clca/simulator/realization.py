"""Moves into words: the matter's lines, the culture's courtesy, a name now and then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clca.records import Action
from clca.simulator.content_schema import Tone
from clca.simulator.courtesies import gestures, goodbyes, greetings, lead_ins, owed
from clca.simulator.opening import Stage
from clca.simulator.people import address, given_name
from clca.simulator.rng import Rng
from clca.simulator.sentences import (
    absent,
    call_after,
    call_before,
    fill,
    joined,
    key,
    lexicon,
    local,
    opens_with_interjection,
    sentences,
)
from clca.simulator.speech_acts import SpeechAct, turns_of
from clca.simulator.style import GROWN, style

MOST_SENTENCES = 3
_STAID = 20
"""Years from which people use the small words of adults who keep a distance."""
_NAMED_AFTER = frozenset({"greet", "thanks", "farewell", "apology"})
_NAMED_BEFORE = frozenset({"raise", "object", "refuse", "reason", "offer", "insist", "question", "hint"})
_ACKNOWLEDGES = {
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


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a plan: what is said or done, and what it is."""

    side: int
    action: Action
    text: str
    act: str
    tone: str = ""
    driver: str | None = None


class Wording:
    """Words the moves of one play; no sentence is used twice."""

    def __init__(self, stage: Stage, seed: tuple[object, ...]) -> None:
        self.stage, self.dice = stage, Rng(*seed, "wording")
        culture, scenario = stage.culture, stage.scenario
        self.styles = (style(culture, scenario, 0), style(culture, scenario, 1))
        self.formal = any(one.formal or one.rank for one in self.styles)  # both greet in one register
        self.given = tuple(given_name(person, culture) for person in scenario.participants)
        self.values = lexicon(culture, scenario.id) | absent(culture, scenario.id, frozenset(self.given))
        self.names = tuple(address(culture, scenario, side, self.styles[side]) for side in (0, 1))
        self.named = [0, 0]
        self.named_at = [-9, -9]
        self.turn = 0
        self.used: set[str] = set()
        self.before: SpeechAct | None = None
        self.greeted = ""
        self.may_ask = False

    def steps(self, moves: list[SpeechAct]) -> list[Step]:
        found: list[Step] = []
        turns = turns_of(moves)
        for at, turn in enumerate(turns):
            # A greeting may ask something only where the other's words come next.
            after = turns[at + 1][0] if at + 1 < len(turns) else None
            self.may_ask = turn[-1].act == "greet" and after is not None and after.act == "greet"
            step = self._step(turn)
            if step is None:
                continue
            if found and found[-1].side == step.side:
                found[-1] = replace(found[-1], action=step.action) if step.act == "stop" else found[-1]
                continue
            found.append(step)
            self.turn += 1
            self.before = turn[-1] if turn[-1].act != "stop" or len(turn) == 1 else turn[-2]
        return found

    # ------------------------------------------------------------ one turn

    def _step(self, turn: list[SpeechAct]) -> Step | None:
        leaves = turn[-1].act in ("stop", "walk_out")
        core = [move for move in turn if move.act != "stop"]
        if not core:
            return Step(turn[0].side, "leave", "", "leave")
        # What the turn is for: its last move of weight; thanks, asides and goodbyes go along with it.
        first = next((move for move in reversed(core) if not move.extra and move.act != "farewell"), core[0])
        driver = first.driver or next((move.driver for move in core if move.driver), None)
        if first.act == "silence":
            return Step(first.side, "none", "", "silence", driver=driver)
        if first.act == "gesture":
            text = self._gesture(first)
            return Step(first.side, "non-verbal", text, "gesture", first.tone, driver)
        said = self._lines(core)
        if not said:
            return None
        while len(said) > 1 and sum(len(sentences(text)) for _, text in said) > MOST_SENTENCES:
            spare = next((item for item in reversed(said) if item[0].extra), None)
            if spare is None:
                break
            said.remove(spare)
        raw = " ".join(line for _, line in said)
        text = self._spoken(said)
        for sentence in [*sentences(text), *sentences(raw)]:
            self.used.add(key(sentence))
        return Step(first.side, "leave" if leaves else "speak", text, first.act, first.tone, driver)

    def _lines(self, core: list[SpeechAct]) -> list[tuple[SpeechAct, str]]:
        """The lines of a turn, without lead-ins and thanks that the other lines have no room for."""
        parts = [(move, self._line(move)) for move in core]
        said: list[tuple[SpeechAct, str]] = []
        for at, (move, text) in enumerate(parts):
            follow = parts[at + 1][1] if at + 1 < len(parts) else ""
            asks = bool(follow) and (sentences(follow)[0].endswith("?") or follow.startswith(("Thank", "That's")))
            again = any("thank" in line.lower() for _, line in said)
            if not text or (move.act == "soften" and asks) or (move.act == "thanks" and again):
                continue
            if text not in {line for _, line in said}:
                said.append((move, text))
        return said

    def _spoken(self, said: list[tuple[SpeechAct, str]]) -> str:
        move, text = said[0]
        before = "" if self.before is None else self.before.act
        sizes = sum(len(sentences(line)) for _, line in said)
        named = self._with_name(move, text)
        if named is not None:
            said = [(move, named), *said[1:]]
        elif sizes < MOST_SENTENCES and not opens_with_interjection(text) and self.dice.chance(0.42):
            tones = () if self.before is None else (f"{before}_{self.before.tone}", before)
            kind = next((_ACKNOWLEDGES[pair, move.act] for pair in tones if (pair, move.act) in _ACKNOWLEDGES), None)
            small = self._toned(getattr(self.stage.acts.acknowledge, kind), move.side) if kind else ""
            if small:
                said = [(move, small), *said]
        return joined([line for _, line in said])

    def _with_name(self, move: SpeechAct, text: str) -> str | None:
        name, me = self.names[move.side], self.styles[move.side]
        if not name or self.named[move.side] >= 3 or self.turn - self.named_at[move.side] < 4:
            return None
        wish = 0.1 + 0.35 * me.deference + 0.25 * me.formal + 0.12 * me.relation - 0.12 * self.named[move.side]
        if move.act in _NAMED_AFTER and self.dice.chance(wish + 0.2):
            named = call_after(text, name)
        elif move.act in _NAMED_BEFORE and self.dice.chance(wish * 0.6):
            named = call_before(text, name)
        else:
            return None
        if named is not None:
            self.named[move.side] += 1
            self.named_at[move.side] = self.turn
        return named

    # ------------------------------------------------------------ one line

    def _gesture(self, move: SpeechAct) -> str:
        local_ones, matter = self.stage.culture.gestures, self.stage.matter
        scene = move.tone == "scene"
        pool = (matter.gestures_a, matter.gestures_b)[move.side] if scene else getattr(local_ones, move.tone)
        if not scene:
            distant = self.stage.scenario.relationship == "stranger" or self.styles[0].rank != 0
            pool = gestures(pool, distant, self.stage.scenario.setting.lower())
        phrase = self._fresh(pool) or self._fresh(local_ones.unease) or "waits"
        return f"{self.given[move.side]} {phrase.rstrip('.')}."

    def _line(self, move: SpeechAct) -> str:
        matter, acts, courtesy = self.stage.matter, self.stage.acts, self.stage.culture.courtesy
        me = self.styles[move.side]
        match move.act:
            case "greet":
                return self._greeting(move.side)
            case "thanks" | "apology" | "farewell":
                if self._child(move.side):
                    return self._fresh(getattr(acts.child, move.act))
                if move.act == "farewell" and self._child(1 - move.side):
                    return self._fresh(acts.child.sent)
                register = getattr(courtesy, move.act)
                if move.act != "farewell":
                    return self._fresh(register.formal if me.formal else register.familiar)
                return self._fresh(goodbyes(register.formal if self.formal else register.familiar, move.side))
            case "chat_open" | "chat_reply":
                return self._told(matter.chat[move.index][move.act == "chat_reply"])
            case "small_open" | "small_reply":
                return self._told(courtesy.small_talk[move.index][move.act == "small_reply"])
            case "question" | "answer":
                return self._told(matter.questions[move.index][move.act == "answer"])
            case "raise" | "object" | "refuse":
                return self._fresh(getattr(matter, f"{move.act}_{move.tone}"))
            case "counter" | "counter_yes":
                return self._told(getattr(matter, move.act)[move.index])
            case "reason":
                return self._fresh(matter.reasons)
            case "offer":
                return self._told(matter.offers[move.index]) if move.tone == "present" else self._fresh(matter.offers)
            case "soften":
                return self._fresh(lead_ins(courtesy.soften, move.side))
            case "decline":
                return self._fresh(courtesy.decline_ritually)
            case "insist":
                return self._fresh(courtesy.insist)
            case "closing":
                return self._fresh(acts.closing)
            case "walk_out":
                return self._toned(acts.walk_out, move.side)
            case act if isinstance(getattr(acts, act, None), Tone):
                return self._toned(getattr(acts, act), move.side)
            case act:
                return self._fresh(getattr(matter, act))

    def _toned(self, tone: Tone, side: int) -> str:
        formal = self.styles[side].formal and self.stage.scenario.participants[side].age >= _STAID
        return self._fresh(tone.formal if formal else tone.familiar)

    def _child(self, side: int) -> bool:
        return self.stage.scenario.participants[side].age < GROWN

    def _greeting(self, side: int) -> str:
        """A greeting, or what answers the other's: a question is answered, an apology for coming is waved aside."""
        acts, register = self.stage.acts, self.stage.culture.courtesy.greeting
        wants = owed(self.greeted)
        if wants is not None:
            return self._toned(getattr(acts.greet_back, wants), side)
        pool = register.formal if self.formal else register.familiar
        if self._child(side):
            pool = acts.child.greet
        elif self._child(1 - side):
            pool = acts.child.greeted
        else:
            first = not self.greeted
            pool = greetings(pool, may_ask=self.may_ask and first, opens=side == 0 and first)
        self.greeted = self._fresh(pool)
        return self.greeted

    def _told(self, text: str) -> str:
        return local(fill(text, self.values), self.stage.acts.dialects.get(self.stage.culture.id, {}))

    def _fresh(self, pool: tuple[str, ...]) -> str:
        """A line of the pool none of whose sentences was said before; empty when there is none."""
        for text in self.dice.shuffled(pool):
            told = self._told(text)
            if not any(key(sentence) in self.used for sentence in sentences(told)):
                if told and told[0].islower():
                    self.used.add(key(told))
                return told
        return ""

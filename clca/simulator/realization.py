"""Moves into words: the matter's lines, the culture's courtesy, a name now and then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clca.records import Action
from clca.simulator.content_schema import Tone
from clca.simulator.courtesies import gestures, goodbyes, greetings, lead_ins, owed
from clca.simulator.dialogue_spec import DialogueSpec
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
from clca.simulator.speech_acts import SpeechAct, group_by_turn
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
    kind: str
    tone: str = ""
    driver: str | None = None


class Realizer:
    """Words the moves of one play; no sentence is used twice."""

    def __init__(self, spec: DialogueSpec, seed: tuple[object, ...]) -> None:
        self.spec, self.rng = spec, Rng(*seed, "wording")
        culture, scenario = spec.culture, spec.scenario
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

    def steps(self, speech_acts: list[SpeechAct]) -> list[Step]:
        found: list[Step] = []
        turns = group_by_turn(speech_acts)
        for at, turn in enumerate(turns):
            # A greeting may ask something only where the other's words come next.
            after = turns[at + 1][0] if at + 1 < len(turns) else None
            self.may_ask = turn[-1].kind == "greet" and after is not None and after.kind == "greet"
            step = self._step(turn)
            if step is None:
                continue
            if found and found[-1].side == step.side:
                found[-1] = replace(found[-1], action=step.action) if step.kind == "stop" else found[-1]
                continue
            found.append(step)
            self.turn += 1
            self.before = turn[-1] if turn[-1].kind != "stop" or len(turn) == 1 else turn[-2]
        return found

    # ------------------------------------------------------------ one turn

    def _step(self, turn: list[SpeechAct]) -> Step | None:
        leaves = turn[-1].kind in ("stop", "walk_out")
        core = [act for act in turn if act.kind != "stop"]
        if not core:
            return Step(turn[0].side, "leave", "", "leave")
        # What the turn is for: its last move of weight; thanks, asides and goodbyes go along with it.
        first = next((act for act in reversed(core) if not act.extra and act.kind != "farewell"), core[0])
        driver = first.driver or next((act.driver for act in core if act.driver), None)
        if first.kind == "silence":
            return Step(first.side, "none", "", "silence", driver=driver)
        if first.kind == "gesture":
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
        return Step(first.side, "leave" if leaves else "speak", text, first.kind, first.tone, driver)

    def _lines(self, core: list[SpeechAct]) -> list[tuple[SpeechAct, str]]:
        """The lines of a turn, without lead-ins and thanks that the other lines have no room for."""
        parts = [(act, self._line(act)) for act in core]
        said: list[tuple[SpeechAct, str]] = []
        for at, (act, text) in enumerate(parts):
            follow = parts[at + 1][1] if at + 1 < len(parts) else ""
            asks = bool(follow) and (sentences(follow)[0].endswith("?") or follow.startswith(("Thank", "That's")))
            again = any("thank" in line.lower() for _, line in said)
            if not text or (act.kind == "soften" and asks) or (act.kind == "thanks" and again):
                continue
            if text not in {line for _, line in said}:
                said.append((act, text))
        return said

    def _spoken(self, said: list[tuple[SpeechAct, str]]) -> str:
        act, text = said[0]
        before = "" if self.before is None else self.before.kind
        sizes = sum(len(sentences(line)) for _, line in said)
        named = self._with_name(act, text)
        if named is not None:
            said = [(act, named), *said[1:]]
        elif sizes < MOST_SENTENCES and not opens_with_interjection(text) and self.rng.chance(0.42):
            tones = () if self.before is None else (f"{before}_{self.before.tone}", before)
            kind = next((_ACKNOWLEDGES[pair, act.kind] for pair in tones if (pair, act.kind) in _ACKNOWLEDGES), None)
            small = self._toned(getattr(self.spec.phrasebook.acknowledge, kind), act.side) if kind else ""
            if small:
                said = [(act, small), *said]
        return joined([line for _, line in said])

    def _with_name(self, act: SpeechAct, text: str) -> str | None:
        name, me = self.names[act.side], self.styles[act.side]
        if not name or self.named[act.side] >= 3 or self.turn - self.named_at[act.side] < 4:
            return None
        wish = 0.1 + 0.35 * me.deference + 0.25 * me.formal + 0.12 * me.relation - 0.12 * self.named[act.side]
        if act.kind in _NAMED_AFTER and self.rng.chance(wish + 0.2):
            named = call_after(text, name)
        elif act.kind in _NAMED_BEFORE and self.rng.chance(wish * 0.6):
            named = call_before(text, name)
        else:
            return None
        if named is not None:
            self.named[act.side] += 1
            self.named_at[act.side] = self.turn
        return named

    # ------------------------------------------------------------ one line

    def _gesture(self, act: SpeechAct) -> str:
        local_ones, topic = self.spec.culture.gestures, self.spec.topic
        scene = act.tone == "scene"
        pool = (topic.gestures_a, topic.gestures_b)[act.side] if scene else getattr(local_ones, act.tone)
        if not scene:
            distant = self.spec.scenario.relationship == "stranger" or self.styles[0].rank != 0
            pool = gestures(pool, distant, self.spec.scenario.setting.lower())
        phrase = self._fresh(pool) or self._fresh(local_ones.unease) or "waits"
        return f"{self.given[act.side]} {phrase.rstrip('.')}."

    def _line(self, act: SpeechAct) -> str:
        topic, phrasebook, courtesy = self.spec.topic, self.spec.phrasebook, self.spec.culture.courtesy
        me = self.styles[act.side]
        match act.kind:
            case "greet":
                return self._greeting(act.side)
            case "thanks" | "apology" | "farewell":
                if self._child(act.side):
                    return self._fresh(getattr(phrasebook.child, act.kind))
                if act.kind == "farewell" and self._child(1 - act.side):
                    return self._fresh(phrasebook.child.sent)
                register = getattr(courtesy, act.kind)
                if act.kind != "farewell":
                    return self._fresh(register.formal if me.formal else register.familiar)
                return self._fresh(goodbyes(register.formal if self.formal else register.familiar, act.side))
            case "chat_open" | "chat_reply":
                return self._told(topic.chat[act.index][act.kind == "chat_reply"])
            case "small_open" | "small_reply":
                return self._told(courtesy.small_talk[act.index][act.kind == "small_reply"])
            case "question" | "answer":
                return self._told(topic.questions[act.index][act.kind == "answer"])
            case "raise" | "object" | "refuse":
                return self._fresh(getattr(topic, f"{act.kind}_{act.tone}"))
            case "counter" | "counter_yes":
                return self._told(getattr(topic, act.kind)[act.index])
            case "reason":
                return self._fresh(topic.reasons)
            case "offer":
                return self._told(topic.offers[act.index]) if act.tone == "present" else self._fresh(topic.offers)
            case "soften":
                return self._fresh(lead_ins(courtesy.soften, act.side))
            case "decline":
                return self._fresh(courtesy.decline_ritually)
            case "insist":
                return self._fresh(courtesy.insist)
            case "closing":
                return self._fresh(phrasebook.closing)
            case "walk_out":
                return self._toned(phrasebook.walk_out, act.side)
            case kind if isinstance(getattr(phrasebook, kind, None), Tone):
                return self._toned(getattr(phrasebook, kind), act.side)
            case kind:
                return self._fresh(getattr(topic, kind))

    def _toned(self, tone: Tone, side: int) -> str:
        formal = self.styles[side].formal and self.spec.scenario.participants[side].age >= _STAID
        return self._fresh(tone.formal if formal else tone.familiar)

    def _child(self, side: int) -> bool:
        return self.spec.scenario.participants[side].age < GROWN

    def _greeting(self, side: int) -> str:
        """A greeting, or what answers the other's: a question is answered, an apology for coming is waved aside."""
        phrasebook, register = self.spec.phrasebook, self.spec.culture.courtesy.greeting
        wants = owed(self.greeted)
        if wants is not None:
            return self._toned(getattr(phrasebook.greet_back, wants), side)
        pool = register.formal if self.formal else register.familiar
        if self._child(side):
            pool = phrasebook.child.greet
        elif self._child(1 - side):
            pool = phrasebook.child.greeted
        else:
            first = not self.greeted
            pool = greetings(pool, may_ask=self.may_ask and first, opens=side == 0 and first)
        self.greeted = self._fresh(pool)
        return self.greeted

    def _told(self, text: str) -> str:
        return local(fill(text, self.values), self.spec.phrasebook.dialects.get(self.spec.culture.id, {}))

    def _fresh(self, pool: tuple[str, ...]) -> str:
        """A line of the pool none of whose sentences was said before; empty when there is none."""
        for text in self.rng.shuffled(pool):
            told = self._told(text)
            if not any(key(sentence) in self.used for sentence in sentences(told)):
                if told and told[0].islower():
                    self.used.add(key(told))
                return told
        return ""

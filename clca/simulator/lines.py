"""The line of one speech act: from the topic, the phrasebook or the culture's courtesies, none used twice."""

from __future__ import annotations

from clca.culture.everyday import lexicon
from clca.culture.gestures import fitting
from clca.culture.roles import is_at_work, roles
from clca.records import Gesture
from clca.seeding import Rng
from clca.simulator.content_schema import Tone
from clca.simulator.courtesies import expected_reply, goodbyes, greetings, lead_ins
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.people import given_name
from clca.simulator.sentences import absent_names, fill, key, localize, sentences
from clca.simulator.speech_acts import SpeechAct
from clca.simulator.style import ADULT_AGE, style

_SERVING = frozenset({"trader", "tradesman", "shop_manager", "driver"})
_ADULT_REGISTER_AGE = 20
"""Years from which people use the small words of adults who keep a distance."""


def line_values(spec: DialogueSpec) -> dict[str, str]:
    """What each placeholder of a line stands for in this dialogue."""
    given_names = frozenset(given_name(person, spec.culture) for person in spec.scenario.participants)
    return lexicon(spec.culture, spec.scenario.id) | absent_names(spec.culture, spec.scenario.id, given_names)


class LineWriter:
    """Writes the lines of one dialogue; `may_ask` says whether a greeting may ask something."""

    def __init__(self, spec: DialogueSpec, rng: Rng) -> None:
        self.may_ask = False
        self.styles = (style(spec.culture, spec.scenario, 0), style(spec.culture, spec.scenario, 1))
        self._spec, self._rng = spec, rng
        self._formal = any(manner.formal or manner.rank for manner in self.styles)  # both greet in one register
        self._values = line_values(spec)
        self._dialect = spec.phrasebook.dialects.get(spec.culture.id, {})
        self._used: set[str] = set()
        self._greeting = ""

    def mark_used(self, text: str) -> None:
        """Let no later line repeat a sentence of the text."""
        self._used.update(key(sentence) for sentence in sentences(text))

    def write_gesture(self, act: SpeechAct) -> str:
        """A gesture as a sentence about the person who makes it."""
        gesture_lists, topic = self._spec.culture.of_side(act.side).gestures, self._spec.topic
        if act.tone == "scene":
            pool = (topic.gestures_a, topic.gestures_b)[act.side]
        else:
            pool = self._fitting(getattr(gesture_lists, act.tone), act.side)
        phrase = self._unused(pool) or self._unused(self._fitting(gesture_lists.unease, act.side)) or "waits"
        return f"{given_name(self._spec.scenario.participants[act.side], self._spec.culture)} {phrase.rstrip('.')}."

    def _fitting(self, gestures: tuple[Gesture, ...], side: int) -> tuple[str, ...]:
        me, other = self._spec.scenario.participants[side], self._spec.scenario.participants[1 - side]
        upward = other.age > me.age or self.styles[side].rank < 0
        near = self._spec.scenario.relationship != "stranger" and self.styles[0].rank == 0
        return fitting(gestures, self._spec.scenario, touch=near, upward=upward)

    def write(self, act: SpeechAct) -> str:
        """The line of a speech act; "" where every fitting one was used."""
        topic, phrasebook = self._spec.topic, self._spec.phrasebook
        courtesy = self._spec.culture.of_side(act.side).courtesy
        match act.kind:
            case "greet":
                return self._write_greeting(act.side)
            case "thanks" | "apology" | "farewell":
                return self._write_courtesy(act)
            case "chat_open" | "chat_reply":
                return self._localized(topic.chat[act.index][act.kind == "chat_reply"])
            case "small_open" | "small_reply":  # of the place, which one of its people opens
                return self._localized(self._spec.culture.courtesy.small_talk[act.index][act.kind == "small_reply"])
            case "question" | "answer":
                return self._localized(topic.questions[act.index][act.kind == "answer"])
            case "raise" | "object" | "refuse":
                return self._unused(getattr(topic, f"{act.kind}_{act.tone}"))
            case "counter" | "counter_yes":
                return self._localized(getattr(topic, act.kind)[act.index])
            case "reason":
                return self._unused(topic.reasons)
            case "offer" if act.tone == "present":
                return self._localized(topic.offers[act.index])
            case "offer":
                return self._unused(topic.offers)
            case "soften":
                return self._unused(lead_ins(courtesy.soften, act.side))
            case "decline":
                return self._unused(courtesy.decline_ritually)
            case "insist":
                return self._unused(courtesy.insist)
            case "closing":
                return self._unused(phrasebook.closing)
            case kind if isinstance(tone := getattr(phrasebook, kind, None), Tone):
                return self.write_toned(tone, act.side)
            case kind:
                return self._unused(getattr(topic, kind))

    def write_toned(self, tone: Tone, side: int) -> str:
        """A phrase in the register in which the side speaks to the other."""
        adult = self._spec.scenario.participants[side].age >= _ADULT_REGISTER_AGE
        return self._unused(tone.formal if self.styles[side].formal and adult else tone.familiar)

    def _write_courtesy(self, act: SpeechAct) -> str:
        phrases = self._spec.phrasebook.child
        if self._is_child(act.side):
            return self._unused(getattr(phrases, act.kind))
        register = getattr(self._spec.culture.of_side(act.side).courtesy, act.kind)
        if act.kind != "farewell":
            return self._unused(register.formal if self.styles[act.side].formal else register.familiar)
        if self._is_child(1 - act.side):
            return self._unused(phrases.sent)
        return self._unused(goodbyes(register.formal if self._formal else register.familiar, act.side))

    def _write_greeting(self, side: int) -> str:
        """A greeting, or the reply to the other's: a question is answered, an apology for coming is waved aside."""
        phrasebook, register = self._spec.phrasebook, self._spec.culture.of_side(side).courtesy.greeting
        reply = expected_reply(self._greeting)
        if reply is not None:
            return self.write_toned(getattr(phrasebook.greet_back, reply), side)
        pool = register.formal if self._formal else register.familiar
        if self._is_child(side):
            pool = phrasebook.child.greet
        elif self._is_child(1 - side):
            pool = phrasebook.child.greeted
        else:
            first = not self._greeting
            other = self._spec.scenario.participants[1 - side]
            pool = greetings(
                pool,
                may_ask=self.may_ask and first,
                opens=side == 0 and first,
                first=first,
                at_work=is_at_work(other.occupation) and not self._serves(side),
            )
        self._greeting = self._unused(pool) or self._unused(pool, short_again=True)
        return self._greeting

    def _serves(self, side: int) -> bool:
        """Whether it is the side itself that is at work when the two meet: in its shop or in its trade."""
        scenario = self._spec.scenario
        return scenario.relationship != "colleague" and not _SERVING.isdisjoint(
            roles(scenario.participants[side].occupation)
        )

    def _is_child(self, side: int) -> bool:
        return self._spec.scenario.participants[side].age < ADULT_AGE

    def _localized(self, text: str) -> str:
        return localize(fill(text, self._values), self._dialect)

    def _unused(self, pool: tuple[str, ...], *, short_again: bool = False) -> str:
        """A random line of the pool without a sentence that was used before; "" where there is none.

        With `short_again` a sentence of one word ("Hello.") may come again.
        """
        for text in self._rng.shuffled(pool):
            line = self._localized(text)
            fresh = (said for said in sentences(line) if not (short_again and " " not in said.strip()))
            if not any(key(sentence) in self._used for sentence in fresh):
                if line and line[0].islower():  # a phrase that will stand inside a sentence
                    self._used.add(key(line))
                return line
        return ""

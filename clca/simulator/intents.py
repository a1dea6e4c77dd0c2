"""The intent of a turn as a short free text, with the culture's reason where there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clca.culture.everyday import lexicon
from clca.records import Culture, Participant, Scenario, Turn
from clca.schemas import INTENT_LENGTH, THOUGHT_LENGTH, IntentAnswer
from clca.seeding import Rng
from clca.simulator.adaptation import clip
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_plan import Plan, PlanCache
from clca.simulator.features import cues_in
from clca.simulator.people import PRONOUNS, given_name
from clca.simulator.sentences import fill, sentences
from clca.simulator.style import style
from clca.simulator.topic import topic_for
from clca.words import content_stems

Act = tuple[str, str | None]
"""The kind of a speech act, and the driver that shaped it (None where nothing in the culture did)."""

_WORDS_OF_DRIVERS = {
    "hierarchy": "senior seniority superior rank title authority contradict",
    "age": "age elder older younger respect",
    "harmony": "face refusal mood unspoken indirect difficult disagreement",
    "candour": "direct directly plain plainly open honest frank",
    "ease": "cheerful friendly warm smile joke",
    "equality": "equal informal colleague boss",
    "choice": "choice privacy decide impose",
    "relation": "relationship guest visit personal greet greeting",
    "uncertainty": "plan agreement rule punctual appointment detail",
    "ritual": "declined offer insist accept accepted gift",
    "silence": "silence silent pause",
    "respect": "respect polite politely address title form",
    "group": "family group relative community",
}
"""Words that customs have in common with what drives a speech act."""

_AFTER_FIRST_CLAUSE = re.compile(r"[.!?;].*$", re.S)


def label_intent(
    content: SimulatorContent,
    plans: PlanCache,
    culture: Culture,
    scenario: Scenario,
    turns: tuple[Turn, ...],
    dialogue_seed: int,
) -> IntentAnswer:
    """The intent of the last turn: from the plan where the turn is the planned one, from cues otherwise."""
    if not turns:
        return IntentAnswer(intent="Nobody wants anything yet", custom=0)
    side = _side(scenario, turns, len(turns) - 1)
    seed = (culture.id, scenario.id, dialogue_seed)
    earlier = _planned_acts(plans, culture, scenario, turns, dialogue_seed)
    kind, driver = earlier.pop() if earlier else _guess_act(content, culture, scenario, side, turns)
    frames = content.phrasebook.intent
    phrases = frames.acts.get(kind) or frames.acts["other"]
    me, other = scenario.participants[side], scenario.participants[1 - side]
    # A goal is named once on each side, and only a short one; all phrases are used before one is repeated.
    kinds = [earlier_kind for earlier_kind, _ in earlier]
    goal_named = any(earlier_kind.split("_")[0] == kind.split("_")[0] for earlier_kind in kinds)
    usable = [phrase for phrase in phrases if "{goal}" not in phrase or not (goal_named or len(me.goal) > 90)]
    text = fill(
        _nth_phrase(usable or list(phrases), kinds.count(kind), seed, kind),
        {
            "other": given_name(other, culture),
            "goal": goal_phrase(me),
            "pro_obj": PRONOUNS[me.gender][1],
            "culture": culture.name_in_text,
        },
    )
    reasons = frames.why.get(driver or "", ())
    reasons_given = sum(earlier_driver == driver for _, earlier_driver in earlier)
    custom = 0
    if reasons_given < len(reasons):
        reason = fill(_nth_phrase(reasons, reasons_given, seed, driver), {"culture": place_name(culture.of_side(side))})
        custom = _custom(culture.of_side(side), f"{reason} {_WORDS_OF_DRIVERS.get(driver or '', '')}")
        text = f"{text}, {reason}" if custom else text
    return IntentAnswer(intent=clip(f"{given_name(me, culture)} wants to {text}.", INTENT_LENGTH), custom=custom)


def planned_thought(content: SimulatorContent, plan: Plan, index: int, culture: Culture, scenario: Scenario) -> str:
    """What the speaker of a planned turn thinks before it."""
    step = plan.steps[index]
    acts = content.phrasebook.intent.acts
    phrases = acts.get(f"{step.kind}_{step.tone}") or acts.get(step.kind) or acts["other"]
    usable = [phrase for phrase in phrases if "{goal}" not in phrase] or list(phrases)
    other = scenario.participants[1 - step.side]
    words = {
        "other": given_name(other, culture),
        "pro_obj": "me",
        "goal": goal_phrase(scenario.participants[step.side]),
    }
    return clip(f"I want to {fill(usable[index % len(usable)], words)}.", THOUGHT_LENGTH)


def _custom(culture: Culture, text: str) -> int:
    """The number of the custom that has most words in common with a text, the first of equals; 0 without one."""
    stems = content_stems(text)
    shared = [len(stems & content_stems(custom)) for custom in culture.customs]
    return shared.index(max(shared)) + 1 if any(shared) else 0


def _nth_phrase(phrases: Sequence[str], n: int, seed: tuple[object, ...], subject: str | None) -> str:
    """The phrase for the nth mention (from 0) of a subject in a dialogue."""
    return Rng(*seed, subject, "intent").shuffled(phrases)[n % len(phrases)]


def goal_phrase(person: Participant) -> str:
    """The person's goal as 'to ...'."""
    goal = _AFTER_FIRST_CLAUSE.sub("", person.goal.strip())
    first_word, _, other_words = goal.partition(" ")
    first_word = first_word.lower() if first_word[:1].isupper() and first_word[1:].islower() else first_word
    return f"{first_word} {other_words}".strip() if first_word == "to" else f"to {first_word} {other_words}".strip()


def place_name(culture: Culture) -> str:
    """The culture's name as it reads after 'in'."""
    return culture.name_in_text.partition(" (")[0]  # 'Iraq (Arabic-speaking)' is still Iraq


def _side(scenario: Scenario, turns: tuple[Turn, ...], index: int) -> int:
    """The side that took the turn; where its speaker is no participant, the sides alternate."""
    names = [person.name for person in scenario.participants]
    speaker = turns[index].speaker
    return names.index(speaker) if speaker in names else index % 2


def _planned_acts(
    plans: PlanCache, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], dialogue_seed: int
) -> list[Act]:
    """The acts of all turns; empty where the last turn is not the planned one."""
    last = len(turns) - 1
    steps = plans.plan(culture, scenario, dialogue_seed, _side(scenario, turns, 0)).steps
    if last >= len(steps) or (steps[last].text, steps[last].action) != (turns[last].text, turns[last].action):
        return []
    acts: list[Act] = []
    for step in steps[: last + 1]:
        kind = step.kind
        if not step.text and step.action == "leave":
            kind = "leave"
        if step.tone in ("direct", "soft"):
            kind = f"{step.kind}_{step.tone}"
        elif step.kind == "gesture":
            kind = "gesture_first" if not acts and step.tone == "scene" else f"gesture_{step.tone}"
        elif step.kind == "greet" and any(earlier in ("greet", "gesture_greeting") for earlier, _ in acts):
            kind = "greet_back"
        acts.append((kind, step.driver))
    return acts


def _guess_act(
    content: SimulatorContent, culture: Culture, scenario: Scenario, side: int, turns: tuple[Turn, ...]
) -> Act:
    turn = turns[-1]
    if turn.action == "none":
        return "silence", None
    if turn.action == "non-verbal":
        return "gesture_scene", None
    if turn.action == "leave" and not turn.text:
        return "leave", None
    kind = _topic_line_kind(content, culture, scenario, turn)
    return (kind, None) if kind is not None else _act_from_cues(content, culture, scenario, side, turns)


def _topic_line_kind(content: SimulatorContent, culture: Culture, scenario: Scenario, turn: Turn) -> str | None:
    """The kind of act of a turn that holds a line of the scenario's topic; None where it holds none."""
    topic = topic_for(content, culture, scenario)
    values = lexicon(culture, scenario.id)
    spoken = set(sentences(turn.text))
    for name in type(topic).model_fields:
        lines = getattr(topic, name)
        if not isinstance(lines, tuple) or name.startswith(("gestures", "chat", "questions")):
            continue
        if any(spoken & set(sentences(fill(line, values))) for line in lines):
            return {"reasons": "reason", "offers": "offer"}.get(name, name)
    return None


def _act_from_cues(
    content: SimulatorContent, culture: Culture, scenario: Scenario, side: int, turns: tuple[Turn, ...]
) -> Act:
    """The act whose cues the last turn holds most of."""
    text = turns[-1].text
    scores = {kind: len(cues_in(text, cues)) for kind, cues in content.phrasebook.intent.cues.items()}
    scores["greet" if len(turns) > 3 else "farewell"] = 0
    best = max(scores, key=lambda kind: scores[kind])
    if scores[best] == 0:
        best = "question" if text.rstrip().endswith("?") else "other"
    manner = style(culture, scenario, side)
    if best.endswith("_soft") and manner.deference > 0.4:
        return best, "hierarchy" if manner.rank < 0 else "age"
    return best, None

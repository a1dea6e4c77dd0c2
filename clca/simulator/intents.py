"""What a turn is for, in a short free text, with the culture's reason where there is one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clca.records import Culture, Participant, Scenario, Turn
from clca.schemas import IntentAnswer
from clca.simulator.adaptation import clip
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_plan import PlanCache
from clca.simulator.people import PRONOUNS, given_name
from clca.simulator.rng import Rng
from clca.simulator.sentences import fill, lexicon, sentences, words
from clca.simulator.style import style
from clca.simulator.topic import matter_for

_TAIL = re.compile(r"[.!?;].*$", re.S)


def label_intent(
    book: SimulatorContent,
    plans: PlanCache,
    culture: Culture,
    scenario: Scenario,
    turns: tuple[Turn, ...],
    dialogue_seed: int,
) -> IntentAnswer:
    """The intent of the last turn: from the plan where the turn is the planned one, from cues otherwise."""
    if not turns:
        return IntentAnswer(intent="Nothing has been said yet", relevance="generic")
    at, turn = len(turns) - 1, turns[-1]
    side = _side(scenario, turns, at)
    seed = (culture.id, scenario.id, dialogue_seed)
    earlier = _planned(plans, culture, scenario, turns, dialogue_seed)
    act, driver = earlier.pop() if earlier else _guessed(book, culture, scenario, side, turn, turns)
    frames = book.acts.intent
    phrases = frames.acts.get(act) or frames.acts["other"]
    me, other = scenario.participants[side], scenario.participants[1 - side]
    # A goal is named once on each side, and where it is short; nothing is said twice before all has been said once.
    before = [name for name, _ in earlier]
    told = any(name.split("_")[0] == act.split("_")[0] for name in before)
    free = [phrase for phrase in phrases if "{goal}" not in phrase or not (told or len(me.goal) > 90)] or list(phrases)
    text = fill(
        _next(free, before.count(act), seed, act),
        {
            "other": given_name(other, culture),
            "goal": goal_phrase(me),
            "pro_obj": PRONOUNS[me.gender][1],
            "culture": culture.name,
        },
    )
    reasons = frames.why.get(driver or "", ())
    nth = sum(why == driver for _, why in earlier)
    shaped = nth < len(reasons)
    if shaped:
        why = fill(_next(reasons, nth, seed, driver), {"culture": place_name(culture)})
        text = f"{text}, {why}"
    return IntentAnswer(
        intent=clip(f"{given_name(me, culture)} {text}.", 300), relevance="cultural" if shaped else "generic"
    )


def _next(phrases: Sequence[str], nth: int, seed: tuple[object, ...], what: str | None) -> str:
    """The phrase for the nth time that something is told of in a dialogue."""
    return Rng(*seed, what, "intent").shuffled(phrases)[nth % len(phrases)]


def goal_phrase(person: Participant) -> str:
    """A goal as 'to ...'."""
    goal = _TAIL.sub("", person.goal.strip())
    first, _, rest = goal.partition(" ")
    first = first.lower() if first[:1].isupper() and first[1:].islower() else first
    return f"{first} {rest}".strip() if first == "to" else f"to {first} {rest}".strip()


def place_name(culture: Culture) -> str:
    """The culture's name as it reads after 'in'."""
    name = culture.name.partition(" (")[0]  # 'Iraq (Arabic-speaking)' is still Iraq
    return f"the {name}" if name.startswith(("United ", "Netherlands", "Philippines")) else name


def _side(scenario: Scenario, turns: tuple[Turn, ...], at: int) -> int:
    """Whose turn it was: speakers are '0'/'1' while a dialogue runs, names in files."""
    speaker = turns[at].speaker
    if speaker in ("0", "1"):
        return int(speaker)
    names = [person.name for person in scenario.participants]
    return names.index(speaker) if speaker in names else at % 2


def _planned(
    plans: PlanCache, culture: Culture, scenario: Scenario, turns: tuple[Turn, ...], dialogue_seed: int
) -> list[tuple[str, str | None]]:
    """(act, driver) of every turn up to the last; empty where the last turn is not the planned one."""
    at, turn = len(turns) - 1, turns[-1]
    plan = plans.plan(culture, scenario, dialogue_seed, _side(scenario, turns, 0))
    if at >= len(plan.steps) or (plan.steps[at].text, plan.steps[at].action) != (turn.text, turn.action):
        return []
    found: list[tuple[str, str | None]] = []
    for step in plan.steps[: at + 1]:
        name = "leave" if not step.text and step.action == "leave" else step.act
        if step.tone in ("direct", "soft"):
            name = f"{step.act}_{step.tone}"
        elif step.act == "gesture":
            name = f"gesture_{step.tone if found or step.tone != 'scene' else 'first'}"
        elif step.act == "greet" and any(act in ("greet", "gesture_greeting") for act, _ in found):
            name = "greet_back"
        found.append((name, step.driver))
    return found


def _guessed(
    book: SimulatorContent, culture: Culture, scenario: Scenario, side: int, turn: Turn, turns: tuple[Turn, ...]
) -> tuple[str, str | None]:
    if turn.action == "none":
        return "silence", None
    if turn.action == "non-verbal":
        return "gesture_scene", None
    if turn.action == "leave" and not turn.text:
        return "leave", None
    return _from_matter(book, culture, scenario, turn) or _from_cues(book, culture, scenario, side, turn, turns)


def _from_matter(
    book: SimulatorContent, culture: Culture, scenario: Scenario, turn: Turn
) -> tuple[str, str | None] | None:
    """The act of a line that belongs to the scenario's matter, whoever planned it."""
    matter = matter_for(book, culture, scenario)
    values = lexicon(culture, scenario.id)
    said = set(sentences(turn.text))
    for name in type(matter).model_fields:
        value = getattr(matter, name)
        if not isinstance(value, tuple) or name.startswith(("gestures", "chat", "questions")):
            continue
        if any(said & set(sentences(fill(line, values))) for line in value):
            return {"reasons": "reason", "offers": "offer"}.get(name, name), None
    return None


def _from_cues(
    book: SimulatorContent, culture: Culture, scenario: Scenario, side: int, turn: Turn, turns: tuple[Turn, ...]
) -> tuple[str, str | None]:
    low = f" {' '.join(words(turn.text))} "
    scores = {
        act: sum(1 for cue in cues if f" {' '.join(words(cue))} " in low) for act, cues in book.acts.intent.cues.items()
    }
    if len(turns) > 3:
        scores["greet"] = 0
    else:
        scores["farewell"] = 0
    best = max(scores, key=lambda act: scores[act])
    if scores[best] == 0:
        best = "question" if turn.text.rstrip().endswith("?") else "other"
    manner = style(culture, scenario, side)
    if best.endswith("_soft") and manner.deference > 0.4:
        return best, "hierarchy" if manner.rank < 0 else "age"
    return best, None

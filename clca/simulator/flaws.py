"""Planted flaws: dialogues that go wrong on purpose, so that the judge can be measured.

A dialogue gets a flaw with probability `SHARE`, drawn from its seed alone. Three flaws are for the judge to find
(`circling`, `off_setting`, `misaligned`), some of them faint, so that it can err; the other four break a rule of
degeneration and end the dialogue.
"""

from __future__ import annotations

from dataclasses import replace

from clca.seeding import Rng
from clca.simulator.content import SimulatorContent
from clca.simulator.dialogue_spec import DialogueSpec
from clca.simulator.lines import line_values
from clca.simulator.realization import Step
from clca.simulator.sentences import fill, lower_first, sentences
from clca.simulator.style import style
from clca.words import upper_first

SHARE = 0.14
WEIGHTS = {
    "circling": 0.28,
    "off_setting": 0.26,
    "misaligned": 0.28,
    "repeats": 0.05,
    "speaks_for_partner": 0.05,
    "changes_language": 0.04,
    "leaves_at_once": 0.04,
}

Flawed = tuple[list[Step], int]
"""The steps with a flaw, and the index of the first one that shows it."""

_SMALL_KINDS = """
greet chat_open chat_reply small_open small_reply farewell thanks question answer hint hint_back gesture thanks_reply
regret closing soften
"""
_NOT_REPEATABLE = frozenset(_SMALL_KINDS.split())
_KEEPS_MANNERS = frozenset({"greet", "farewell", "chat_reply", "small_reply"})


def draw_flaw(seed: tuple[object, ...]) -> str | None:
    """The flaw that a dialogue is to have, or None."""
    rng = Rng(*seed, "flaw")
    return rng.weighted_choice(WEIGHTS) if rng.chance(SHARE) else None


def plant(
    content: SimulatorContent, spec: DialogueSpec, seed: tuple[object, ...], steps: list[Step]
) -> tuple[list[Step], str | None, int]:
    """The steps with the flaw drawn for them, its name, and the index of the first step that shows it.

    The steps stay as they are, with None and 0, where no flaw is drawn or the dialogue is too short for it.
    """
    flaw = draw_flaw(seed)
    spoken = [index for index, step in enumerate(steps) if step.action == "speak"]
    if flaw is None or len(spoken) < 4:
        return steps, None, 0
    rng = Rng(*seed, "plant")
    flawed: Flawed | None
    match flaw:
        case "circling":
            flawed = _circling(content, spec, rng, steps)
        case "off_setting":
            flawed = _off_setting(content, spec, rng, steps)
        case "misaligned":
            flawed = _misaligned(content, spec, rng, steps)
        case "repeats":
            flawed = _repeats(spec, rng, steps)
        case "speaks_for_partner":
            flawed = _speaks_for_partner(spec, steps, rng.choice(spoken[len(spoken) // 3 :]))
        case "changes_language":
            flawed = _changes_language(content, spec, rng, steps, spoken)
        case _:
            flawed = _leaves_at_once(steps, 0 if rng.chance(0.4) else 1)
    return (steps, None, 0) if flawed is None else (flawed[0], flaw, flawed[1])


def _circling(content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step]) -> Flawed | None:
    """Both sides say over and over what they said before, instead of coming to an end."""
    cut = max(4, len(steps) * 2 // 3)
    if steps[cut - 1].action == "leave":
        cut -= 1
    kept = steps[:cut]
    lines = (_repeatable(kept, 0)[-2:], _repeatable(kept, 1)[-2:])
    if not lines[0] or not lines[1]:
        return None
    first = len(kept)
    repeats = min(3 + int(rng.uniform() * 6), spec.max_turns - len(kept))
    if repeats < 3:
        return None
    phrases = content.phrasebook.plants
    lead_ins, endings = rng.shuffled(phrases.again), rng.shuffled(phrases.again_end)
    for repeat in range(repeats):
        side = 1 - kept[-1].side
        line = lines[side][repeat // 2 % len(lines[side])]
        lead_in = lead_ins[repeat % len(lead_ins)]
        lowered = lower_first(line)
        text = f"{lead_in} {lowered}" if lowered and repeat % 3 != 2 else f"{line} {endings[repeat % len(endings)]}"
        kept.append(Step(side, "speak", text, "other"))
    kept[-1] = replace(kept[-1], action="leave")
    return kept, first


def _repeatable(steps: list[Step], side: int) -> list[str]:
    """The last two sentences of each turn of a side that is about the topic and has five words or more."""
    spoken = [step for step in steps if step.side == side and step.action == "speak"]
    texts = [step.text for step in spoken if step.kind not in _NOT_REPEATABLE]
    return [" ".join(sentences(text)[-2:]) for text in texts if len(text.split()) >= 5]


def _off_setting(content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step]) -> Flawed | None:
    """The dialogue slides into the topic of another scenario."""
    family = spec.scenario.id.split("-")[0]
    others = [topic_id for topic_id in sorted(content.topics) if topic_id.split("-")[0] != family]
    if not others:
        return None
    other = content.topics[rng.choice(others)]
    if spec.max_turns < 8 or len(steps) < 6:
        return None
    first = min(max(3, int(len(steps) * (0.4 + 0.35 * rng.uniform()))), len(steps) - 1, spec.max_turns - 3)
    values = line_values(spec)
    slide = rng.choice(content.phrasebook.plants.slide)
    pools = [
        other.raise_direct,
        other.object_direct,
        other.reasons,
        other.press_back,
        other.reasons[1:],
        other.accept,
        other.settle,
    ]
    kept = steps[:first]
    turns = min(spec.max_turns - first, 3 + int(rng.uniform() * 5))
    used: set[str] = set()
    for index, pool in enumerate(pools[:turns]):
        line = rng.choice([line for line in pool if line not in used] or list(pool))
        used.add(line)
        text = fill(line, values)
        kept.append(Step(1 - kept[-1].side, "speak", f"{slide} {text}" if index == 0 else text, "other"))
    kept[-1] = replace(kept[-1], action="leave")
    return kept, first


def _misaligned(content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step]) -> Flawed | None:
    """One side forgets its manners: it is brusque, or stiff among people who are close."""
    styles = (style(spec.culture, spec.scenario, 0), style(spec.culture, spec.scenario, 1))
    close = all(manner.close and manner.deference < 0.35 for manner in styles)
    if styles[0].deference != styles[1].deference:
        side = int(styles[1].deference > styles[0].deference)
    else:
        side = int(rng.chance(0.5))
    phrases = content.phrasebook.plants
    lines = rng.shuffled(phrases.stiff if close else phrases.brusque)
    turns = [
        index
        for index, step in enumerate(steps)
        if index > 0 and step.side == side and step.action == "speak" and step.kind not in _KEEPS_MANNERS
    ]
    if not turns:
        return None
    changed = list(steps)
    turns = turns[-1 - int(rng.uniform() * 4) :]
    for position, index in enumerate(turns):
        line = lines[position % len(lines)]
        if rng.chance(0.6) or position == 0:
            line = " ".join([line, *sentences(steps[index].text)[:1]])
        changed[index] = replace(steps[index], text=upper_first(line), driver=None)
    return changed, turns[0]


def _repeats(spec: DialogueSpec, rng: Rng, steps: list[Step]) -> Flawed | None:
    """Each side says one and the same sentence three times."""
    long = [step for step in steps if step.action == "speak" and len(step.text.split()) >= 6]
    first = min(len(steps) - 1, spec.max_turns - 6)
    if not long or first < 1:
        return None
    lines = [rng.choice([step.text for step in long if step.side == side] or [long[-1].text]) for side in (0, 1)]
    kept = steps[:first]
    for _ in range(6):
        side = 1 - kept[-1].side
        kept.append(Step(side, "speak", lines[side], "other"))
    return kept, first


def _speaks_for_partner(spec: DialogueSpec, steps: list[Step], index: int) -> Flawed:
    """The turn goes on with the partner's answer."""
    step = steps[index]
    partner = spec.scenario.participants[1 - step.side].name
    answer = steps[index + 1].text if index + 1 < len(steps) else ""
    text = f"{step.text}\n{partner}: {answer or 'All right, I will think about it.'}"
    return [*steps[:index], replace(step, text=text), *steps[index + 1 :]], index


def _changes_language(
    content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step], spoken: list[int]
) -> Flawed:
    """One turn is in the culture's own language, or in another one where that has no lines."""
    lines = content.phrasebook.plants.tongues
    own = spec.culture.language
    language = own if own in lines else rng.choice(sorted(lines))
    index = rng.choice(spoken[len(spoken) // 3 :])
    return [*steps[:index], replace(steps[index], text=rng.choice(lines[language])), *steps[index + 1 :]], index


def _leaves_at_once(steps: list[Step], side: int) -> Flawed:
    """Somebody leaves in the first exchange."""
    index = min(side, len(steps) - 1)
    return [*steps[:index], replace(steps[index], action="leave", text="", kind="leave")], index

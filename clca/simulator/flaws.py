"""Planted flaws: what goes wrong on purpose, how often, so that the judge can be measured.

A play has a flaw with probability `SHARE`, drawn from the play alone. Three flaws are for the
judge to find (`circling`, `off_setting`, `misaligned`), some of them faint, so that a judge can err; four are
 stopped by the turn loop's own rules.
"""

from __future__ import annotations

from dataclasses import replace

from clca.simulator.content import SimulatorContent
from clca.simulator.content_schema import Topic
from clca.simulator.opening import DialogueSpec
from clca.simulator.realization import Realizer, Step
from clca.simulator.rng import Rng
from clca.simulator.sentences import fill, lower_first, sentences, upper_first
from clca.simulator.style import style

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


def flaw_of(seed: tuple[object, ...]) -> str | None:
    """The flaw that a play is to have."""
    rng = Rng(*seed, "flaw")
    return rng.weighted_choice(WEIGHTS) if rng.chance(SHARE) else None


def plant(
    content: SimulatorContent, spec: DialogueSpec, seed: tuple[object, ...], steps: list[Step]
) -> tuple[list[Step], str | None, int]:
    """The steps with their flaw, its name, and the first turn that shows it."""
    flaw = flaw_of(seed)
    spoken = [at for at, step in enumerate(steps) if step.action == "speak"]
    if flaw is None or len(spoken) < 4:
        return steps, None, 0
    rng = Rng(*seed, "plant")
    made: tuple[list[Step], int] | None
    match flaw:
        case "circling":
            made = _circling(content, spec, rng, steps)
        case "off_setting":
            made = _off_setting(content, spec, seed, rng, steps)
        case "misaligned":
            made = _misaligned(content, spec, rng, steps)
        case "repeats":
            made = _repeats(spec, rng, steps)
        case "speaks_for_partner":
            made = _speaks_for_partner(spec, rng, steps, spoken)
        case "changes_language":
            made = _changes_language(content, spec, rng, steps, spoken)
        case _:
            at = 0 if rng.chance(0.4) else 1
            at = min(at, len(steps) - 1)
            made = [*steps[:at], replace(steps[at], action="leave", text="", kind="leave")], at
    return (steps, None, 0) if made is None else (made[0], flaw, made[1])


def _talk(steps: list[Step], side: int) -> list[str]:
    """What a side said that bears repeating: content, one or two sentences."""
    skip = {
        "greet",
        "chat_open",
        "chat_reply",
        "small_open",
        "small_reply",
        "farewell",
        "thanks",
        "question",
        "answer",
        "hint",
        "hint_back",
        "gesture",
        "thanks_reply",
        "regret",
        "closing",
        "soften",
    }
    lines = [step.text for step in steps if step.side == side and step.action == "speak" and step.kind not in skip]
    return [" ".join(sentences(text)[-2:]) for text in lines if len(text.split()) >= 5]


def _circling(
    content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step]
) -> tuple[list[Step], int] | None:
    cut = max(4, len(steps) * 2 // 3)
    if steps[cut - 1].action == "leave":
        cut -= 1
    kept = steps[:cut]
    pools = (_talk(kept, 0)[-2:], _talk(kept, 1)[-2:])
    if not pools[0] or not pools[1]:
        return None
    since = len(kept)
    rounds = min(3 + int(rng.uniform() * 6), spec.max_turns - len(kept))
    if rounds < 3:
        return None
    before, after = rng.shuffled(content.phrasebook.plants.again), rng.shuffled(content.phrasebook.plants.again_end)
    for number in range(rounds):
        side = (kept[-1].side + 1) % 2
        line = pools[side][number // 2 % len(pools[side])]
        opening = before[number % len(before)]
        lowered = lower_first(line)
        text = f"{opening} {lowered}" if lowered and (number % 3 != 2) else f"{line} {after[number % len(after)]}"
        kept.append(Step(side, "speak", text, "other"))
    kept[-1] = replace(kept[-1], action="leave")
    return kept, since


def _other_topic(content: SimulatorContent, spec: DialogueSpec, rng: Rng) -> Topic | None:
    mine = spec.scenario.id.split("-")[0]
    others = [name for name in sorted(content.topics) if name.split("-")[0] != mine]
    return content.topics[rng.choice(others)] if others else None


def _off_setting(
    content: SimulatorContent, spec: DialogueSpec, seed: tuple[object, ...], rng: Rng, steps: list[Step]
) -> tuple[list[Step], int] | None:
    other = _other_topic(content, spec, rng)
    if other is None or spec.max_turns < 8 or len(steps) < 6:
        return None
    since = min(max(3, int(len(steps) * (0.4 + 0.35 * rng.uniform()))), len(steps) - 1, spec.max_turns - 3)
    values = Realizer(spec, seed).values
    side = (steps[since - 1].side + 1) % 2
    slide = rng.choice(content.phrasebook.plants.slide)
    first = [
        other.raise_direct,
        other.object_direct,
        other.reasons,
        other.press_back,
        other.reasons[1:],
        other.accept,
        other.settle,
    ]
    kept = steps[:since]
    count = min(spec.max_turns - since, 3 + int(rng.uniform() * 5))
    used: set[str] = set()
    for number in range(min(count, len(first))):
        pool = [line for line in first[number] if line not in used] or list(first[number])
        line = rng.choice(pool)
        used.add(line)
        text = fill(line, values)
        kept.append(Step(side, "speak", f"{slide} {text}" if number == 0 else text, "other"))
        side = 1 - side
    kept[-1] = replace(kept[-1], action="leave")
    return kept, since


def _misaligned(
    content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step]
) -> tuple[list[Step], int] | None:
    styles = (style(spec.culture, spec.scenario, 0), style(spec.culture, spec.scenario, 1))
    easy = all(one.close for one in styles) and all(one.deference < 0.35 for one in styles)
    side = (
        0
        if styles[0].deference > styles[1].deference
        else 1
        if styles[1].deference > styles[0].deference
        else int(rng.chance(0.5))
    )
    pool = rng.shuffled(content.phrasebook.plants.stiff if easy else content.phrasebook.plants.brusque)
    skip = {"greet", "farewell", "chat_reply", "small_reply"}
    at = [
        n
        for n, step in enumerate(steps)
        if n > 0 and step.side == side and step.action == "speak" and step.kind not in skip
    ]
    if not at:
        return None
    changed = list(steps)
    at = at[-1 - int(rng.uniform() * 4) :]
    for number, place in enumerate(at):
        own = sentences(steps[place].text)
        line = pool[number % len(pool)]
        text = " ".join([line, *own[:1]]) if rng.chance(0.6) or number == 0 else line
        changed[place] = replace(steps[place], text=upper_first(text), driver=None)
    return changed, at[0]


def _repeats(spec: DialogueSpec, rng: Rng, steps: list[Step]) -> tuple[list[Step], int] | None:
    lines = [step for step in steps if step.action == "speak" and len(step.text.split()) >= 6]
    since = min(len(steps) - 1, spec.max_turns - 6)
    if not lines or since < 1:
        return None
    kept = steps[:since]
    pair = [rng.choice([s.text for s in lines if s.side == side] or [lines[-1].text]) for side in (0, 1)]
    for _ in range(6):
        side = (kept[-1].side + 1) % 2
        kept.append(Step(side, "speak", pair[side], "other"))
    return kept, since


def _speaks_for_partner(
    spec: DialogueSpec, rng: Rng, steps: list[Step], spoken: list[int]
) -> tuple[list[Step], int] | None:
    at = rng.choice(spoken[len(spoken) // 3 :])
    step = steps[at]
    partner = spec.scenario.participants[1 - step.side].name
    answer = steps[at + 1].text if at + 1 < len(steps) and steps[at + 1].text else "All right, I will think about it."
    return [*steps[:at], replace(step, text=f"{step.text}\n{partner}: {answer}"), *steps[at + 1 :]], at


def _changes_language(
    content: SimulatorContent, spec: DialogueSpec, rng: Rng, steps: list[Step], spoken: list[int]
) -> tuple[list[Step], int] | None:
    tongues = content.phrasebook.plants.tongues
    own = spec.culture.language
    name = own if own in tongues else rng.choice([name for name in sorted(tongues) if name != own])
    at = rng.choice(spoken[len(spoken) // 3 :])
    return [*steps[:at], replace(steps[at], text=rng.choice(tongues[name])), *steps[at + 1 :]], at

"""Planted flaws: what goes wrong on purpose, how often, so that the judge can be measured.

A play has a flaw with probability `SHARE`, drawn from the play alone. Three flaws are for the
judge to find (`circling`, `off_setting`, `misaligned`), some of them faint, so that a judge can err; four are
 stopped by the turn loop's own rules.
"""

from __future__ import annotations

from dataclasses import replace

from clca.simulator.content import SimulatorContent
from clca.simulator.content_schema import Matter
from clca.simulator.opening import Stage
from clca.simulator.realization import Step, Wording
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
    dice = Rng(*seed, "flaw")
    return dice.weighted(WEIGHTS) if dice.chance(SHARE) else None


def plant(
    book: SimulatorContent, stage: Stage, seed: tuple[object, ...], steps: list[Step]
) -> tuple[list[Step], str | None, int]:
    """The steps with their flaw, its name, and the first turn that shows it."""
    flaw = flaw_of(seed)
    spoken = [at for at, step in enumerate(steps) if step.action == "speak"]
    if flaw is None or len(spoken) < 4:
        return steps, None, 0
    dice = Rng(*seed, "plant")
    made: tuple[list[Step], int] | None
    match flaw:
        case "circling":
            made = _circling(book, stage, dice, steps)
        case "off_setting":
            made = _off_setting(book, stage, seed, dice, steps)
        case "misaligned":
            made = _misaligned(book, stage, dice, steps)
        case "repeats":
            made = _repeats(stage, dice, steps)
        case "speaks_for_partner":
            made = _speaks_for_partner(stage, dice, steps, spoken)
        case "changes_language":
            made = _changes_language(book, stage, dice, steps, spoken)
        case _:
            at = 0 if dice.chance(0.4) else 1
            at = min(at, len(steps) - 1)
            made = [*steps[:at], replace(steps[at], action="leave", text="", act="leave")], at
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
    lines = [step.text for step in steps if step.side == side and step.action == "speak" and step.act not in skip]
    return [" ".join(sentences(text)[-2:]) for text in lines if len(text.split()) >= 5]


def _circling(book: SimulatorContent, stage: Stage, dice: Rng, steps: list[Step]) -> tuple[list[Step], int] | None:
    cut = max(4, len(steps) * 2 // 3)
    if steps[cut - 1].action == "leave":
        cut -= 1
    kept = steps[:cut]
    pools = (_talk(kept, 0)[-2:], _talk(kept, 1)[-2:])
    if not pools[0] or not pools[1]:
        return None
    since = len(kept)
    rounds = min(3 + int(dice.roll() * 6), stage.limit - len(kept))
    if rounds < 3:
        return None
    before, after = dice.shuffled(book.acts.plants.again), dice.shuffled(book.acts.plants.again_end)
    for number in range(rounds):
        side = (kept[-1].side + 1) % 2
        line = pools[side][number // 2 % len(pools[side])]
        opening = before[number % len(before)]
        lowered = lower_first(line)
        text = f"{opening} {lowered}" if lowered and (number % 3 != 2) else f"{line} {after[number % len(after)]}"
        kept.append(Step(side, "speak", text, "other"))
    kept[-1] = replace(kept[-1], action="leave")
    return kept, since


def _other_matter(book: SimulatorContent, stage: Stage, dice: Rng) -> Matter | None:
    mine = stage.scenario.id.split("-")[0]
    others = [name for name in sorted(book.matters) if name.split("-")[0] != mine]
    return book.matters[dice.pick(others)] if others else None


def _off_setting(
    book: SimulatorContent, stage: Stage, seed: tuple[object, ...], dice: Rng, steps: list[Step]
) -> tuple[list[Step], int] | None:
    other = _other_matter(book, stage, dice)
    if other is None or stage.limit < 8 or len(steps) < 6:
        return None
    since = min(max(3, int(len(steps) * (0.4 + 0.35 * dice.roll()))), len(steps) - 1, stage.limit - 3)
    values = Wording(stage, seed).values
    side = (steps[since - 1].side + 1) % 2
    slide = dice.pick(book.acts.plants.slide)
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
    count = min(stage.limit - since, 3 + int(dice.roll() * 5))
    used: set[str] = set()
    for number in range(min(count, len(first))):
        pool = [line for line in first[number] if line not in used] or list(first[number])
        line = dice.pick(pool)
        used.add(line)
        text = fill(line, values)
        kept.append(Step(side, "speak", f"{slide} {text}" if number == 0 else text, "other"))
        side = 1 - side
    kept[-1] = replace(kept[-1], action="leave")
    return kept, since


def _misaligned(book: SimulatorContent, stage: Stage, dice: Rng, steps: list[Step]) -> tuple[list[Step], int] | None:
    styles = (style(stage.culture, stage.scenario, 0), style(stage.culture, stage.scenario, 1))
    easy = all(one.close for one in styles) and all(one.deference < 0.35 for one in styles)
    side = (
        0
        if styles[0].deference > styles[1].deference
        else 1
        if styles[1].deference > styles[0].deference
        else int(dice.chance(0.5))
    )
    pool = dice.shuffled(book.acts.plants.stiff if easy else book.acts.plants.brusque)
    skip = {"greet", "farewell", "chat_reply", "small_reply"}
    at = [
        n
        for n, step in enumerate(steps)
        if n > 0 and step.side == side and step.action == "speak" and step.act not in skip
    ]
    if not at:
        return None
    changed = list(steps)
    at = at[-1 - int(dice.roll() * 4) :]
    for number, place in enumerate(at):
        own = sentences(steps[place].text)
        line = pool[number % len(pool)]
        text = " ".join([line, *own[:1]]) if dice.chance(0.6) or number == 0 else line
        changed[place] = replace(steps[place], text=upper_first(text), driver=None)
    return changed, at[0]


def _repeats(stage: Stage, dice: Rng, steps: list[Step]) -> tuple[list[Step], int] | None:
    lines = [step for step in steps if step.action == "speak" and len(step.text.split()) >= 6]
    since = min(len(steps) - 1, stage.limit - 6)
    if not lines or since < 1:
        return None
    kept = steps[:since]
    pair = [dice.pick([s.text for s in lines if s.side == side] or [lines[-1].text]) for side in (0, 1)]
    for _ in range(6):
        side = (kept[-1].side + 1) % 2
        kept.append(Step(side, "speak", pair[side], "other"))
    return kept, since


def _speaks_for_partner(stage: Stage, dice: Rng, steps: list[Step], spoken: list[int]) -> tuple[list[Step], int] | None:
    at = dice.pick(spoken[len(spoken) // 3 :])
    step = steps[at]
    partner = stage.scenario.participants[1 - step.side].name
    answer = steps[at + 1].text if at + 1 < len(steps) and steps[at + 1].text else "All right, I will think about it."
    return [*steps[:at], replace(step, text=f"{step.text}\n{partner}: {answer}"), *steps[at + 1 :]], at


def _changes_language(
    book: SimulatorContent, stage: Stage, dice: Rng, steps: list[Step], spoken: list[int]
) -> tuple[list[Step], int] | None:
    tongues = book.acts.plants.tongues
    own = stage.culture.language
    name = own if own in tongues else dice.pick([name for name in sorted(tongues) if name != own])
    at = dice.pick(spoken[len(spoken) // 3 :])
    return [*steps[:at], replace(steps[at], text=dice.pick(tongues[name])), *steps[at + 1 :]], at

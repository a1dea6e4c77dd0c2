"""Which groups of dialogues are compared with which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from clca.quality.stats.blocks import Blocks
from clca.quality.stats.differences import Difference, Observations, block_differences, differences, pooled
from clca.quality.stats.group import Group, group_name
from clca.quality.stats.sides import Side

SIDES: tuple[Side, Side] = ("first", "second")
OTHERS = "others"


def contrasts(
    groups: Sequence[Group], observations: Mapping[str, Observations], blocks: Mapping[str, Blocks], seed: int
) -> Iterator[Difference]:
    """The sides, culture by culture and on the whole; within a side its two cultures, or each and all others of it."""
    names = {side: [group.name for group in groups if group.side == side] for side in SIDES}
    cultures = {group.name: group.culture for group in groups}
    if all(names.values()):
        for name in names["first"]:
            other = group_name("second", cultures[name])
            if other in observations:
                yield from _pair(name, other, observations, blocks, seed)
        if len(groups) > 2 or len(set(cultures.values())) > 1:
            whole = [pooled([observations[name] for name in names[side]]) for side in SIDES]
            yield from differences(whole[0], whole[1], seed=seed, names=SIDES)
    for side in SIDES:
        if len(names[side]) == 2:
            for name, other in combinations(names[side], 2):
                yield from _pair(name, other, observations, blocks, seed)
        elif len(names[side]) > 2:
            for name in names[side]:
                others = pooled([observations[other] for other in names[side] if other != name])
                label = group_name(side, OTHERS)
                yield from differences(observations[name], others, seed=seed, names=(name, label))


def _pair(
    name: str, other: str, observations: Mapping[str, Observations], blocks: Mapping[str, Blocks], seed: int
) -> Iterator[Difference]:
    yield from differences(observations[name], observations[other], seed=seed, names=(name, other))
    yield from block_differences(blocks[name], blocks[other], seed=seed, names=(name, other))

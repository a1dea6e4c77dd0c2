"""Which part of the material an example belongs to."""

from __future__ import annotations

from typing import Literal

from clca.seeding import derive

Part = Literal["train", "held-out"]


def part_of(group: str, share: float, seed: int) -> Part:
    """The part of a scenario (or survey item, page...), the same in every run, culture and mix.

    About `share` of all groups is held out; whole groups, so that none is in both parts.
    """
    return "held-out" if derive(seed, "held-out", group) < share * 2**31 else "train"

"""Which sources a mixture takes, and in what proportion: `clca`, `wvs+wiki`, `clca:3+chat:1`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from clca.content.parsing import suggestion

Source = Literal[
    "dialogue",
    "intent",
    "wvs",
    "wvs-translated",
    "culturellm",
    "wiki",
    "normad",
    "gsm8k",
    "mathchat",
    "chat",
]
SURVEY_SOURCES: frozenset[Source] = frozenset({"wvs", "wvs-translated", "culturellm"})
"""Sources of questions of the World Values Survey, which `clca eval-wvs` asks, too."""
PLAIN_SOURCES: frozenset[Source] = SURVEY_SOURCES | {"wiki", "normad"}
"""Sources whose examples are no chats."""

LEAST, MOST = 1e-6, 1e6  # weights of a part

MIXES: dict[str, tuple[Source, ...]] = {
    "clca": ("dialogue", "intent"),
    "dialogue-only": ("dialogue",),
    "intent-only": ("intent",),
    **{source: (source,) for source in get_args(Source) if source not in ("dialogue", "intent")},
}
"""What can stand in a mix. `clca` counts as one part, so that its two tasks keep their own proportion."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mix: its name, its sources and its weight, if the mix gives weights."""

    name: str
    sources: tuple[Source, ...]
    weight: float | None


@dataclass(frozen=True, slots=True)
class Mixture:
    """Parts, all with a weight or none. Without weights, everything of every part is taken once."""

    parts: tuple[Part, ...]

    @property
    def weights(self) -> tuple[float, ...] | None:
        """The parts' weights, or None where none is given."""
        weights = [part.weight for part in self.parts if part.weight is not None]
        return tuple(weights) if weights else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of all parts."""
        return tuple(source for part in self.parts for source in part.sources)


def parse_mixture(text: str) -> Mixture:
    """Read `NAME[:WEIGHT][+NAME[:WEIGHT]]...`; raises `ValueError` in words for the user."""
    parts = []
    for piece in text.split("+"):
        name, colon, weight = (word.strip() for word in piece.partition(":"))
        if name not in MIXES:
            hint = suggestion(name, MIXES) or f"; there are {', '.join(MIXES)}"
            raise ValueError(f"{text!r}: no mix {name!r}{hint}")
        parts.append(Part(name, MIXES[name], _weight(text, weight) if colon else None))
    if len({source for part in parts for source in part.sources}) < sum(len(part.sources) for part in parts):
        raise ValueError(f"{text!r}: a source is named twice")
    if len({part.weight is None for part in parts}) > 1:
        raise ValueError(f"{text!r}: give every part a weight, or none")
    return Mixture(tuple(parts))


def _weight(text: str, weight_text: str) -> float:
    try:
        weight = float(weight_text)
    except ValueError:
        weight = math.nan
    if not LEAST <= weight <= MOST:
        raise ValueError(f"{text!r}: {weight_text!r} is no weight; expected a number above 0, as in clca:3+chat:1")
    return weight


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers that add up to `total`, as near to the weights' proportions as can be (largest remainders)."""
    total_weight = sum(weights)
    exact = [total * weight / total_weight for weight in weights]
    counts = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (counts[index] - exact[index], index))
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts

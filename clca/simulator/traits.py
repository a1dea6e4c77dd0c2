"""A culture's traits: its scores on one scale with the gaps filled, and which drivers they bear out.

A score that the source lacks is filled from the map position, or from the middle of the world's scores.
"""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Culture


@dataclass(frozen=True, slots=True)
class Traits:
    """A culture's Hofstede scores on a scale of [0, 1] and its map position on one of [-1, 1], gaps filled."""

    pdi: float
    idv: float
    mas: float
    uai: float
    lto: float
    ivr: float
    secular: float
    expression: float

    @property
    def context(self) -> float:
        """How much goes without saying, in [0, 1]: high-context communication."""
        return clamp(0.7 * (1 - self.idv) + 0.2 * self.lto + 0.1 * self.pdi)


def culture_traits(culture: Culture) -> Traits:
    """The culture's traits."""
    scores, position = culture.scores, culture.position
    guess_idv = 0.5 if scores.idv is None else scores.idv / 100
    guess_lto = 0.5 if scores.lto is None else scores.lto / 100
    expression = (guess_idv - 0.5) * 1.2 if position.expression is None else clamp(position.expression / 2, -1, 1)
    secular = guess_lto - 0.5 if position.secular is None else clamp(position.secular / 2, -1, 1)

    def score(value: float | None, middle: float) -> float:
        return clamp(middle if value is None else value / 100)

    return Traits(
        pdi=score(scores.pdi, 0.58 - 0.2 * expression - 0.05 * secular),
        idv=score(scores.idv, 0.45 + 0.25 * expression),
        mas=score(scores.mas, 0.5),
        uai=score(scores.uai, 0.6),
        lto=score(scores.lto, 0.45 + 0.2 * secular),
        ivr=score(scores.ivr, 0.45 + 0.2 * expression),
        secular=secular,
        expression=expression,
    )


def driver_applies(driver: str, traits: Traits) -> bool:
    """Whether a culture with these traits can have a speech act shaped by the driver."""
    match driver:
        case "hierarchy" | "respect":
            return traits.pdi >= 0.5
        case "age":
            return traits.pdi >= 0.5 or traits.secular < -0.3
        case "harmony":
            return traits.context >= 0.55
        case "silence":
            return traits.context >= 0.58 and traits.ivr < 0.5
        case "relation" | "ritual":
            return traits.idv <= 0.5
        case "group":
            return traits.idv <= 0.4
        case "ease":
            return traits.ivr >= 0.6
        case "equality":
            return traits.pdi <= 0.42
        case "choice":
            return traits.idv >= 0.65
        case "candour":  # plain words in individualist cultures that avoid vagueness
            return traits.idv >= 0.6 and traits.uai >= 0.4
        case _:
            return traits.uai >= 0.75


def clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """The value, or the bound that it exceeds."""
    return min(high, max(low, value))

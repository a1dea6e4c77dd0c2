"""The style in which a person speaks to another, from the culture's scores and the relationship of the two.

The mapping, every value in [0, 1] (0.5 is the middle of the world's scores):

- directness: rises with individualism, self-expression, closeness and speaking downward; falls with
  long-term orientation and with speaking upward times power distance
- hedging: rises with uncertainty avoidance, distance, and speaking upward times power distance
- deference: rises with power distance and traditional values, where the other is older or higher
- relation (talk before business): rises with low individualism, indulgence and closeness
- ritual (declining, insisting): rises with low individualism and traditional values; falls with self-expression
- silence: rises with low individualism and long-term orientation; falls with indulgence
- dissent: rises with individualism and low power distance; falls with speaking upward
- warmth: rises with indulgence, self-expression and closeness
- persistence: rises with masculinity; falls with speaking upward
- closing: rises with low individualism and indulgence
- formality: rises with distance, power distance, uncertainty avoidance and speaking upward; falls with indulgence
"""

from __future__ import annotations

from dataclasses import dataclass

from clca.culture.roles import CLOSE, rank
from clca.records import Culture, Scenario
from clca.simulator.traits import clamp, culture_traits

AGE_GAP = 15
"""Years of difference from which age counts for address and deference."""
ADULT_AGE = 16
"""Years from which the manners of adults are expected."""

_DISTANCE = {
    "stranger": 0.78,
    "acquaintance": 0.62,
    "colleague": 0.50,
    "neighbour": 0.42,
    "friend": 0.12,
    "family": 0.06,
    "partner": 0.0,
}


@dataclass(frozen=True, slots=True)
class Style:
    """How one side of a scenario speaks to the other; every value but the last three in [0, 1]."""

    directness: float
    hedging: float
    deference: float
    relation: float
    ritual: float
    silence: float
    dissent: float
    warmth: float
    persistence: float
    closing: float
    formality: float
    rank: int
    """-1 speaks upward by rank, 1 downward, 0 neither."""
    age: int
    """-1 speaks to someone clearly older, 1 clearly younger, 0 neither."""
    close: bool

    @property
    def formal(self) -> bool:
        """Whether the speaker is formal with the partner."""
        return self.formality > 0.5

    @property
    def upward(self) -> bool:
        """Whether the partner ranks higher, or is older at equal rank."""
        return self.rank < 0 or (self.rank == 0 and self.age < 0)


def style(culture: Culture, scenario: Scenario, side: int) -> Style:
    """The style in which `scenario.participants[side]` speaks to the other."""
    t = culture_traits(culture.of_side(side))
    me, other = scenario.participants[side], scenario.participants[1 - side]
    distance = _DISTANCE[scenario.relationship]
    close = scenario.relationship in CLOSE
    by_rank = rank(me, other, scenario.relationship)
    gap = me.age - other.age
    by_age = (gap >= AGE_GAP) - (gap <= -AGE_GAP)
    # Rank outweighs age; age counts for more where values are traditional.
    upward = 1.0 if by_rank < 0 else (0.7 - 0.3 * t.secular if by_age < 0 and by_rank == 0 else 0.0)
    downward = 1.0 if by_rank > 0 else (0.6 if by_age > 0 and by_rank == 0 else 0.0)
    child = 0.15 if me.age < 13 else 0.0
    tie = 1 - distance
    formality = distance + 0.45 * (t.pdi - 0.5) + 0.2 * (t.uai - 0.5) - 0.2 * (t.ivr - 0.5)
    formality = clamp(formality + 0.2 * upward * t.pdi, 0, 0.45 if close else 1) - child
    return Style(
        directness=clamp(
            0.48
            + 0.75 * (t.idv - 0.5)
            + 0.12 * t.expression
            - 0.22 * (t.lto - 0.5)
            - 0.4 * upward * t.pdi
            + 0.18 * downward * t.pdi
            + 0.12 * close
            - 0.08 * (distance > 0.6)
            + child
        ),
        hedging=clamp(0.15 + 0.45 * t.uai + 0.4 * upward * t.pdi + 0.15 * distance - 0.2 * close - child - 0.15),
        deference=clamp(upward * (0.15 + 0.75 * t.pdi - 0.2 * t.secular)),
        relation=clamp(0.12 + 0.55 * (1 - t.idv) + 0.3 * t.ivr + 0.1 * tie - 0.3 * (distance > 0.7)),
        ritual=clamp(0.75 * (1 - t.idv) - 0.25 * t.secular - 0.15 * t.expression + 0.1),
        silence=clamp(0.5 * (t.context - 0.25) + 0.2 * t.lto - 0.15 * t.ivr),
        dissent=clamp(
            0.2 + 0.55 * t.idv - 0.35 * (t.pdi - 0.5) - 0.3 * upward * t.pdi + 0.15 * downward + 0.08 * close
        ),
        warmth=clamp(0.1 + 0.5 * t.ivr + 0.15 * t.expression + 0.3 * tie - 0.1 * (t.uai - 0.5)),
        persistence=clamp(0.1 + 0.75 * t.mas - 0.2 * upward * t.pdi),
        closing=clamp(0.15 + 0.65 * (1 - t.idv) + 0.2 * t.ivr - 0.1 * (distance > 0.7)),
        formality=clamp(min(formality, 0.4) if min(me.age, other.age) < ADULT_AGE else formality),
        rank=by_rank,
        age=by_age,
        close=close,
    )

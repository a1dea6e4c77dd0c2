"""Which of a survey's respondents stand for a culture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clca.errors import NotFoundError
from clca.randomness import derive
from clca.records import Respondent


@dataclass(frozen=True, slots=True)
class Drawn:
    """Respondents in the order of the draw, countries by turns; `short`: of each with too few, how many it has."""

    respondents: tuple[Respondent, ...]
    short: dict[str, int]


def draw(respondents: Iterable[Respondent], countries: Sequence[str], n: int, seed: int) -> Drawn:
    """n respondents without replacement, as many from each country; all of a country that has too few.

    Whom it draws depends on ids and seed only, not on the order in which respondents come. Those drawn for
    a smaller n come first among those for a larger one. A remainder goes to the countries named first.
    """
    pools: dict[str, list[Respondent]] = {country: [] for country in countries}
    for respondent in respondents:
        if respondent.country in pools:
            pools[respondent.country].append(respondent)
    if not any(pools.values()):
        raise NotFoundError(f"no respondent of {', '.join(countries)} among those imported")
    short = {}
    ranked: list[tuple[int, int, Respondent]] = []
    for place, (country, pool) in enumerate(pools.items()):
        quota = n // len(pools) + (place < n % len(pools))
        pool.sort(key=lambda one: (derive(seed, "respondent", one.country, one.id), one.id))
        if len(pool) < quota:
            short[country] = len(pool)
        ranked += [(rank, place, respondent) for rank, respondent in enumerate(pool[:quota])]
    ranked.sort(key=lambda one: one[:2])
    return Drawn(tuple(respondent for _, _, respondent in ranked), short)

"""Synthetic respondents: drawn from the shares of the answers to the survey's demographic questions.

The fields are drawn independently of each other, since only their shares are known: single traits are as
frequent as in the survey, their combinations are not (a student of over 65 may be drawn). Fields without
shares are left out. Synthetic respondents have no answers and are marked `synthetic`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError, NotFoundError
from clca.evaluation.wvs.persona import PERSONA, Persona
from clca.records import Respondent
from clca.seeding import chooser

DEMOGRAPHICS = "eval/wvs/demographics.csv"

Demographics = dict[str, dict[int, float]]
"""Shares of the codes of each field, adding up to 1."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    culture: str
    field: str
    code: Annotated[int, Field(ge=0)]
    share: Annotated[float, Field(ge=0, le=1)]
    n: Annotated[int, Field(ge=1)]


def load_demographics(content: Content, persona: Persona) -> dict[str, Demographics]:
    """The demographic shares by country; rows of fields that the persona does not have are ignored.

    Raises `ContentError` for unknown or duplicate codes, and for shares that do not add up to 1.
    """
    shown = content.shown(DEMOGRAPHICS)
    fields = {field.id: field for field in persona.fields}
    demographics: dict[str, Demographics] = defaultdict(lambda: defaultdict(dict))
    for row in read_csv(shown, content.text(DEMOGRAPHICS), _Row):
        if row.field not in fields:
            continue
        if row.code not in fields[row.field].codes:
            raise ContentError(shown, None, f"{row.culture} {row.field}: no code {row.code} of this field in {PERSONA}")
        if row.code in demographics[row.culture][row.field]:
            raise ContentError(shown, None, f"{row.culture} {row.field}: duplicate code {row.code}")
        demographics[row.culture][row.field][row.code] = row.share
    for culture, shares in demographics.items():
        for field, by_code in shares.items():
            if abs(sum(by_code.values()) - 1) > 0.01:
                raise ContentError(shown, None, f"{culture} {field}: the shares of its codes do not add up to 1")
    return {culture: dict(shares) for culture, shares in demographics.items()}


def synthetic_respondents(country: str, known: Mapping[str, Demographics], n: int, seed: int) -> list[Respondent]:
    """The first n of a country's endless sequence of synthetic respondents. Raises `NotFoundError`."""
    if country not in known:
        raise NotFoundError(
            f"no demographic shares of {country} in {DEMOGRAPHICS}; there are {', '.join(known)}"
            f" (`clca content copy {DEMOGRAPHICS}` for a file to add to)"
        )
    shares = known[country]
    drawn = []
    for number in range(1, n + 1):
        random = chooser(seed, "synthetic", country, number)
        demographics = {
            field: random.choices(list(by_code), weights=list(by_code.values()))[0] for field, by_code in shares.items()
        }
        id = f"synthetic-{country}-{number}"
        drawn.append(Respondent(id=id, country=country, demographics=demographics, answers={}, synthetic=True))
    return drawn

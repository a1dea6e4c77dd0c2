"""Respondents without a survey: drawn from the shares of the answers to its demographic questions.

The fields are drawn independently of each other, since only their shares are known: single traits are as
frequent as in the survey, their combinations are not (a student of over 65 can come up). Fields without
shares are left out. Such respondents answered nothing and are marked `synthetic`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError, NotFoundError
from clca.evaluation.wvs.persona import Persona
from clca.records import Respondent
from clca.seeding import chooser

DEMOGRAPHICS = "eval/wvs/demographics.csv"

Demographics = dict[str, dict[int, float]]
"""Field -> share of each code, adding up to 1."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    culture: str
    field: str
    code: Annotated[int, Field(ge=0)]
    share: Annotated[float, Field(ge=0, le=1)]
    n: Annotated[int, Field(ge=1)]


def load_demographics(content: Content, persona: Persona) -> dict[str, Demographics]:
    """The demographic shares of each country; rows of fields that the persona does not have are passed over."""
    shown = content.shown(DEMOGRAPHICS)
    fields = {field.id: field for field in persona.fields}
    found: dict[str, Demographics] = defaultdict(lambda: defaultdict(dict))
    for row in read_csv(shown, content.text(DEMOGRAPHICS), _Row):
        if row.field not in fields:
            continue
        if row.code not in fields[row.field].codes:
            raise ContentError(shown, None, f"{row.culture} {row.field}: {row.code} is none of the field's codes")
        if row.code in found[row.culture][row.field]:
            raise ContentError(shown, None, f"{row.culture} {row.field}: code {row.code} stands twice")
        found[row.culture][row.field][row.code] = row.share
    for culture, shares in found.items():
        for field, by_code in shares.items():
            if abs(sum(by_code.values()) - 1) > 0.01:
                raise ContentError(shown, None, f"{culture} {field}: shares of its codes do not add up to 1")
    return {culture: dict(shares) for culture, shares in found.items()}


def synthetic_respondents(country: str, known: Mapping[str, Demographics], n: int, seed: int) -> list[Respondent]:
    """The first n of a country's endless row of synthetic respondents."""
    if country not in known:
        raise NotFoundError(f"no demographic shares of {country} in {DEMOGRAPHICS}; there are {', '.join(known)}")
    shares = known[country]
    drawn = []
    for number in range(1, n + 1):
        chance = chooser(seed, "synthetic", country, number)
        demographics = {
            field: chance.choices(list(by_code), weights=list(by_code.values()))[0] for field, by_code in shares.items()
        }
        id = f"synthetic-{country}-{number}"
        drawn.append(Respondent(id=id, country=country, demographics=demographics, answers={}, synthetic=True))
    return drawn

"""A small survey and made-up respondents, for the tests of scores."""

from __future__ import annotations

import numpy as np

from clca.content.wvs_items import Item
from clca.evaluation.arrays import Floats
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.records import Method, Order, Prediction, Respondent

ITEMS = (
    Item(id="Q1", topic="home", question="One?", options=("a", "b")),
    Item(id="Q2", topic="home", question="Two?", options=("a", "b", "c")),
    Item(id="Q3", topic="work", question="Three?", options=("a", "b", "c", "d", "e")),
)
COLUMNS = ScoreLayout(ITEMS)
LAYOUTS = dict.fromkeys(("japan", "uk"), COLUMNS)
"""The same columns for every culture."""


def person(
    id: str, *answers: int | None, country: str = "japan", weight: float = 1.0, synthetic: bool = False
) -> Respondent:
    """Answers to Q1, Q2, … in turn; None is missing."""
    given = {f"Q{place}": option for place, option in enumerate(answers, start=1) if option is not None}
    return Respondent(id=id, country=country, demographics={}, answers=given, weight=weight, synthetic=synthetic)


def predictions(
    id: str,
    *options: int | None,
    culture: str = "japan",
    method: Method = "persona",
    order: Order = "given",
) -> list[Prediction]:
    """Options of Q1, Q2, … in turn; None could not be read."""
    return [
        Prediction(culture=culture, method=method, respondent=id, item=f"Q{place}", order=order, option=option)
        for place, option in enumerate(options, start=1)
    ]


def crowd(n: int, shares: dict[str, Floats], *, seed: int, country: str = "japan") -> list[Respondent]:
    """People whose answers are drawn from these shares."""
    chance = np.random.default_rng(seed)
    drawn = {item: chance.choice(len(them), size=n, p=them).tolist() for item, them in shares.items()}
    return [
        Respondent(
            id=f"{country}-{place}",
            country=country,
            demographics={},
            answers={item: options[place] for item, options in drawn.items()},
        )
        for place in range(n)
    ]


def answered_like(people: list[Respondent], shares: dict[str, Floats], *, seed: int, **of: str) -> list[Prediction]:
    """Predictions for these people drawn from these shares."""
    chance = np.random.default_rng(seed)
    return [
        Prediction.model_validate(
            {
                "culture": "japan",
                "method": "persona",
                **of,
                "respondent": one.id,
                "item": item,
                "option": int(chance.choice(len(them), p=them)),
            }
        )
        for one in people
        for item, them in shares.items()
    ]

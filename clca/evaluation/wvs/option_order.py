"""How much the answers depend on the order in which the options stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import Estimate, bootstrap, interval
from clca.evaluation.wvs.baselines import Survey
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.metrics import total_variation
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.records import Method, Order, Record


class OptionOrderEffect(Record):
    """Two option orders compared, over the respondents that were asked in both.

    `distance`: mean over items of the total-variation distance, in [0, 1], between the two predicted distributions
    of options and unreadable answers. `changed`: mean over items of the share of respondents who
    answer otherwise (where probabilities were asked: whose likeliest option is another).
    """

    culture: str
    method: Method
    orders: tuple[Order, Order]
    respondents: int
    distance: Estimate | None
    changed: Estimate | None


def option_order_effect(
    key: CountsKey, base: AnswerCounts, other: AnswerCounts, survey: Survey, first: Order, seed: int, resamples: int
) -> OptionOrderEffect:
    """`other`, of `key`, against `base`, of the order `first`."""
    there = set(other.seen)
    ids = [id for id in base.seen if id in there]
    columns, asked = base.columns, [item.id in survey.shares for item in base.columns.items]
    changed, both = base.changes(other, ids)
    rows = np.concatenate([base.rows(ids), other.rows(ids), changed, both], axis=1)

    def values(sums: Floats) -> Floats:
        """[B, 2 C + 2 I] -> [B, 2]: distance and changed."""
        one, two, three, four = np.split(sums, np.cumsum([columns.width, columns.width, len(asked)]), axis=1)
        share = np.divide(three, four, out=np.full_like(three, np.nan), where=four > 0)
        return np.stack([nan_mean(_distances(columns, one, two)[:, asked]), nan_mean(share[:, asked])], axis=-1)

    whole = values(rows.sum(axis=0)[None])[0]
    drawn = values(bootstrap(rows, seed=seed, name=key.culture, resamples=resamples)) if ids else np.zeros((0, 2))
    estimates: Sequence[Estimate | None] = [interval(float(whole[i]), drawn[:, i], upper=1.0) for i in range(2)]
    return OptionOrderEffect(
        culture=key.culture,
        method=key.method,
        orders=(first, key.order),
        respondents=len(ids),
        distance=estimates[0],
        changed=estimates[1],
    )


def _distances(columns: ScoreLayout, one: Floats, two: Floats) -> Floats:
    """[B, C] each -> [B, I]."""
    places = [columns.predicted(place) for place in range(len(columns.items))]
    return np.stack([total_variation(one[:, where], two[:, where]) for where in places], axis=-1)

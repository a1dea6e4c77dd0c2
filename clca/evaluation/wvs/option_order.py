"""How much the answers depend on the order of the options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clca.evaluation.arrays import Floats, nan_mean
from clca.evaluation.bootstrap import Estimate, bootstrap, interval
from clca.evaluation.wvs.baselines import Survey
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.metrics import hit_rate, total_variation
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.records import Method, Order, Record


class OptionOrderEffect(Record):
    """Two option orders compared, over the respondents who were asked in both.

    `distance`: mean over items of the total-variation distance, in [0, 1], between the two predicted distributions
    of options and unreadable answers. `changed`: mean over items of the share of respondents whose
    answer differs (where probabilities were asked: whose likeliest option differs).
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
    """The effect of the order of `other`, whose key is `key`, against `base`, whose order is `first`."""
    seen = set(other.seen)
    ids = [id for id in base.seen if id in seen]
    layout, in_survey = base.layout, [item.id in survey.shares for item in base.layout.items]
    changed, both = base.changes(other, ids)
    rows = np.concatenate([base.rows(ids), other.rows(ids), changed, both], axis=1)

    def values(sums: Floats) -> Floats:
        """`distance` and `changed`, sums [B, 2 C + 2 I] -> [B, 2]."""
        ends = np.cumsum([layout.width, layout.width, len(in_survey)])
        base_sums, other_sums, changed_sums, both_sums = np.split(sums, ends, axis=1)
        distances, share = _distances(layout, base_sums, other_sums), hit_rate(changed_sums, both_sums)
        return np.stack([nan_mean(distances[:, in_survey]), nan_mean(share[:, in_survey])], axis=-1)

    observed = values(rows.sum(axis=0)[None])[0]
    drawn = values(bootstrap(rows, seed=seed, name=key.culture, resamples=resamples)) if ids else np.zeros((0, 2))
    estimates: Sequence[Estimate | None] = [interval(float(observed[i]), drawn[:, i], upper=1.0) for i in range(2)]
    return OptionOrderEffect(
        culture=key.culture,
        method=key.method,
        orders=(first, key.order),
        respondents=len(ids),
        distance=estimates[0],
        changed=estimates[1],
    )


def _distances(layout: ScoreLayout, first: Floats, second: Floats) -> Floats:
    """Total-variation distance of each item, sums [B, C] each -> [B, I]."""
    items = [layout.predicted(index) for index in range(len(layout.items))]
    return np.stack([total_variation(first[:, columns], second[:, columns]) for columns in items], axis=-1)

"""Layout of the rows of sums that survey scores are made of, and the scores of such rows.

A row has a block of K + 3 columns for every item: what was predicted for each of its K options, the unreadable share,
whether the respondent's own answer was hit, and whether there is such an answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from clca.content.wvs_items import Item
from clca.evaluation.arrays import Floats
from clca.evaluation.wvs import metrics
from clca.evaluation.wvs.metric_names import METRICS, Metric

Distributions = Mapping[str, Floats]
"""Shares of the options by item, [K] or [B, K]; items that were not asked are left out."""


class ScoreLayout:
    """The columns of rows [..., C] for I items, in the items' order."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self.index = {item.id: index for index, item in enumerate(self.items)}
        self.options = np.array([len(item.options) for item in self.items], dtype=np.int64)
        ends = np.cumsum(self.options + 3)
        self.starts = ends - self.options - 3
        self.width = int(ends[-1]) if len(ends) else 0
        self._groups: dict[int, list[int]] = defaultdict(list)
        for index, options in enumerate(self.options.tolist()):
            self._groups[options].append(index)

    def predicted(self, item: int) -> slice:
        """The K + 1 columns of an item's options and of the unreadable share, by the item's index."""
        start = int(self.starts[item])
        return slice(start, start + int(self.options[item]) + 1)

    def hit(self, item: int) -> int:
        """The column that says whether the respondent's own answer was predicted."""
        return int(self.starts[item] + self.options[item] + 1)

    def answered(self, item: int) -> int:
        """The column that says whether the respondent answered the item."""
        return self.hit(item) + 1

    def scores(self, sums: Floats, survey: Distributions, *, individual: bool) -> Floats:
        """Every metric of every item, sums [B, C] -> [B, 7, I]; NaN where the survey or the sums lack the item.

        Without `individual` answers of the respondents, both accuracies are NaN.
        """
        scores = np.full((len(sums), len(METRICS), len(self.items)), np.nan)
        for options, group in self._groups.items():
            indices = np.array([index for index in group if self.items[index].id in survey], dtype=np.int64)
            if not len(indices):
                continue
            block = sums[:, self.starts[indices][:, None] + np.arange(options + 3)]
            shares = np.stack([survey[self.items[index].id] for index in indices], axis=-2)
            scores[:, :, indices] = _scores(block, shares, individual)
        return scores


def _scores(block: Floats, survey: Floats, individual: bool) -> Floats:
    """Metrics of items with K options each, [B, I, K + 3] and a survey [I, K] or [B, I, K] -> [B, 7, I]."""
    predicted, hits, answered = block[..., :-2], block[..., -2], block[..., -1]
    valid = metrics.valid_shares(predicted)
    unknown = np.full(hits.shape, np.nan)
    by_metric: dict[Metric, Floats] = {
        "kl_paper": metrics.kl_paper(survey, predicted),
        "accuracy_paper": metrics.hit_rate(hits, predicted.sum(axis=-1)) if individual else unknown,
        "kl": metrics.kl(survey, valid),
        "jsd": metrics.jsd(survey, valid),
        "wasserstein_1": metrics.wasserstein_1(survey, valid),
        "accuracy": metrics.hit_rate(hits, answered) if individual else unknown,
        "invalid": metrics.invalid_share(predicted),
    }
    return np.stack([np.broadcast_to(by_metric[metric], hits.shape) for metric in METRICS], axis=1)

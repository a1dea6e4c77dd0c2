"""Where the sums that scores are made of stand in a row, and the scores of such rows.

Every item has a block of K + 3 columns: what was predicted for each of its K options, the unreadable share,
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
"""Item id -> shares of its options, [K] or [B, K]; items that were not asked are left out."""


class ScoreLayout:
    """The columns of a row for some items, in their order."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self.index = {item.id: place for place, item in enumerate(self.items)}
        self.options = np.array([len(item.options) for item in self.items], dtype=np.int64)
        ends = np.cumsum(self.options + 3)
        self.starts = ends - self.options - 3
        self.width = int(ends[-1]) if len(ends) else 0
        self._groups: dict[int, list[int]] = defaultdict(list)
        for place, options in enumerate(self.options.tolist()):
            self._groups[options].append(place)

    def predicted(self, place: int) -> slice:
        """The columns of an item's K options and of what could not be read."""
        start = int(self.starts[place])
        return slice(start, start + int(self.options[place]) + 1)

    def hit(self, place: int) -> int:
        return int(self.starts[place] + self.options[place] + 1)

    def answered(self, place: int) -> int:
        return self.hit(place) + 1

    def scores(self, sums: Floats, survey: Distributions, *, individual: bool) -> Floats:
        """[B, C] -> [B, 7, I]: every metric of every item; NaN where the survey or the sums lack the item.

        Without `individual` answers of the respondents, both accuracies are NaN.
        """
        found = np.full((len(sums), len(METRICS), len(self.items)), np.nan)
        for options, group in self._groups.items():
            places = [place for place in group if self.items[place].id in survey]
            if not places:
                continue
            wanted = np.array(places)
            block = sums[:, self.starts[wanted][:, None] + np.arange(options + 3)]
            people = np.stack([survey[self.items[place].id] for place in places], axis=-2)
            found[:, :, wanted] = _scores(block, people, individual)
        return found


def _scores(block: Floats, survey: Floats, individual: bool) -> Floats:
    """[B, I, K + 3] and [I, K] or [B, I, K] -> [B, 7, I]."""
    predicted, hit, answered = block[..., :-2], block[..., -2], block[..., -1]
    valid = metrics.valid_shares(predicted)
    asked = predicted.sum(axis=-1)
    nothing = np.full(hit.shape, np.nan)
    by_metric: dict[Metric, Floats] = {
        "kl_paper": metrics.kl_paper(survey, predicted),
        "accuracy_paper": np.divide(hit, asked, out=nothing.copy(), where=asked > 0) if individual else nothing,
        "kl": metrics.kl(survey, valid),
        "jsd": metrics.jsd(survey, valid),
        "wasserstein_1": metrics.wasserstein_1(survey, valid),
        "accuracy": np.divide(hit, answered, out=nothing.copy(), where=answered > 0) if individual else nothing,
        "invalid": metrics.invalid_share(predicted),
    }
    return np.stack([np.broadcast_to(by_metric[metric], hit.shape) for metric in METRICS], axis=1)

"""Counts of what was predicted for the respondents of one culture, as rows that can be resampled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clca.errors import ClcaError
from clca.evaluation.arrays import Floats, Indices
from clca.evaluation.wvs.score_layout import Distributions, ScoreLayout
from clca.records import Method, Order, Prediction, Respondent

_NOT_ASKED, _UNREADABLE = -2, -1
ROUNDING = 1e-6  # of probabilities that add up to 1


class CountsKey(NamedTuple):
    """What the predictions of one `AnswerCounts` have in common."""

    culture: str
    method: Method
    order: Order


class AnswerCounts:
    """Predictions of one culture, method and option order: a row for each respondent, in the columns of a layout.

    A prediction that names no respondent holds for all. A second prediction for the same respondent and item
    replaces the first. With `weighted`, each row is multiplied by the survey's weight of its respondent.
    Memory: 8 bytes x (K + 3) for each respondent and item, 2 MB for 1,000 respondents and 44 items.
    """

    def __init__(self, layout: ScoreLayout, respondents: Sequence[Respondent], *, weighted: bool = False) -> None:
        self.layout, self.respondents, self.weighted = layout, tuple(respondents), weighted
        self._index = {respondent.id: index for index, respondent in enumerate(self.respondents)}
        if len(self._index) < len(self.respondents):
            raise ClcaError("two respondents have the same id: ids have to be unique within a culture")
        weights = [respondent.weight if weighted else 1.0 for respondent in self.respondents]
        self._weights: Floats = np.array(weights, dtype=np.float64)
        self.individual = bool(self.respondents) and not any(respondent.synthetic for respondent in self.respondents)
        shape = len(self.respondents), len(layout.items)
        self._rows: Floats = np.zeros((len(self.respondents), layout.width))
        self._mass: Floats = np.full(shape, np.nan)
        self._options: NDArray[np.int8] = np.full(shape, _NOT_ASKED, dtype=np.int8)
        self._answers: NDArray[np.int8] = np.full(shape, -1, dtype=np.int8)
        self._own_answers = False
        for index, respondent in enumerate(self.respondents):
            for item, answer in respondent.answers.items():
                if item in layout.index:
                    self._answers[index, layout.index[item]] = answer

    def add(self, prediction: Prediction) -> None:
        """Count one prediction. Raises `ClcaError` for an unknown item or respondent, and for impossible options."""
        item = self.layout.index.get(prediction.item)
        if item is None:
            raise ClcaError(f"predictions: no item {prediction.item} in this evaluation")
        if prediction.respondent and prediction.respondent not in self._index:
            raise ClcaError(
                f"predictions: no respondent {prediction.respondent!r} of {prediction.culture} in this evaluation"
            )
        shares, option = self._read(prediction, int(self.layout.options[item]))
        self._own_answers = self._own_answers or bool(prediction.respondent)
        rows = self._index[prediction.respondent] if prediction.respondent else slice(None)
        answers = self._answers[rows, item]
        self._rows[rows, self.layout.predicted(item)] = shares
        self._rows[rows, self.layout.hit(item)] = (answers == option) & (answers >= 0)
        self._rows[rows, self.layout.answered(item)] = answers >= 0
        self._mass[rows, item] = np.nan if prediction.mass is None else prediction.mass
        self._options[rows, item] = _UNREADABLE if option is None else option

    def fill(self, predicted: Distributions) -> AnswerCounts:
        """Predict the same distributions for every respondent, with the probability of a hit; returns itself."""
        for id, shares in predicted.items():
            item = self.layout.index[id]
            answers = self._answers[:, item]
            self._rows[:, self.layout.predicted(item)] = np.append(shares, 0.0)
            self._rows[:, self.layout.hit(item)] = np.where(answers >= 0, shares[answers], 0.0)
            self._rows[:, self.layout.answered(item)] = answers >= 0
            self._options[:, item] = int(np.argmax(shares))
        return self

    @staticmethod
    def _read(prediction: Prediction, options: int) -> tuple[Floats, int | None]:
        option, shares = prediction.option, np.zeros(options + 1)
        if option is not None and not 0 <= option < options:
            raise ClcaError(f"predictions: {prediction.item} has the options 0 to {options - 1}, not {option}")
        if prediction.probabilities is None:
            shares[-1 if option is None else option] = 1.0
            return shares, option
        if len(prediction.probabilities) != options:
            raise ClcaError(
                f"predictions: {prediction.item} has {options} options, not {len(prediction.probabilities)}"
            )
        shares[:-1] = prediction.probabilities
        if not (shares >= 0).all() or not abs(shares.sum() - 1) <= ROUNDING:
            raise ClcaError(
                f"predictions: {prediction.item} of {prediction.culture} {prediction.respondent!r} has probabilities"
                " that do not add up to 1"
            )
        return shares, int(np.argmax(shares)) if option is None else option

    @property
    def seen(self) -> tuple[str, ...]:
        """Ids of the respondents for whom anything was predicted, in the order of `respondents`."""
        predicted = (self._options != _NOT_ASKED).any(axis=1)
        return tuple(self.respondents[index].id for index in np.flatnonzero(predicted))

    @property
    def one_for_all(self) -> bool:
        """Whether every item was answered once for all respondents, who then are no independent observations."""
        return not self._own_answers

    def rows(self, ids: Iterable[str] | None = None) -> Floats:
        """The rows of n respondents times their weights, [n, C]; by default of all `seen`."""
        indices = self._indices(ids)
        weighted: Floats = self._rows[indices] * self._weights[indices][:, None]
        return weighted

    def mass(self) -> list[float | None]:
        """Mean probability mass of the options among all tokens by item, over respondents; None where unknown."""
        known = ~np.isnan(self._mass)
        sums, counts = np.where(known, self._mass, 0.0).sum(axis=0), known.sum(axis=0)
        return [float(total / n) if n else None for total, n in zip(sums, counts, strict=True)]

    def changes(self, other: AnswerCounts, ids: Sequence[str]) -> tuple[Floats, Floats]:
        """Whether both predict another option for an item, and whether both predict any, [n, I] each; weighted."""
        own, others = self._options[self._indices(ids)], other._options[other._indices(ids)]
        both = (own != _NOT_ASKED) & (others != _NOT_ASKED)
        weights = self._weights[self._indices(ids)][:, None]
        return (both & (own != others)) * weights, both * weights

    def _indices(self, ids: Iterable[str] | None) -> Indices:
        return np.array([self._index[id] for id in (self.seen if ids is None else ids)], dtype=np.int64)


def count_answers(
    predictions: Iterable[Prediction],
    respondents: Mapping[str, Sequence[Respondent]],
    layouts: Mapping[str, ScoreLayout],
    *,
    weighted: bool = False,
) -> dict[CountsKey, AnswerCounts]:
    """Counts of predictions, which come in any order; `respondents` and `layouts` are by culture.

    Raises `ClcaError` for a prediction of an unknown culture, respondent or item.
    """
    counts: dict[CountsKey, AnswerCounts] = {}
    for prediction in predictions:
        culture = prediction.culture
        key = CountsKey(culture, prediction.method, prediction.order)
        if key not in counts:
            if culture not in respondents:
                known = ", ".join(sorted(respondents))
                raise ClcaError(f"predictions: no respondents of {culture}; there are those of {known}")
            counts[key] = AnswerCounts(layouts[culture], respondents[culture], weighted=weighted)
        counts[key].add(prediction)
    return counts

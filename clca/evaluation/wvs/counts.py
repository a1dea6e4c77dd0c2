"""A tally: what was predicted for some respondents of one culture, as rows that can be drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clca.errors import ClcaError
from clca.evaluation.arrays import Floats
from clca.evaluation.wvs.score_layout import Distributions, ScoreLayout
from clca.records import Method, Order, Prediction, Respondent

_NOT_ASKED, _UNREADABLE = -2, -1
ROUNDING = 1e-6  # of probabilities that add up to 1


class CountsKey(NamedTuple):
    culture: str
    method: Method
    order: Order


class AnswerCounts:
    """Predictions of one culture, method and option order, a row for each respondent.

    A prediction that names no respondent stands for all. A second one for the same respondent and item
    replaces the first. With `weighted`, each row counts by the survey's weight of its respondent.
    Memory: 8 bytes x (K + 3) for each respondent and item, 2 MB for 1,000 respondents and 44 items.
    """

    def __init__(self, columns: ScoreLayout, respondents: Sequence[Respondent], *, weighted: bool = False) -> None:
        self.columns, self.respondents, self.weighted = columns, tuple(respondents), weighted
        self._places = {respondent.id: place for place, respondent in enumerate(self.respondents)}
        if len(self._places) < len(self.respondents):
            raise ClcaError("two respondents have the same id; ids have to differ within a culture")
        self._weights = np.array([one.weight if weighted else 1.0 for one in self.respondents], dtype=np.float64)
        self.individual = bool(self.respondents) and not any(one.synthetic for one in self.respondents)
        count = len(self.respondents), len(columns.items)
        self._rows: Floats = np.zeros((len(self.respondents), columns.width))
        self._mass: Floats = np.full(count, np.nan)
        self._options: NDArray[np.int8] = np.full(count, _NOT_ASKED, dtype=np.int8)
        self._answers: NDArray[np.int8] = np.full(count, -1, dtype=np.int8)
        self._own_answers = False
        for place, one in enumerate(self.respondents):
            for item, answer in one.answers.items():
                if item in columns.index:
                    self._answers[place, columns.index[item]] = answer

    def add(self, prediction: Prediction) -> None:
        """Count one prediction."""
        item = self.columns.index.get(prediction.item)
        if item is None:
            raise ClcaError(f"predictions: {prediction.item} is no item of this evaluation")
        if prediction.respondent and prediction.respondent not in self._places:
            raise ClcaError(
                f"predictions: {prediction.culture} has no respondent {prediction.respondent!r} in this evaluation"
            )
        shares, option = self._read(prediction, int(self.columns.options[item]))
        self._own_answers = self._own_answers or bool(prediction.respondent)
        who = self._places[prediction.respondent] if prediction.respondent else slice(None)
        answers = self._answers[who, item]
        self._rows[who, self.columns.predicted(item)] = shares
        self._rows[who, self.columns.hit(item)] = (answers == option) & (answers >= 0)
        self._rows[who, self.columns.answered(item)] = answers >= 0
        self._mass[who, item] = np.nan if prediction.mass is None else prediction.mass
        self._options[who, item] = _UNREADABLE if option is None else option

    def fill(self, predicted: Distributions) -> AnswerCounts:
        """Give every respondent the same distribution, and the chance that it hits the respondent's own answer."""
        for id, shares in predicted.items():
            item = self.columns.index[id]
            answers = self._answers[:, item]
            self._rows[:, self.columns.predicted(item)] = np.append(shares, 0.0)
            self._rows[:, self.columns.hit(item)] = np.where(answers >= 0, shares[answers], 0.0)
            self._rows[:, self.columns.answered(item)] = answers >= 0
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
        """Ids of the respondents for whom anything was predicted, in the order in which they were given."""
        there = (self._options != _NOT_ASKED).any(axis=1)
        return tuple(one.id for one, is_there in zip(self.respondents, there, strict=True) if is_there)

    @property
    def one_for_all(self) -> bool:
        """Whether everything here was answered once for all respondents: then they are no observations of it."""
        return not self._own_answers

    def rows(self, ids: Iterable[str] | None = None) -> Floats:
        """[n, C]: the rows of these respondents, by default of all `seen`, times their weights."""
        places = self._where(ids)
        weighed: Floats = self._rows[places] * self._weights[places][:, None]
        return weighed

    def mass(self) -> list[float | None]:
        """The mean over respondents of what the options took of all that might have been said, for each item."""
        there = ~np.isnan(self._mass)
        sums, counts = np.where(there, self._mass, 0.0).sum(axis=0), there.sum(axis=0)
        return [float(one / n) if n else None for one, n in zip(sums, counts, strict=True)]

    def changes(self, other: AnswerCounts, ids: Sequence[str]) -> tuple[Floats, Floats]:
        """[n, I] each: whether the two answer an item differently, and whether both answer it at all; weighted."""
        mine, theirs = self._options[self._where(ids)], other._options[other._where(ids)]
        both = (mine != _NOT_ASKED) & (theirs != _NOT_ASKED)
        weights = self._weights[self._where(ids)][:, None]
        return (both & (mine != theirs)) * weights, both * weights

    def _where(self, ids: Iterable[str] | None) -> NDArray[np.int64]:
        return np.array([self._places[id] for id in (self.seen if ids is None else ids)], dtype=np.int64)


def count_answers(
    predictions: Iterable[Prediction],
    respondents: Mapping[str, Sequence[Respondent]],
    columns: ScoreLayout,
    *,
    weighted: bool = False,
) -> dict[CountsKey, AnswerCounts]:
    """Predictions, in any order, by culture, method and option order; `respondents` are those of each culture."""
    found: dict[CountsKey, AnswerCounts] = {}
    for one in predictions:
        key = CountsKey(one.culture, one.method, one.order)
        if key not in found:
            if one.culture not in respondents:
                known = ", ".join(sorted(respondents))
                raise ClcaError(f"predictions: no respondents of {one.culture}; there are those of {known}")
            found[key] = AnswerCounts(columns, respondents[one.culture], weighted=weighted)
        found[key].add(one)
    return found

"""The same replies read in two ways: by this project's reader (`corrected`) and as the paper's release does (`paper`).

The prediction of a reply holds what the evaluation's own reader says. What the other one says is counted beside it, so
that both readings of the same replies can be scored alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from clca.errors import ClcaError
from clca.evaluation.wvs.aggregate import score_methods
from clca.evaluation.wvs.baselines import Survey
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.scores import OtherReading, ReadDifferently
from clca.records import Prediction, Scoring


class ReplyReader(Protocol):
    """Says which option of the survey (from 0) a reply stands for, or None."""

    def read(self, reply: str, question: ItemQuestion) -> int | None:
        """The option of a reply to a question."""
        ...


Readers = Mapping[str, ReplyReader]
"""A reader for each culture, in the language in which it was asked."""


class Rereading:
    """Counts of predictions as another reader reads their replies; `scoring` names it."""

    def __init__(
        self,
        scoring: Scoring,
        readers: Readers,
        groups: Sequence[RespondentRequestGroup],
        samples: Mapping[str, Sample],
        layouts: Mapping[str, ScoreLayout],
        *,
        weighted: bool,
    ) -> None:
        self.scoring, self.counts = scoring, dict[CountsKey, AnswerCounts]()
        self._readers, self._samples, self._layouts, self._weighted = readers, samples, layouts, weighted
        self._replies: dict[CountsKey, int] = {}
        self._differing: dict[CountsKey, int] = {}
        sets = {(group.culture, id(group.questions)): group for group in groups}  # respondents share their questions
        self._questions = {
            (group.culture, question.item.id, question.order): question
            for group in sets.values()
            for question in group.questions
        }

    def add(self, prediction: Prediction) -> None:
        """Count a prediction as the other reader reads its reply; one without a reply is passed over.

        Raises `ClcaError` for an unknown respondent, and for an item that was not asked.
        """
        if prediction.reply is None:
            return
        key = CountsKey(prediction.culture, prediction.method, prediction.order)
        question = self._questions.get((prediction.culture, prediction.item, prediction.order))
        if question is None:
            asked = f"{prediction.item} ({prediction.order})"
            raise ClcaError(f"predictions: {asked} was not asked in {prediction.culture}")
        option = self._readers[prediction.culture].read(prediction.reply, question)
        if key not in self.counts:
            respondents, layout = self._samples[key.culture].respondents, self._layouts[key.culture]
            self.counts[key] = AnswerCounts(layout, respondents, weighted=self._weighted)
        self.counts[key].add(prediction.model_copy(update={"option": option}))
        self._replies[key] = self._replies.get(key, 0) + 1
        self._differing[key] = self._differing.get(key, 0) + (option != prediction.option)

    def score(self, surveys: Mapping[str, Survey], *, seed: int) -> OtherReading | None:
        """The scores of this reading against the surveys of the cultures; None where nothing was written."""
        if not self.counts:
            return None
        results, averages = score_methods(self.counts, surveys, seed=seed)
        return OtherReading(
            scoring=self.scoring,
            results=results,
            averages=averages,
            differing=tuple(
                ReadDifferently(
                    culture=key.culture,
                    method=key.method,
                    order=key.order,
                    replies=self._replies[key],
                    differing=self._differing[key],
                )
                for key in self.counts
            ),
        )

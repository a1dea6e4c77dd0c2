"""Answers of an evaluation on the survey: pending request groups go to a predictor, and come back as predictions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from clca.errors import ClcaError, ContentError
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.prediction_dir import MIN_FAILURES, PREDICTIONS
from clca.evaluation.progress import EvaluationProgress
from clca.evaluation.wvs.aggregate import running_estimate
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.prediction_dir import GroupKey, WvsPredictionDir, key_of
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup
from clca.evaluation.wvs.rereading import Readers, ReplyReader, Rereading
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.inference.requests import Answer, Predictor
from clca.records import Method, Prediction

PROGRESS_INTERVAL = 0.5  # seconds
FIRST_LOOK, GROWTH = 100, 1.5
"""Number of respondents at the first look at an interval's width, and its growth factor from look to look."""


KL_SHOWN = 6  # cultures and methods whose running kl is reported


@dataclass(frozen=True, slots=True)
class WvsProgress(EvaluationProgress):
    """State of an evaluation in request groups; `kl` (in nats) is that of each culture and method so far."""

    kl: dict[tuple[str, Method], float]

    @property
    def detail(self) -> str:
        """The latest running `kl` values by culture and method."""
        latest = list(self.kl.items())[-KL_SHOWN:]
        return " · ".join(f"{culture} {method} kl {value:.3f}" for (culture, method), value in latest)


ProgressCallback = Callable[[WvsProgress], None]


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """A culture and method that was stopped because the interval of its kl was narrow enough."""

    culture: str
    method: Method
    respondents: int
    kl: Estimate


class WvsAnswering:
    """Has all request groups of an evaluation answered; `counts` are of all predictions, those on disk included.

    Replies are read by `readers`, and `rereading` counts what the other reader makes of them.
    Raises `ContentError` for stored predictions that do not fit the evaluation.
    """

    def __init__(
        self,
        folder: WvsPredictionDir,
        groups: Sequence[RespondentRequestGroup],
        samples: Mapping[str, Sample],
        layouts: Mapping[str, ScoreLayout],
        readers: Readers,
        rereading: Rereading,
        *,
        seed: int,
        weighted: bool,
        on_progress: ProgressCallback,
    ) -> None:
        self.groups, self.counts = tuple(groups), dict[CountsKey, AnswerCounts]()
        self._folder, self._samples, self._layouts, self._readers = folder, samples, layouts, readers
        self.rereading = rereading
        self._seed, self._weighted, self._on_progress = seed, weighted, on_progress
        self._prompts, self._started, self._reported = 0, monotonic(), 0.0
        for prediction in folder.predictions():
            try:
                self._count(prediction)
            except ClcaError as error:
                file = str(folder.path / PREDICTIONS)
                raise ContentError(file, None, f"{error.message}; remove its group, or start over with --new") from None

    @property
    def pending(self) -> list[RespondentRequestGroup]:
        """The groups with their questions that have no answer, and were not asked in this run."""
        folder = self._folder
        return [folder.unanswered_questions(group) for group in self.groups if folder.is_pending(key_of(group))]

    def progress(self) -> WvsProgress:
        """The progress to report after the last request group."""
        kl = {}
        for key, counts in self.counts.items():
            if (key.culture, key.method) not in kl:
                survey = self._samples[key.culture].survey
                estimate = running_estimate(counts, survey, "kl", seed=self._seed, resamples=0)
                if estimate is not None:
                    kl[key.culture, key.method] = estimate.value
        prompts_left = sum(len(group.questions) for group in self.pending)
        seconds = monotonic() - self._started
        finished, total = len(self._folder.finished | self._folder.tried), len(self.groups)
        return WvsProgress(finished, total, "request groups", self._prompts, prompts_left, seconds, kl)

    def answer_pending(self, predictor: Predictor) -> None:
        """Have the predictor answer every pending group."""
        self._answer(predictor, self.pending)
        self._folder.require_answers()

    def answer_until(self, predictor: Predictor, width: float) -> list[EarlyStop]:
        """Have groups answered until half the interval of each culture's and method's kl is below `width`.

        Widths are looked at after fixed numbers of respondents, so that an interrupted evaluation stops where an
        uninterrupted one does. Returns the stops before all respondents of a culture and method were asked.
        """
        ranks: dict[GroupKey, int] = {}
        sizes: Counter[tuple[str, Method]] = Counter()
        for group in self.groups:
            ranks[key_of(group)] = sizes[group.culture, group.method]
            sizes[group.culture, group.method] += 1
        running, stops, size = set(sizes), [], FIRST_LOOK
        while running:
            pending = [group for group in self.pending if (group.culture, group.method) in running]
            self._answer(predictor, [group for group in pending if ranks[key_of(group)] < size])
            self._folder.require_answers()
            for pair in sorted(running):
                if size >= sizes[pair]:
                    running.remove(pair)
                    continue
                estimate = self._look(*pair, size)
                if estimate is not None and half_width(estimate) < width:
                    running.remove(pair)
                    stops.append(EarlyStop(*pair, size, estimate))
            size = math.ceil(size * GROWTH)
        return stops

    def _look(self, culture: str, method: Method, size: int) -> Estimate | None:
        """The kl over the first respondents of the draw, even where more have answered by now; None for no answers."""
        sample = self._samples[culture]
        first = [respondent.id for respondent in sample.respondents[:size]]
        counts = self.counts.get(CountsKey(culture, method, self.groups[0].questions[0].order))
        return None if counts is None else running_estimate(counts, sample.survey, "kl", seed=self._seed, ids=first)

    def _answer(self, predictor: Predictor, groups: Sequence[RespondentRequestGroup]) -> None:
        if groups:
            predictor.predict(groups, self._add)

    def _add(self, group: RespondentRequestGroup, answers: Sequence[Answer]) -> None:
        reader = self._readers[group.culture]
        predictions = [
            predict(group, question, answer, reader) for question, answer in zip(group.questions, answers, strict=True)
        ]
        self._folder.add(group, predictions)
        self._folder.require_answers(at_least=MIN_FAILURES)
        self._prompts += len(predictions)
        for prediction in predictions:
            if prediction.failure is None:
                self._count(prediction)
        if monotonic() - self._reported >= PROGRESS_INTERVAL:
            self._on_progress(self.progress())
            self._reported = monotonic()

    def _count(self, prediction: Prediction) -> None:
        key = CountsKey(prediction.culture, prediction.method, prediction.order)
        if key not in self.counts:
            respondents, layout = self._samples[key.culture].respondents, self._layouts[key.culture]
            self.counts[key] = AnswerCounts(layout, respondents, weighted=self._weighted)
        self.counts[key].add(prediction)
        self.rereading.add(prediction)


def predict(group: RespondentRequestGroup, question: ItemQuestion, answer: Answer, reader: ReplyReader) -> Prediction:
    """The answer to a question as a prediction, in the survey's order of the options."""
    option, probabilities = None, None
    if answer.probabilities is not None:
        by_option, total = dict(zip(question.shown, answer.probabilities, strict=True)), sum(answer.probabilities)
        probabilities = tuple(by_option[option] / total for option in range(len(by_option)))  # of float32s, about 1
        option = probabilities.index(max(probabilities))
    elif answer.reply is not None:
        option = reader.read(answer.reply, question)
    return Prediction(
        culture=group.culture,
        method=group.method,
        respondent=group.respondent,
        item=question.item.id,
        order=question.order,
        option=option,
        reply=answer.reply,
        probabilities=probabilities,
        mass=answer.option_mass,
        failure=answer.failure,
    )


def half_width(estimate: Estimate) -> float:
    """Half the width of an interval; infinite where there is none."""
    if estimate.low is None or estimate.high is None:
        return math.inf
    return (estimate.high - estimate.low) / 2

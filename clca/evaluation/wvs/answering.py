"""An evaluation at work: sheets that are not answered yet go to a predictor, and come back as predictions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from clca.errors import ClcaError, ContentError
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.prediction_dir import PREDICTIONS
from clca.evaluation.progress import EvaluationProgress
from clca.evaluation.wvs.aggregate import running
from clca.evaluation.wvs.answer_extraction import Reader
from clca.evaluation.wvs.counts import AnswerCounts
from clca.evaluation.wvs.counts import Key as TallyKey
from clca.evaluation.wvs.prediction_dir import Key, WvsPredictionDir, key_of
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.inference.requests import Answer, Predictor
from clca.records import Method, Prediction

TELL_EVERY = 0.5  # seconds
FIRST, GROWTH = 100, 1.5
"""Respondents at the first look at how sure a score is, and by how many times more there are at each further one."""


KL_SHOWN = 6  # cultures and methods whose running kl is reported


@dataclass(frozen=True, slots=True)
class WvsProgress(EvaluationProgress):
    """How far an evaluation is, in request groups. `kl` (in nats) is that of each culture and method so far."""

    kl: dict[tuple[str, Method], float]

    @property
    def detail(self) -> str:
        latest = list(self.kl.items())[-KL_SHOWN:]
        return " · ".join(f"{culture} {method} kl {value:.3f}" for (culture, method), value in latest)


Tell = Callable[[WvsProgress], None]


@dataclass(frozen=True, slots=True)
class Stop:
    """A culture and method that was stopped, since the interval of its kl was narrow enough."""

    culture: str
    method: Method
    respondents: int
    kl: Estimate


class Work:
    """All sheets of an evaluation, and what became of them. `tallies` hold every prediction made so far."""

    def __init__(
        self,
        folder: WvsPredictionDir,
        sheets: Sequence[RespondentRequestGroup],
        samples: Mapping[str, Sample],
        columns: ScoreLayout,
        readers: Mapping[str, Reader],
        *,
        seed: int,
        weighted: bool,
        tell: Tell,
    ) -> None:
        self.sheets, self.tallies = tuple(sheets), dict[TallyKey, AnswerCounts]()
        self._folder, self._samples, self._columns, self._readers = folder, samples, columns, readers
        self._seed, self._weighted, self._tell = seed, weighted, tell
        self._prompts, self._began, self._told = 0, monotonic(), 0.0
        for prediction in folder.predictions():
            try:
                self._count(prediction)
            except ClcaError as error:
                file = str(folder.path / PREDICTIONS)
                raise ContentError(file, None, f"{error.message}; remove its sheet, or begin anew with --new") from None

    @property
    def pending(self) -> list[RespondentRequestGroup]:
        return [sheet for sheet in self.sheets if key_of(sheet) not in self._folder.finished]

    def progress(self) -> WvsProgress:
        kl = {}
        for key, tally in self.tallies.items():
            if (key.culture, key.method) not in kl:
                found = running(tally, self._samples[key.culture].survey, "kl", seed=self._seed, resamples=0)
                if found is not None:
                    kl[key.culture, key.method] = found.value
        left = sum(len(sheet.questions) for sheet in self.pending)
        done = len(self._folder.finished)
        seconds = monotonic() - self._began
        return WvsProgress(done, len(self.sheets), "request groups", self._prompts, left, seconds, kl)

    def ask_all(self, predictor: Predictor) -> None:
        """Have every sheet that is left answered."""
        self._ask(predictor, self.pending)

    def ask_until(self, predictor: Predictor, width: float) -> list[Stop]:
        """Have sheets answered until half the interval of each culture's and method's kl is below `width`.

        Looks are at fixed numbers of respondents, so that an evaluation that was interrupted stops where it would
        have. Returns where it stopped before all respondents had been asked.
        """
        ranks: dict[Key, int] = {}
        sizes: Counter[tuple[str, Method]] = Counter()
        for sheet in self.sheets:
            ranks[key_of(sheet)] = sizes[sheet.culture, sheet.method]
            sizes[sheet.culture, sheet.method] += 1
        running_on, stops, size = set(sizes), [], FIRST
        while running_on:
            of_these = [one for one in self.pending if (one.culture, one.method) in running_on]
            self._ask(predictor, [one for one in of_these if ranks[key_of(one)] < size])
            for pair in sorted(running_on):
                if size >= sizes[pair]:
                    running_on.remove(pair)
                    continue
                estimate = self._look(*pair, size)
                if half_width(estimate) < width:
                    running_on.remove(pair)
                    stops.append(Stop(*pair, size, estimate))
            size = math.ceil(size * GROWTH)
        return stops

    def _look(self, culture: str, method: Method, size: int) -> Estimate:
        """The kl over the first respondents of the draw, whoever else has answered by now."""
        sample = self._samples[culture]
        first = [one.id for one in sample.respondents[:size]]
        tally = self.tallies[TallyKey(culture, method, self.sheets[0].questions[0].order)]
        estimate = running(tally, sample.survey, "kl", seed=self._seed, ids=first)
        assert estimate is not None, "a round without answers"
        return estimate

    def _ask(self, predictor: Predictor, sheets: Sequence[RespondentRequestGroup]) -> None:
        if sheets:
            predictor.fill(sheets, self._done)

    def _done(self, sheet: RespondentRequestGroup, answers: Sequence[Answer]) -> None:
        reader = self._readers[sheet.culture]
        predictions = [
            predict(sheet, question, answer, reader) for question, answer in zip(sheet.questions, answers, strict=True)
        ]
        self._folder.add(sheet, predictions)
        self._prompts += len(predictions)
        for prediction in predictions:
            self._count(prediction)
        if monotonic() - self._told >= TELL_EVERY:
            self._tell(self.progress())
            self._told = monotonic()

    def _count(self, prediction: Prediction) -> None:
        key = TallyKey(prediction.culture, prediction.method, prediction.order)
        if key not in self.tallies:
            people = self._samples[prediction.culture].respondents
            self.tallies[key] = AnswerCounts(self._columns, people, weighted=self._weighted)
        self.tallies[key].add(prediction)


def predict(sheet: RespondentRequestGroup, question: ItemQuestion, answer: Answer, reader: Reader) -> Prediction:
    """What an answer says, in the survey's order of the options."""
    option, probabilities = None, None
    if answer.odds is not None:
        by_option, total = dict(zip(question.shown, answer.odds, strict=True)), sum(answer.odds)
        probabilities = tuple(by_option[option] / total for option in range(len(by_option)))  # of float32s, about 1
        option = probabilities.index(max(probabilities))
    elif answer.reply is not None:
        option = reader.read(answer.reply, question)
    return Prediction(
        culture=sheet.culture,
        method=sheet.method,
        respondent=sheet.respondent,
        item=question.item.id,
        order=question.order,
        option=option,
        reply=answer.reply,
        probabilities=probabilities,
        mass=answer.mass,
    )


def half_width(estimate: Estimate) -> float:
    if estimate.low is None or estimate.high is None:
        return math.inf
    return (estimate.high - estimate.low) / 2

"""The ablation figures: of finished evaluations with adapters that learned other data, and of the printed numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from clca.content.lookup import Content
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import as_metric
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.published import AVERAGE, PublishedScore
from clca.evaluation.wvs.scores import WvsEstimates
from clca.records import Method
from clca.report.figures.ablation_bars import METRICS, AblationBar, AblationFigure, AblationScore
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.palette import METHOD_LABELS
from clca.report.figures.runs import SURVEY_DATA, run_line, slug, some
from clca.report.figures.sources import Sources
from clca.report.figures.survey_source import ADAPTED, SurveySource, learned_clca

PUBLISHED_TABLES = ("social", "intent", "teacher")
"""The tables of `eval/published.yaml` that the bars are of."""

_SHOWS = (
    "A bar is the mean over cultures of one system, the student as it is or after training on the data named. Lines are"
    " 95 % intervals over respondents, of a single run; of several runs each is a dot. Both metrics are the"
    " paper-compatible ones, each with an axis of its own."
)


def ablation_figures(sources: Sources) -> Iterator[Figure]:
    """For each student and set of cultures a figure, where two kinds of adapters or more can be compared."""
    groups: dict[tuple[str, tuple[str, ...]], list[SurveySource]] = {}
    for source in sources.surveys:
        cultures = tuple(sorted({result.culture for result in source.scores.results}))
        groups.setdefault((source.info.student, cultures), []).append(source)
    used = dict[str, int]()
    for (student, cultures), own in groups.items():
        bars = _bars(own)
        if len({bar.system for bar in bars if bar.method == ADAPTED}) < 2:
            continue
        if set(cultures) == set(PAPER_ORDER):
            bars += published_bars(sources.published, student)
        used[student] = used.get(student, 0) + 1
        suffix = f"-{used[student]}" if used[student] > 1 else ""
        data = AblationFigure(student, tuple(bars))
        caption = Caption(
            title=f"Ablations: {label(student)} after training on other data",
            shows=_SHOWS,
            alt=_alt(data),
            foot=f"Cultures: {some(cultures)}. {run_line(SURVEY_DATA, _names(data), own)}",
        )
        yield make_figure(
            f"ablations-{slug(student)}{suffix}",
            caption,
            data.table,
            data.size,
            data.draw,
            sources=[source.folder for source in own],
            rehearsal=any(source.info.rehearsal for source in own),
        )


def published_ablation_figures(content: Content) -> Iterator[Figure]:
    """The slides' ablations as they are printed. Raises `ContentError`."""
    catalogue = load_catalogue(content)
    students = [
        cell.entry.model
        for id in PUBLISHED_TABLES
        for cell in catalogue.cells(catalogue.find(id))
        if isinstance(cell.entry, PublishedScore)
    ]
    for student in dict.fromkeys(students):
        data = AblationFigure(student, tuple(published_bars(catalogue, student)))
        caption = Caption(
            title=f"Ablations as published: {label(student)}",
            shows=_SHOWS,
            alt=_alt(data),
            foot=f"Model: {student}. Data: CLCA slides (published). Metric: {_names(data)}, mean over five cultures",
        )
        yield make_figure(f"published-ablations-{slug(student)}", caption, data.table, data.size, data.draw)


def published_bars(catalogue: PublishedCatalogue, student: str) -> list[AblationBar]:
    """The printed averages of a student, each system once."""
    by_system: dict[tuple[str, Method], dict[str, AblationScore]] = {}
    for id in PUBLISHED_TABLES:
        for cell in catalogue.cells(catalogue.find(id)):
            entry = cell.entry
            if not isinstance(entry, PublishedScore) or entry.model != student or entry.culture != AVERAGE:
                continue
            system = METHOD_LABELS[entry.method]
            name = f"{system}, {entry.setting}" if entry.setting else system
            metric = as_metric(entry.metric)
            if metric is not None:
                score = AblationScore(metric, Estimate(value=entry.value))
                by_system.setdefault((f"{name} (published)", entry.method), {})[metric] = score
    return [
        AblationBar(system, method, "published", tuple(scores.values()))
        for (system, method), scores in by_system.items()
    ]


def _bars(own: Sequence[SurveySource]) -> list[AblationBar]:
    scores: dict[tuple[str, Method], list[AblationScore]] = {}
    for source in own:
        for method, estimates in _means(source):
            culture = next(result.culture for result in source.scores.results if result.method == method)
            for metric in METRICS:
                estimate = getattr(estimates, metric)
                if estimate is not None:
                    score = AblationScore(metric, estimate, source.run, f"{source.info.seed}")
                    scores.setdefault((source.system(method, culture), method), []).append(score)
    order = get_args(Method)
    bars = [AblationBar(system, method, "ours", tuple(of)) for (system, method), of in scores.items()]
    return sorted(bars, key=lambda bar: (order.index(bar.method), not learned_clca(bar.system)))


def _means(source: SurveySource) -> Iterator[tuple[Method, WvsEstimates]]:
    """The mean over cultures of each method that has one kind of adapter, or the scores of the only culture."""
    first = source.scores.results[0].order if source.scores.results else "given"
    averages = [average for average in source.scores.averages if average.order == first]
    of_single = [] if averages else [result for result in source.scores.results if result.order == first]
    entries: Iterable[tuple[Method, WvsEstimates]] = (
        *((average.method, average.overall) for average in averages),
        *((result.method, result.overall) for result in of_single),
    )
    for method, estimates in entries:
        systems = {source.system(method, result.culture) for result in source.scores.results if result.method == method}
        if len(systems) == 1:
            yield method, estimates


def _names(data: AblationFigure) -> str:
    return " and ".join(HEADS[metric].title for metric in data.metrics)


def _alt(data: AblationFigure) -> str:
    parts = []
    for bar in data.bars:
        values = {metric: [score.estimate.value for score in bar.values(metric)] for metric in data.metrics}
        numbers = [f"{metric} {sum(of) / len(of):.3f}" for metric, of in values.items() if of]
        parts.append(f"{bar.system[:80]}: {', '.join(numbers)}")
    return f"Means over cultures of {data.student[:80]}. {'; '.join(parts)[:900]}."

"""The figures of the survey's metrics by student and culture, from finished evaluations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import get_args

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.bootstrap import Estimate
from clca.evaluation.published.catalogue import load_catalogue
from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import METRICS, PAPER_METRICS, Metric
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.published import PublishedScore
from clca.records import Method
from clca.report.figures.drawing import Caption, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.metric_points import (
    REFERENCES,
    MetricFigure,
    MetricPoint,
    MetricSeries,
    Reference,
    StudentPanel,
    means,
)
from clca.report.figures.palette import METHOD_LABELS
from clca.report.figures.published_points import may_be_published, published_series, setting_differences
from clca.report.figures.runs import SURVEY_DATA, run_line, slug, some
from clca.report.figures.sources import Sources
from clca.report.figures.survey_source import SurveySource, learned_clca

MOST_STUDENTS = 12  # panels of a figure; further students are in figures of their own


def metric_figures(sources: Sources, metrics: Sequence[Metric] = METRICS) -> Iterator[Figure]:
    """A figure of each metric that any evaluation has, of 12 students at most."""
    names = sources.culture_names()
    students = list(dict.fromkeys(source.info.student for source in sources.surveys))
    for start in range(0, len(students), MOST_STUDENTS):
        shown = students[start : start + MOST_STUDENTS]
        surveys = [source for source in sources.surveys if source.info.student in shown]
        for metric in metrics:
            data = metric_data(sources, surveys, metric, names)
            if data.panels:
                yield _figure(sources, surveys, data, start // MOST_STUDENTS)


def published_metric_figures(content: Content) -> Iterator[Figure]:
    """The main table of the CLCA slides as a picture, from the printed numbers. Raises `ContentError`."""
    catalogue = load_catalogue(content)
    names = CultureCatalogue(content).names
    asked = [(system, method, culture) for method, system in METHOD_LABELS.items() for culture in PAPER_ORDER]
    cells = catalogue.cells(catalogue.find("cultures"))
    students = dict.fromkeys(cell.entry.model for cell in cells if isinstance(cell.entry, PublishedScore))
    panels = tuple(
        StudentPanel(student, tuple(published_series(catalogue, student, "kl_paper", asked)), {})
        for student in students
    )
    data = MetricFigure("kl_paper", {culture: names.get(culture, culture) for culture in PAPER_ORDER}, panels)
    head = HEADS["kl_paper"]
    caption = Caption(
        title=f"{data.heading}: as published, by student and culture",
        shows=f"A mark is a printed score. {head.title}: {head.note}",
        alt=f"KL-D of {len(students)} students before and after CLCA, as the slides print it.",
        foot=f"Model: {some(list(students), 12)}. Data: CLCA slides (published), 1,000 respondents of each culture."
        f" Metric: {head.title}",
    )
    yield make_figure("published-kl-paper", caption, data.table, data.size, data.draw)


def metric_data(
    sources: Sources, surveys: Sequence[SurveySource], metric: Metric, names: dict[str, str]
) -> MetricFigure:
    """One metric of these evaluations, in the first order of the options of each, with the published scores."""
    scored = dict.fromkeys(result.culture for source in surveys for result in source.scores.results)
    order = (*(culture for culture in PAPER_ORDER if culture in scored), *scored)
    panels, vary = [], _varying(surveys)
    for student in dict.fromkeys(source.info.student for source in surveys):
        own = [source for source in surveys if source.info.student == student]
        panel = _panel(sources, student, own, metric, vary=vary)
        if panel.series:
            panels.append(panel)
    drawn = {point.culture for panel in panels for series in panel.series for point in series.points}
    return MetricFigure(
        metric, {culture: names.get(culture, culture) for culture in order if culture in drawn}, tuple(panels)
    )


def _panel(
    sources: Sources, student: str, own: Sequence[SurveySource], metric: Metric, vary: Sequence[str]
) -> StudentPanel:
    points: dict[tuple[str, Method], list[MetricPoint]] = {}
    comparable: list[tuple[str, Method, str]] = []
    references: dict[Reference, dict[str, Estimate]] = {}
    for source in own:
        asked = set[tuple[str, str]]()
        for result in source.scores.results:
            estimate = getattr(result.overall, metric)
            if estimate is None or (result.culture, result.method) in asked:
                continue
            asked.add((result.culture, result.method))
            system = source.system(result.method, result.culture) + _variant(source, result.culture, vary)
            point = MetricPoint(result.culture, estimate, source.run, f"{source.info.seed}")
            points.setdefault((system, result.method), []).append(point)
            if may_be_published(source, result.method, result.culture):
                comparable.append((system, result.method, result.culture))
        for culture, baselines in source.scores.references.items():
            for reference in REFERENCES:
                estimate = getattr(getattr(baselines, reference), metric)
                if estimate is not None:
                    references.setdefault(reference, {}).setdefault(culture, estimate)
    series = [MetricSeries(system, method, "ours", tuple(entries)) for (system, method), entries in points.items()]
    methods = get_args(Method)
    series.sort(key=lambda entry: (methods.index(entry.method), not learned_clca(entry.system)))
    published = list(published_series(sources.published, student, metric, _first_of_method(comparable)))
    beside = [twin for entry in series for twin in (entry, *(own for own in published if own.system == entry.system))]
    return StudentPanel(student, tuple(beside), references)


def _first_of_method(systems: Sequence[tuple[str, Method, str]]) -> list[tuple[str, Method, str]]:
    """The first system of each method and culture: the published score stands beside that one."""
    first: dict[tuple[Method, str], tuple[str, Method, str]] = {}
    for system, method, culture in systems:
        first.setdefault((method, culture), (system, method, culture))
    return list(first.values())


FACETS: dict[str, Callable[[SurveySource, str], str]] = {
    "language": lambda source, culture: "English" if source.language(culture) == "en" else "own language",
    "scoring": lambda source, culture: f"{source.info.scoring} scoring",
    "mode": lambda source, culture: source.info.mode,
    "format": lambda source, culture: f"{source.info.format} format",
    "bits": lambda source, culture: "server" if source.info.server else f"{source.info.inputs.bits} bits",
}
"""What sets runs of one student apart, besides seeds, people and adapters: in words, by its name."""


def _varying(surveys: Sequence[SurveySource]) -> list[str]:
    """The facets in which runs of any student differ for the same culture."""
    values: dict[tuple[str, str, str], set[str]] = {}
    for source in surveys:
        for culture in {result.culture for result in source.scores.results}:
            for name, of in FACETS.items():
                values.setdefault((name, source.info.student, culture), set()).add(of(source, culture))
    differing = {name for (name, _, _), distinct in values.items() if len(distinct) > 1}
    return [name for name in FACETS if name in differing]


def _variant(source: SurveySource, culture: str, vary: Sequence[str]) -> str:
    return "".join(f", {FACETS[name](source, culture)}" for name in vary)


def _figure(sources: Sources, surveys: Sequence[SurveySource], data: MetricFigure, number: int) -> Figure:
    head = HEADS[data.metric]
    used = [source for source in surveys if any(source.info.student == panel.student for panel in data.panels)]
    caption = Caption(
        title=f"{data.heading}: by student and culture",
        shows=(
            "A mark is a system's score of a culture and the line through it its 95 % interval over respondents; of"
            " several runs each has its own line, and more than 5 are drawn as their mean, from the lowest to the"
            " highest. Upright lines are references on the same scale. "
            f"{head.title[0].upper()}{head.title[1:]}: {head.note}"
        ),
        alt=_alt(data),
        foot=run_line(SURVEY_DATA, head.title, used),
        notes=_notes(sources, used, data),
    )
    suffix = f"-{number + 1}" if number else ""
    return make_figure(
        f"survey-{slug(data.metric)}{suffix}",
        caption,
        data.table,
        data.size,
        data.draw,
        sources=[source.folder for source in used],
        rehearsal=any(source.info.rehearsal for source in used),
    )


def _notes(sources: Sources, used: Sequence[SurveySource], data: MetricFigure) -> tuple[str, ...]:
    notes = []
    if any(series.of == "published" for panel in data.panels for series in panel.series):
        differing = dict.fromkeys(
            f"{line}" for source in used for line in setting_differences(sources.published, source, data.metric)
        )
        notes.append(
            "Hollow marks are the scores that the CLCA paper printed"
            + (f"; the runs differ from it in: {'; '.join(differing)}." if differing else ".")
        )
    if any(source.info.synthetic for source in used):
        notes.append("Respondents of some runs are synthetic, drawn from demographic shares.")
    if data.metric not in PAPER_METRICS and data.metric != "invalid":
        notes.append("Not comparable with the paper's KL-D, which has a figure of its own.")
    return (*notes, *data.not_drawn)


def _alt(data: MetricFigure) -> str:
    scores = "; ".join(f"{student}, {system} {mean:.3f}" for student, system, mean in means(data))
    more = " ..." if len(scores) > 600 else ""
    return (
        f"{data.heading} for {', '.join(data.cultures.values())}. Means over cultures and runs: {scores[:600]}{more}."
    )

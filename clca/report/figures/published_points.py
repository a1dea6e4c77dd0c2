"""The published scores of a student beside its own, and in which settings a run differs from what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clca.evaluation.bootstrap import Estimate
from clca.evaluation.published.catalogue import PrintedCell, PublishedCatalogue
from clca.evaluation.published.matching import Difference, differences
from clca.evaluation.wvs.metric_names import Metric
from clca.evaluation.wvs.published import AVERAGE, PublishedScore
from clca.records import Method
from clca.report.figures.metric_points import MetricPoint, MetricSeries
from clca.report.figures.survey_source import ADAPTED, SurveySource, learned_clca

_OF_ADAPTERS = frozenset({"recipe", "mixture", "teacher", "cultures"})
"""Settings that an evaluation does not record one by one: the name of the system says what its adapters learned."""


def run_settings(source: SurveySource, culture: str) -> dict[str, str]:
    """What decides whether a run may stand beside published numbers, in the names of `eval/published.yaml`."""
    info = source.info
    settings = {
        "student": info.student,
        "scoring": info.scoring,
        "mode": info.mode,
        "format": info.format,
        "order": info.inputs.orders[0] if info.inputs.orders else "",
        "items": f"{len(info.inputs.items)}",
        "weights": "yes" if info.weighted else "no",
        "language": source.language(culture),
        "people": "synthetic" if info.synthetic else "survey",
        "respondents": f"{info.respondents.get(culture, 0)}",
    }
    return settings if info.server or info.inputs.bits is None else {**settings, "bits": f"{info.inputs.bits}"}


def published_series(
    catalogue: PublishedCatalogue, student: str, metric: Metric, systems: Iterable[tuple[str, Method, str]]
) -> Iterator[MetricSeries]:
    """The published scores of a student in the main setting for each (system, method, culture) that has one."""
    by_system: dict[tuple[str, Method], dict[str, float]] = {}
    for system, method, culture in systems:
        for cell in _cells(catalogue, student, method, metric):
            if isinstance(cell.entry, PublishedScore) and cell.entry.culture == culture:
                by_system.setdefault((system, method), {})[culture] = cell.entry.value
    for (system, method), scores in by_system.items():
        points = tuple(MetricPoint(culture, Estimate(value=value)) for culture, value in scores.items())
        yield MetricSeries(system, method, "published", points)


def setting_differences(catalogue: PublishedCatalogue, source: SurveySource, metric: Metric) -> tuple[Difference, ...]:
    """In what a run differs from the published numbers that stand beside its own; () without any of the student."""
    lines: dict[Difference, None] = {}
    for result in source.scores.results:
        settings = {**run_settings(source, result.culture), "method": result.method}
        for cell in _cells(catalogue, source.info.student, result.method, metric):
            if isinstance(cell.entry, PublishedScore) and cell.entry.culture == result.culture:
                needs = {key: values for key, values in cell.needs.items() if key not in _OF_ADAPTERS}
                lines.update(dict.fromkeys(differences(needs, settings)))
    return tuple(lines)


def _cells(catalogue: PublishedCatalogue, student: str, method: str, metric: Metric) -> Iterator[PrintedCell]:
    for cell in catalogue.all_cells:
        entry = cell.entry
        if not isinstance(entry, PublishedScore) or entry.setting is not None or entry.culture == AVERAGE:
            continue
        if (entry.model, entry.method, entry.metric) == (student, method, metric):
            yield cell


def may_be_published(source: SurveySource, method: str, culture: str) -> bool:
    """Whether a system is one that the paper has: of adapters those that learned the paper's own mixture."""
    return method != ADAPTED or learned_clca(source.system(method, culture))

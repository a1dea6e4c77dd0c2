"""The figures of language transfer: students that were asked about one culture in several languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from clca.evaluation.wvs.metric_heads import HEADS
from clca.evaluation.wvs.metric_names import Metric
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.language_transfer import LanguageScore, TransferFigure
from clca.report.figures.runs import SURVEY_DATA, run_line, slug
from clca.report.figures.sources import Sources
from clca.report.figures.survey_source import SurveySource

METRICS: tuple[Metric, ...] = ("kl_paper", "accuracy_paper", "jsd", "invalid")
"""Those of the paper's figure, a proper distance, and what makes both worse in a language that a student lacks."""


def transfer_figures(sources: Sources) -> Iterator[Figure]:
    """A figure for each metric and each student that was evaluated on a culture in two languages or more."""
    names = sources.culture_names()
    for student in dict.fromkeys(source.info.student for source in sources.surveys):
        own = [source for source in sources.surveys if source.info.student == student]
        for metric in METRICS:
            data = transfer_data(student, own, metric, names)
            if data.scores:
                yield _figure(data, own)


def transfer_data(
    student: str, own: Sequence[SurveySource], metric: Metric, names: Mapping[str, str]
) -> TransferFigure:
    """The scores of the cultures that were asked for in several languages, in the first order of the options."""
    scores: dict[tuple[str, str, str, str], LanguageScore] = {}
    for source in own:
        for result in source.scores.results:
            estimate = getattr(result.overall, metric)
            if estimate is None:
                continue
            system, language = source.system(result.method, result.culture), source.language(result.culture)
            score = LanguageScore(
                system, result.method, result.culture, language, estimate, source.run, f"{source.info.seed}"
            )
            scores.setdefault((system, result.culture, language, source.run), score)
    spoken: dict[str, set[str]] = {}
    for score in scores.values():
        spoken.setdefault(score.culture, set()).add(score.language)
    several = {culture: names.get(culture, culture) for culture, languages in spoken.items() if len(languages) > 1}
    return TransferFigure(
        student, metric, several, tuple(score for score in scores.values() if score.culture in several)
    )


def _figure(data: TransferFigure, own: Sequence[SurveySource]) -> Figure:
    used = [source for source in own if source.run in {score.run for score in data.scores}]
    head = HEADS[data.metric]
    caption = Caption(
        title=f"{head.title} by the language that is asked in: {label(data.student)}",
        shows=(
            "A panel is a culture; a line joins the scores of one system and seed in English (en) and in the culture's"
            f" own language. Upright lines are 95 % intervals over respondents. {head.title}: {head.note}"
        ),
        alt=_alt(data),
        foot=run_line(SURVEY_DATA, head.title, used),
    )
    return make_figure(
        f"languages-{slug(data.metric)}-{slug(data.student)}",
        caption,
        data.table,
        data.size,
        data.draw,
        sources=[source.folder for source in used],
        rehearsal=any(source.info.rehearsal for source in used),
    )


def _alt(data: TransferFigure) -> str:
    by_language: dict[tuple[str, str, str], list[float]] = {}
    for score in data.scores:
        key = (data.cultures[score.culture], score.system[:80], score.language)
        by_language.setdefault(key, []).append(score.estimate.value)
    parts = [f"{name}, {system}, {language} {fmean(of):.3f}" for (name, system, language), of in by_language.items()]
    return f"{HEADS[data.metric].title} of {data.student[:80]} by language. {'; '.join(parts)[:800]}."

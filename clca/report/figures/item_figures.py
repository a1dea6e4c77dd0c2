"""The per-item distributions of finished evaluations on the survey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clca.content.wvs_items import Item, load_items
from clca.content.wvs_scales import scaled_items
from clca.evaluation.wvs.scores import ItemScore, MethodScores
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.item_shares import PEOPLE, ItemFigure, ItemShares
from clca.report.figures.runs import SURVEY_DATA, run_line, slug
from clca.report.figures.sources import Sources
from clca.report.figures.survey_source import SurveySource

MOST_FIGURES = 24  # of a call; each has some 90 kB
MOST_FAR = 3  # items that the text alternative names


def item_figures(sources: Sources, most: int = MOST_FIGURES) -> Iterator[Figure]:
    """A figure for each student and culture, of the first evaluation of most systems, then items; `most` at most.

    The caption says of how many evaluations it is one, and the last one how many figures are not drawn.
    """
    names = sources.culture_names()
    items = load_items(sources.content).items
    chosen: dict[tuple[str, str], list[SurveySource]] = {}
    for source in sources.surveys:
        for culture in dict.fromkeys(result.culture for result in source.scores.results):
            chosen.setdefault((source.info.student, culture), []).append(source)
    for number, ((_, culture), own) in enumerate(list(chosen.items())[:most], start=1):
        source = max(own, key=lambda entry: _size(entry, culture))
        data = item_data(source, culture, names.get(culture, culture), items)
        left_out = len(chosen) - most if number == most else 0
        yield _figure(source, data, culture, len(own), max(left_out, 0))


def _size(source: SurveySource, culture: str) -> tuple[int, int]:
    """How many systems and items an evaluation has of a culture."""
    results = _first_orders(source, culture)
    return len(results), max((len(result.items) for result in results), default=0)


def item_data(source: SurveySource, culture: str, name: str, items: Sequence[Item]) -> ItemFigure:
    """The items of a culture in the survey's order, each on the scale that it was asked on."""
    results = _first_orders(source, culture)
    known = {item.id: item for item in scaled_items(items, source.info.three_points.get(culture, ()))}
    by_item: dict[str, dict[str, ItemScore]] = {}
    systems = []
    for result in results:
        system = source.system(result.method, culture)
        systems.append(system)
        for score in result.items:
            by_item.setdefault(score.item, {})[system] = score
    shares = []
    for id, of_systems in by_item.items():
        first = next(iter(of_systems.values()))
        options = len(first.survey)
        item = known.get(id)
        wordings = item.options if item is not None and len(item.options) == options else tuple("?" * options)
        predicted = {
            system: score.predicted for system, score in of_systems.items() if len(score.predicted) == options + 1
        }
        shares.append(ItemShares(id, item.label if item is not None else id, wordings, first.survey, predicted))
    return ItemFigure(source.info.student, name, tuple(systems), tuple(shares), source.run, f"{source.info.seed}")


def _first_orders(source: SurveySource, culture: str) -> list[MethodScores]:
    """The scores of each method in its first order of the options."""
    first: dict[str, MethodScores] = {}
    for result in source.scores.results:
        if result.culture == culture:
            first.setdefault(result.method, result)
    return list(first.values())


def _figure(source: SurveySource, data: ItemFigure, culture: str, of: int, left_out: int) -> Figure:
    bars = ", ".join(label(name, 60) for name in (PEOPLE, *data.systems))
    notes = [f"One of {of} evaluations of this student and culture."] if of > 1 else []
    if left_out:
        notes.append(f"Not drawn: {left_out} further students and cultures.")
    caption = Caption(
        title=f"Answers by item: {label(data.student)} in the place of {label(data.culture, 30)}",
        shows="Each bar is 100 % of the answers to an item, its options from left to right.",
        alt=_alt(source, data, culture),
        foot=f"Bars from top to bottom: {bars}. {run_line(SURVEY_DATA, 'shares of the options', [source])}",
        notes=tuple(notes),
    )
    return make_figure(
        f"items-{slug(data.student)}-{slug(culture)}",
        caption,
        data.table,
        data.size,
        data.draw,
        sources=[source.folder],
        rehearsal=source.info.rehearsal,
    )


def _alt(source: SurveySource, data: ItemFigure, culture: str) -> str:
    parts = []
    texts = {item.item: item.text for item in data.items}
    for result in _first_orders(source, culture):
        scored = [(entry.figures.jsd.value, entry.item) for entry in result.items if entry.figures.jsd is not None]
        far = [f"{id} {texts[id]} ({value:.2f})" for value, id in sorted(scored, reverse=True)[:MOST_FAR]]
        parts.append(f"{source.system(result.method, culture)[:80]}: {', '.join(far)}")
    return (
        f"Shares of the options of {len(data.items)} items, people of {data.culture} against {data.student[:80]}."
        f" Farthest from people by Jensen-Shannon distance: {'; '.join(parts)}."
    )

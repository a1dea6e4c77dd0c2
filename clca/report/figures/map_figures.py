"""The cultural map of each student, from finished evaluations and the survey's own shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clca.content.lookup import Content
from clca.content.wvs_items import Shares, load_items, load_shares, shares_of
from clca.culture.scores import Scores, mean_position
from clca.evaluation.wvs.map_axes import EXPRESSION, SECULAR, AxisModel, ItemShares, axis_model
from clca.evaluation.wvs.scores import MethodScores
from clca.report.figures.cultural_map import STATES, Country, CulturalMap, MapMark, MapPanel, State
from clca.report.figures.drawing import Caption, label, make_figure
from clca.report.figures.figure import Figure
from clca.report.figures.runs import SURVEY_DATA, run_line, slug
from clca.report.figures.sources import Sources
from clca.report.figures.survey_source import ADAPTED, SurveySource, learned_clca

MOST_CULTURES = 12  # panels; further cultures are in figures of their own


@dataclass(frozen=True, slots=True)
class MapData:
    """The published map, the survey's shares by country, and both axes as they are estimated from the items."""

    scores: Scores
    shares: dict[str, Shares]
    secular: AxisModel
    expression: AxisModel

    @classmethod
    def load(cls, content: Content) -> MapData:
        """Both tables of the content, and the axes. Raises `ContentError`, `ValueError` for too few countries."""
        scores = Scores(content)
        shares = load_shares(content, load_items(content))
        rows = {row.culture: row for row in scores.map_rows if row.culture}
        secular = {culture: row.traditional_vs_secular_rational for culture, row in rows.items()}
        expression = {culture: row.survival_vs_self_expression for culture, row in rows.items()}
        return cls(scores, shares, axis_model(SECULAR, shares, secular), axis_model(EXPRESSION, shares, expression))

    @property
    def countries(self) -> tuple[Country, ...]:
        """All countries of the published map."""
        return tuple(
            Country(row.country, row.traditional_vs_secular_rational, row.survival_vs_self_expression)
            for row in self.scores.map_rows
        )

    def published(self, countries: Sequence[str]) -> tuple[float, float] | None:
        """The mean position of the countries of a culture that are on the map; None where none is."""
        position = mean_position([self.scores.position(country)[0] for country in countries])
        if position.secular is None or position.expression is None:
            return None
        return position.secular, position.expression

    def mark(self, state: State, system: str, shares: ItemShares, run: str = "", seed: str = "") -> MapMark:
        """Where answers with these shares lie."""
        return MapMark(state, system, self.secular.estimate(shares), self.expression.estimate(shares), run, seed)


def map_figures(sources: Sources) -> Iterator[Figure]:
    """A map for each student whose answers have a position on the first axis; none where the axes cannot be fitted."""
    if not sources.surveys:
        return
    try:
        data = MapData.load(sources.content)
    except ValueError:  # a workspace of few countries
        return
    names = sources.culture_names()
    for student in dict.fromkeys(source.info.student for source in sources.surveys):
        number = 0
        for adapted, own in _alike([source for source in sources.surveys if source.info.student == student]):
            panels = list(_panels(data, own, names))
            for start in range(0, len(panels), MOST_CULTURES):
                drawn = tuple(panels[start : start + MOST_CULTURES])
                shown = CulturalMap(student, data.countries, data.secular, data.expression, drawn)
                yield _figure(shown, own, adapted, number)
                number += 1


def _alike(own: Sequence[SurveySource]) -> Iterator[tuple[str, list[SurveySource]]]:
    """The evaluations whose adapters learned the same, and which asked in the same languages, with what that is.

    Those of the student alone stand beside each kind of adapters of the same languages, if there are any.
    """
    groups: dict[tuple[str, str], list[SurveySource]] = {}
    for source in own:
        results = source.scores.results
        systems = [source.system(ADAPTED, result.culture) for result in results if result.method == ADAPTED]
        native = any(source.language(result.culture) != "en" for result in results)
        key = ", ".join(dict.fromkeys(systems)), "asked in its own language" if native else ""
        groups.setdefault(key, []).append(source)
    for (adapted, language), alike in sorted(groups.items(), key=lambda group: not learned_clca(group[0][0])):
        alone = groups.get(("", language), [])
        if adapted:
            yield ", ".join(filter(None, (adapted, language))), [*alone, *alike]
        elif not any(key[0] and key[1] == language for key in groups):
            yield language, alike


def valid_shares(result: MethodScores) -> dict[str, tuple[float, ...]]:
    """The predicted shares of each item's options, without the unreadable ones, which need not add up to 1."""
    return {item.item: item.predicted[:-1] for item in result.items}


def _panels(data: MapData, own: Sequence[SurveySource], names: Mapping[str, str]) -> Iterator[MapPanel]:
    results: dict[str, list[tuple[SurveySource, MethodScores]]] = {}
    for source in own:
        asked = set[tuple[str, str]]()
        for result in source.scores.results:
            if (result.culture, result.method) not in asked:  # the first order of the options
                asked.add((result.culture, result.method))
                results.setdefault(result.culture, []).append((source, result))
    for culture, of_culture in results.items():
        countries = of_culture[0][0].info.inputs.countries.get(culture, (culture,))
        marks = [
            data.mark(
                result.method,
                source.system(result.method, culture),
                valid_shares(result),
                source.run,
                f"{source.info.seed}",
            )
            for source, result in of_culture
        ]
        if not any(mark.secular is not None for mark in marks):
            continue
        own_answers = shares_of(tuple(country for country in countries if country in data.shares), data.shares)
        people = [data.mark("survey", STATES["survey"][0], own_answers)] if own_answers else []
        known = tuple(mark for mark in (*people, *marks) if mark.secular is not None)
        yield MapPanel(culture, names.get(culture, culture), data.published(countries), known)


def _figure(shown: CulturalMap, own: Sequence[SurveySource], adapted: str, number: int) -> Figure:
    runs = {mark.run for panel in shown.panels for mark in panel.marks}
    used = [source for source in own if source.run in runs]
    caption = Caption(
        title=f"Cultural map: {label(shown.student)} in the place of each culture"
        + (f", {label(adapted, 80)}" if adapted else ""),
        shows=" ".join(
            (
                "Grey dots and stars are the published factor scores (EVS/WVS Cultural Map 2023). The student's"
                " answers, and people's own, go through the same linear model of the items that clca asks.",
                _quality("Up", shown.secular),
                _quality("Across", shown.expression),
                "Bands are twice these errors to both sides.",
            )
        ),
        alt=_alt(shown),
        foot=run_line(SURVEY_DATA, "factor scores of the map, estimated", used),
        notes=(
            "A dotted line lies outside the range of the countries, where the error says nothing.",
            "A position on this map is not a measure of values: it says whom the answers to five items resemble.",
        ),
    )
    suffix = f"-{number + 1}" if number else ""
    return make_figure(
        f"cultural-map-{slug(shown.student)}{suffix}",
        caption,
        shown.table,
        shown.size,
        shown.draw,
        sources=[source.folder for source in used],
        rehearsal=any(source.info.rehearsal for source in used),
    )


def _quality(direction: str, model: AxisModel) -> str:
    """What an axis is estimated from, how well, and whether that is enough for a point."""
    axis, fit = model.axis, model.fit
    made_of = f"the items {', '.join(axis.items)}, which are {axis.indicators} of the axis' five indicators"
    if not axis.indicators:
        made_of = f"none of the axis' five indicators, which are not asked, but the correlates {', '.join(axis.items)}"
    missed = (
        f"{len(model.countries)} countries, left out in turn, are missed by {fit.error:.2f}"
        f" (standard deviation between them: {fit.spread:.2f})"
    )
    limit = "" if model.is_point else ", too much for a point: only the band is drawn"
    return f"{direction}: {made_of}; {missed}{limit}."


def _alt(shown: CulturalMap) -> str:
    parts = []
    for panel in shown.panels:
        places = [] if panel.published is None else [f"published {panel.published[0]:+.2f}"]
        for state, marks in panel.by_state():
            values = [mark.secular.value for mark in marks if mark.secular is not None]
            places.append(f"{STATES[state][0]} {sum(values) / len(values):+.2f}")
        parts.append(f"{panel.name}: {', '.join(places)}")
    return f"Secular-rational values (up), in factor scores. {'; '.join(parts)[:1000]}."

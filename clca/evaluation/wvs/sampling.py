"""Whom a culture's sample consists of, and the survey that their answers are held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clca.content.wvs_items import Shares
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.wvs.baselines import Survey, survey_from_respondents, survey_from_shares
from clca.evaluation.wvs.microdata.reader import WEIGHT
from clca.evaluation.wvs.microdata.respondents import ImportedRespondents
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.synthetic import Demographics, synthetic_respondents
from clca.records import Respondent
from clca.seeding import derive


@dataclass(frozen=True, slots=True)
class Sample:
    """The respondents that a student answers for, in the order of the draw; `notes` are for the user."""

    culture: str
    respondents: tuple[Respondent, ...]
    survey: Survey
    notes: tuple[str, ...]

    @property
    def synthetic(self) -> bool:
        return any(one.synthetic for one in self.respondents)


@dataclass(frozen=True, slots=True)
class SampleSources:
    """What samples are taken from: imported respondents where there are any, else the shipped shares.

    `counts` are the survey's respondents by country.
    """

    imported: ImportedRespondents | None
    shares: Mapping[str, Shares]
    demographics: Mapping[str, Demographics]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DrawnRespondents:
    """Respondents in the order of the draw, countries by turns; `short`: of each with too few, how many it has."""

    respondents: tuple[Respondent, ...]
    short: dict[str, int]


def sample_culture(
    sources: SampleSources,
    culture: str,
    countries: Sequence[str],
    columns: ScoreLayout,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    """n respondents of a culture, as many from each of its countries, and what its survey says."""
    if sources.imported is not None:
        return _real(sources.imported, culture, countries, columns, n=n, seed=seed, weighted=weighted)
    if weighted:
        raise SettingsError(
            "--weights needs the survey's respondents, and there are only shares:"
            " import them with `clca data import-wvs FILE...`"
        )
    people = [one for place in countries for one in synthetic_respondents(place, sources.demographics, n, seed)]
    counts = {place: sources.counts[place] for place in countries}
    survey = survey_from_shares(culture, counts, sources.shares, columns, seed=seed)
    return Sample(culture, draw_respondents(people, countries, n, seed).respondents, survey, ())


def _real(
    imported: ImportedRespondents,
    culture: str,
    countries: Sequence[str],
    columns: ScoreLayout,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    notes = _weights(imported, countries) if weighted else []
    everyone = list(imported.respondents(countries))
    drawn = draw_respondents(everyone, countries, n, seed)
    survey = survey_from_respondents(culture, everyone, columns, seed=seed, weighted=weighted)
    short = drawn.short.items()
    notes += [f"{imported.path} has {have:,} respondents of {place}: all are taken" for place, have in short]
    lacking = [item.id for item in columns.items if item.id not in survey.shares]
    if lacking:
        notes.append(f"{imported.path} has no answers of {culture} to {', '.join(lacking)}: not asked")
    if not any(one.demographics for one in drawn.respondents):
        notes.append(f"{imported.path} has no demographics of {culture}: its personas tell the country alone")
    return Sample(culture, drawn.respondents, survey, tuple(notes))


def _weights(imported: ImportedRespondents, countries: Sequence[str]) -> list[str]:
    """What to say of weights that are there in part; refuses countries without any."""
    there = {place: imported.audit.countries[place] for place in countries if place in imported.audit.countries}
    lacking = [place for place, found in there.items() if not found.weighted]
    if lacking:
        raise SettingsError(
            f"--weights: {imported.path} has no weights of {', '.join(lacking)}: import files with a column"
            f" {WEIGHT}, or leave --weights out"
        )
    return [
        f"{imported.path} has a weight of {found.weighted:,} of {found.respondents:,} respondents of {place}:"
        " the others count 1"
        for place, found in there.items()
        if found.weighted < found.respondents
    ]


def draw_respondents(
    respondents: Iterable[Respondent], countries: Sequence[str], n: int, seed: int
) -> DrawnRespondents:
    """n respondents without replacement, as many from each country; all of a country that has too few.

    Whom it draws depends on ids and seed only, not on the order in which respondents come. Those drawn for
    a smaller n come first among those for a larger one. A remainder goes to the countries named first.
    """
    pools: dict[str, list[Respondent]] = {country: [] for country in countries}
    for respondent in respondents:
        if respondent.country in pools:
            pools[respondent.country].append(respondent)
    if not any(pools.values()):
        raise NotFoundError(f"no respondent of {', '.join(countries)} among those imported")
    short = {}
    ranked: list[tuple[int, int, Respondent]] = []
    for place, (country, pool) in enumerate(pools.items()):
        quota = n // len(pools) + (place < n % len(pools))
        pool.sort(key=lambda one: (derive(seed, "respondent", one.country, one.id), one.id))
        if len(pool) < quota:
            short[country] = len(pool)
        ranked += [(rank, place, respondent) for rank, respondent in enumerate(pool[:quota])]
    ranked.sort(key=lambda one: one[:2])
    return DrawnRespondents(tuple(respondent for _, _, respondent in ranked), short)

"""Samples: the respondents of a culture that are predicted, and the survey that predictions are compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clca.content.wvs_items import Shares
from clca.content.wvs_scales import scaled_respondent, scaled_shares
from clca.errors import NotFoundError, SettingsError
from clca.evaluation.wvs.baselines import Survey, survey_from_respondents, survey_from_shares
from clca.evaluation.wvs.microdata.reader import WEIGHT
from clca.evaluation.wvs.microdata.respondents import ImportedRespondents
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.evaluation.wvs.suite import COVERAGE
from clca.evaluation.wvs.synthetic import Demographics, synthetic_respondents
from clca.records import Respondent
from clca.seeding import derive

MOST_SYNTHETIC = 100_000  # respondents of a culture


@dataclass(frozen=True, slots=True)
class Sample:
    """Respondents in the order of the draw, and their culture's survey; `notes` are for the user."""

    culture: str
    respondents: tuple[Respondent, ...]
    survey: Survey
    notes: tuple[str, ...]

    @property
    def synthetic(self) -> bool:
        """Whether any respondent is synthetic."""
        return any(respondent.synthetic for respondent in self.respondents)


@dataclass(frozen=True, slots=True)
class SampleSources:
    """What samples are drawn from: imported respondents where there are any, else the shipped shares.

    `counts` is the number of the survey's respondents by country. `three` are the items that are offered on three
    points: shares and answers on five are counted as three.
    """

    imported: ImportedRespondents | None
    shares: Mapping[str, Shares]
    demographics: Mapping[str, Demographics]
    counts: Mapping[str, int]
    three: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class DrawnRespondents:
    """Respondents in the order of the draw, alternating countries; `short` counts those of countries with too few."""

    respondents: tuple[Respondent, ...]
    short: dict[str, int]


def sample_culture(
    sources: SampleSources,
    culture: str,
    countries: Sequence[str],
    layout: ScoreLayout,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    """A sample of n respondents of a culture, equally many from each of its countries.

    Raises `SettingsError` for weights that are not known and for too many synthetic respondents, and `NotFoundError`
    for countries without respondents.
    """
    if sources.imported is not None:
        return _imported_sample(
            sources, sources.imported, culture, countries, layout, n=n, seed=seed, weighted=weighted
        )
    if weighted:
        raise SettingsError(
            "--weights needs the survey's respondents, and there are only shares:"
            " import them with `clca data import-wvs FILE...`"
        )
    if n > MOST_SYNTHETIC:
        raise SettingsError(f"{n:,} respondents of {culture}: no more than {MOST_SYNTHETIC:,} synthetic ones are drawn")
    people = [
        respondent
        for country in countries
        for respondent in synthetic_respondents(country, sources.demographics, n, seed)
    ]
    uncounted = [country for country in countries if country not in sources.counts]
    if uncounted:
        raise NotFoundError(
            f"no number of respondents of {', '.join(uncounted)} in {COVERAGE}: add a row for each of them there"
        )
    counts = {country: sources.counts[country] for country in countries}
    shares = {country: scaled_shares(of_country, sources.three) for country, of_country in sources.shares.items()}
    survey = survey_from_shares(culture, counts, shares, layout, seed=seed)
    return Sample(culture, draw_respondents(people, countries, n, seed).respondents, survey, ())


def _imported_sample(
    sources: SampleSources,
    imported: ImportedRespondents,
    culture: str,
    countries: Sequence[str],
    layout: ScoreLayout,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    notes = _weight_notes(imported, countries) if weighted else []
    everyone = [scaled_respondent(respondent, sources.three) for respondent in imported.respondents(countries)]
    drawn = draw_respondents(everyone, countries, n, seed)
    survey = survey_from_respondents(culture, everyone, layout, seed=seed, weighted=weighted)
    notes += [
        f"{imported.path} has {count:,} respondents of {country}: all are taken"
        for country, count in drawn.short.items()
    ]
    missing = [item.id for item in layout.items if item.id not in survey.shares]
    if missing:
        notes.append(f"{imported.path} has no answers of {culture} to {', '.join(missing)}: not asked")
    if not any(respondent.demographics for respondent in drawn.respondents):
        notes.append(f"{imported.path} has no demographics of {culture}: its personas tell the country alone")
    return Sample(culture, drawn.respondents, survey, tuple(notes))


def _weight_notes(imported: ImportedRespondents, countries: Sequence[str]) -> list[str]:
    """Notes on countries where some weights are missing. Raises `SettingsError` for countries without any."""
    audits = {country: imported.audit.countries[country] for country in countries if country in imported.countries}
    unweighted = [country for country, audit in audits.items() if not audit.weighted]
    if unweighted:
        raise SettingsError(
            f"--weights: {imported.path} has no weights of {', '.join(unweighted)}: import files with a column"
            f" {WEIGHT}, or leave --weights out"
        )
    return [
        f"{imported.path} has a weight of {audit.weighted:,} of {audit.respondents:,} respondents of {country}:"
        " the others count 1"
        for country, audit in audits.items()
        if audit.weighted < audit.respondents
    ]


def draw_respondents(
    respondents: Iterable[Respondent], countries: Sequence[str], n: int, seed: int
) -> DrawnRespondents:
    """n respondents drawn without replacement, equally many from each country; all of a country with too few.

    The draw depends on ids and seed only, not on the order of `respondents`. A smaller n draws the first of those
    that a larger n draws. A remainder goes to the countries named first. Raises `NotFoundError` where there is no
    respondent of any country.
    """
    pools: dict[str, list[Respondent]] = {country: [] for country in countries}
    for respondent in respondents:
        if respondent.country in pools:
            pools[respondent.country].append(respondent)
    if not any(pools.values()):
        raise NotFoundError(f"no respondent of {', '.join(countries)} among those imported")
    short = {}
    ranked: list[tuple[int, int, Respondent]] = []
    for index, (country, pool) in enumerate(pools.items()):
        quota = n // len(pools) + (index < n % len(pools))
        pool.sort(key=lambda person: (derive(seed, "respondent", person.country, person.id), person.id))
        if len(pool) < quota:
            short[country] = len(pool)
        ranked += [(rank, index, respondent) for rank, respondent in enumerate(pool[:quota])]
    ranked.sort(key=lambda entry: entry[:2])
    return DrawnRespondents(tuple(respondent for _, _, respondent in ranked), short)

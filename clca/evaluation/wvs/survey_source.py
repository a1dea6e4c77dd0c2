"""The respondents of a culture: imported survey data where there are any, else synthetic ones drawn from shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clca.evaluation.wvs.microdata.respondents import FILE, ImportedRespondents, default_folder, open_respondents
from clca.evaluation.wvs.offered_items import OfferedItems
from clca.evaluation.wvs.sampling import Sample, SampleSources, sample_culture
from clca.evaluation.wvs.suite import WvsSuite
from clca.records import Culture


def find_respondents(file: Path | None, workspace: Path | None) -> ImportedRespondents | None:
    """The imported respondents of that file, else of the workspace, else None. Raises `NotFoundError`."""
    default = default_folder(workspace) / FILE
    if file is None and not default.is_file():
        return None
    return open_respondents(default if file is None else file)


def culture_sample(
    culture: Culture,
    suite: WvsSuite,
    offered: OfferedItems,
    imported: ImportedRespondents | None,
    named: bool,
    *,
    n: int,
    seed: int,
    weighted: bool,
) -> Sample:
    """`n` respondents of a culture, drawn by `seed`, and its survey on the scales of the items `offered`.

    Imported data that the user `named` must hold the culture; where others do not, the respondents are synthetic.
    """
    countries = culture.members or (culture.id,)
    notes = []
    if imported is not None and not named and not set(countries) <= set(imported.countries):
        notes.append(f"{imported.path} holds nobody of {culture.id}: its respondents are synthetic")
        imported = None
    counts = {country: coverage.respondents for country, coverage in suite.coverage.items()}
    sources = SampleSources(imported, suite.shares, suite.demographics, counts, offered.three(culture.id))
    sample = sample_culture(
        sources, culture.id, countries, offered.layouts[culture.id], n=n, seed=seed, weighted=weighted
    )
    return replace(sample, notes=(*notes, *sample.notes))

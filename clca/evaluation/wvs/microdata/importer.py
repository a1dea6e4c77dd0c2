"""Respondents out of survey files, into one Parquet file: whole, or not at all.

files -> parts -> everyone whom they know -> those who are kept -> audit, respondents.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from clca import __version__
from clca.errors import ContentError, SettingsError, StoreError
from clca.evaluation.wvs.microdata.arrow import strings_to_arrow, to_arrow, to_numpy
from clca.evaluation.wvs.microdata.audit import CountryAudit, SourceFile, SurveyAudit, field_audit, item_audit, notes
from clca.evaluation.wvs.microdata.codebook import ABSENT, Codebook
from clca.evaluation.wvs.microdata.merge import (
    NO_COUNTRY,
    OTHER_COUNTRY,
    FileRespondents,
    MergedRespondents,
    merge_respondents,
    read_respondents,
)
from clca.evaluation.wvs.microdata.reader import COUNTRY, WEIGHT, SurveyFile, open_survey_file
from clca.evaluation.wvs.microdata.respondents import FILE, METADATA
from clca.evaluation.wvs.microdata.validation import refuse_conflicts, refuse_repeated, refuse_unknown
from clca.storage.atomic import atomic_write, write_errors


def import_survey(files: Sequence[Path], codebook: Codebook, out: Path) -> SurveyAudit:
    """Read survey files in any order and write `out/respondents.parquet`; errors name file, line and column.

    What the files say of one respondent is put together by number; the rows of the result are sorted by
    country and number, and so the order of files and lines makes no difference to it.
    """
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder, in which {FILE} is written")
    _refuse_twice(files)
    sources = [open_survey_file(path, codebook) for path in files]
    _refuse_want_of_columns(sources, codebook)
    parts = [read_respondents(source, codebook) for source in sources]
    whole, rows = merge_respondents(parts, codebook)
    further: list[str] = []
    left_out: Counter[str] = sum((part.left_out for part in parts), Counter())
    if not any(source.country for source in sources):
        left_out = _place_by_number(whole, codebook, sources)
        further.append("no file names countries: they were told by the interview numbers")
    refuse_repeated(parts, rows, whole)
    refuse_conflicts(parts, rows, whole)
    refuse_unknown(parts, rows, whole, codebook)
    kept = _kept(whole, codebook, sources, left_out)
    countries = _countries(kept, codebook)
    audit = SurveyAudit(
        version=__version__,
        sources=tuple(_origin(part, codebook) for part in parts),
        respondents=len(kept),
        countries=countries,
        left_out=dict(sorted(left_out.items())),
        unmatched=_unmatched(whole),
        absent={
            "items": tuple(name for name in codebook.items if name not in whole.codes),
            "fields": tuple(name for name in codebook.fields if name not in whole.codes),
        },
        notes=notes(countries, codebook.shares, further),
    )
    _write(out, _table(kept, codebook, audit))
    return audit


def _kept(
    whole: MergedRespondents, codebook: Codebook, sources: Sequence[SurveyFile], left_out: Counter[str]
) -> MergedRespondents:
    """Those of a known country who answered, by country and number."""
    rows = np.flatnonzero((whole.place >= 0) & whole.answered)
    if not len(rows):
        names = ", ".join(place.iso3 for place in codebook.kept)
        given = ", ".join(sorted(left_out)[:6]) or "no answers of theirs"
        raise ContentError(str(sources[0].path), None, f"holds no respondent of {names}; there are: {given}")
    table = pa.table({"country": to_arrow(whole.place[rows]), "id": whole.ids.take(to_arrow(rows))})
    order = compute.sort_indices(table, [("country", "ascending"), ("id", "ascending")])
    return whole.taken(rows[to_numpy(order)])


def _unmatched(whole: MergedRespondents) -> dict[str, int]:
    counts = {
        "answers without a country": int(((whole.place == NO_COUNTRY) & whole.answered).sum()),
        "demographics without answers": int(((whole.place >= 0) & ~whole.answered).sum()),
    }
    return {what: count for what, count in counts.items() if count}


def _countries(kept: MergedRespondents, codebook: Codebook) -> dict[str, CountryAudit]:
    found = {}
    for number, place in enumerate(codebook.kept):
        rows = np.flatnonzero(kept.place == number)
        if not len(rows):
            continue
        every = {name: codes[rows] for name, codes in kept.codes.items()}
        there = {name: codes for name, codes in every.items() if (codes != ABSENT).any()}
        found[place.id] = CountryAudit(
            iso3=place.iso3,
            respondents=len(rows),
            weighted=int((~np.isnan(kept.weight[rows])).sum()),
            items={name: item_audit(there[name], count) for name, count in codebook.items.items() if name in there},
            fields={
                name: field_audit(there[name], int((there[name] > codebook.last(name)).sum()))
                for name in codebook.fields
                if name in there
            },
        )
    return found


def _table(kept: MergedRespondents, codebook: Codebook, audit: SurveyAudit) -> pa.Table:
    countries = strings_to_arrow([place.id for place in codebook.kept])
    columns = {
        "id": kept.ids,
        "country": pa.DictionaryArray.from_arrays(to_arrow(kept.place), countries),
        "weight": to_arrow(kept.weight, np.isnan(kept.weight)),
    }
    for name in codebook.fields:
        if name in kept.codes:
            codes = np.minimum(kept.codes[name], codebook.last(name))
            columns[name] = to_arrow(codes.astype(np.int8), codes < 0)
    for name in codebook.items:
        if name in kept.codes:
            codes = kept.codes[name]
            columns[name] = to_arrow(np.where(codes > 0, codes - 1, 0).astype(np.int8), codes <= 0)
    return pa.table(columns).replace_schema_metadata({METADATA: audit.model_dump_json().encode()})


def _write(out: Path, table: pa.Table) -> None:
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, compression="zstd")
    target = out / FILE
    with write_errors(target):
        out.mkdir(parents=True, exist_ok=True)
    atomic_write(target, buffer.getvalue().to_pybytes())


def _origin(part: FileRespondents, codebook: Codebook) -> SourceFile:
    names = set(part.source.columns)
    held = {"answers": names & set(codebook.items), "demographics": names & set(codebook.fields)}
    layout = " and ".join(what for what, columns in held.items() if columns) or "countries"
    return SourceFile(file=part.source.path.name, sha256=part.source.sha256, rows=part.rows, layout=layout)


def _place_by_number(whole: MergedRespondents, codebook: Codebook, sources: Sequence[SurveyFile]) -> Counter[str]:
    """Countries from the interview numbers, where no file names them; how many are of others, by code."""
    places = {place: number for number, place in enumerate(codebook.kept)}
    codes = [codebook.country_of(interview) for interview in whole.ids.to_pylist()]
    if not all(codes):
        shown, names = str(sources[0].path), " or ".join(reversed(COUNTRY))
        raise ContentError(shown, 1, f"no column {names}, and the numbers do not begin with the country's code")
    known = {code: codebook.place(code) for code in set(codes)}
    for row, code in enumerate(codes):
        place = known[code]
        whole.place[row] = OTHER_COUNTRY if place is None else places[place]
    return Counter(code for code in codes if known[code] is None)


def _refuse_want_of_columns(sources: Sequence[SurveyFile], codebook: Codebook) -> None:
    """A survey without answers, or without countries where they are not to be told otherwise."""
    shown = ", ".join(str(source.path) for source in sources)
    if not any(name in codebook.items for source in sources for name in source.columns):
        first, *_, last = codebook.items
        raise ContentError(
            shown, 1, f"no answers: no column {first} to {last}; WorldValuesBench has them in full_value_qa.tsv"
        )
    named = {name for source in sources for name in source.columns}
    if not named & set(COUNTRY) and named & {WEIGHT, *codebook.fields}:
        raise ContentError(shown, 1, f"no column {' or '.join(reversed(COUNTRY))}, the respondent's country")


def _refuse_twice(files: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in files:
        if path.resolve() in seen:
            raise SettingsError(f"{path} is given twice")
        seen.add(path.resolve())

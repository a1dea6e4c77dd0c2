"""Import of survey files into one Parquet file, whole or not at all.

survey files -> respondents of each file -> merged respondents -> kept respondents -> audit, respondents.parquet
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from clca import __version__
from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.wvs.microdata.arrow import strings_to_arrow, to_arrow, to_numpy
from clca.evaluation.wvs.microdata.audit import (
    CountryAudit,
    SourceFile,
    SurveyAudit,
    audit_notes,
    field_audit,
    item_audit,
)
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
from clca.evaluation.wvs.microdata.respondents import FILE, METADATA, open_respondents
from clca.evaluation.wvs.microdata.validation import refuse_conflicts, refuse_duplicates, refuse_unknown
from clca.storage.atomic import atomic_write, write_errors
from clca.storage.json_records import encode_record


def import_survey(files: Sequence[Path], codebook: Codebook, out: Path) -> SurveyAudit:
    """Read survey files in any order, and write `out/respondents.parquet`; returns its audit.

    Rows of one respondent in several files are merged by number. The result is sorted by country and number, so that
    the order of files and lines makes no difference. Raises `ContentError` with file, line and column for faults of
    the files, `SettingsError` for a file named twice, and `StoreError` where `out` cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file: --out takes a folder, in which {FILE} is written")
    _require_own(out / FILE)
    _refuse_duplicate_files(files)
    sources = [open_survey_file(path, codebook) for path in files]
    _require_columns(sources, codebook)
    by_file = [read_respondents(source, codebook) for source in sources]
    merged, rows = merge_respondents(by_file, codebook)
    notes: list[str] = []
    left_out: Counter[str] = sum((file.left_out for file in by_file), Counter())
    if not any(source.country for source in sources):
        left_out = _set_countries_by_number(merged, codebook, sources)
        notes.append("no file names countries: they were read from the interview numbers")
    refuse_duplicates(by_file, rows, merged)
    refuse_conflicts(by_file, rows, merged)
    refuse_unknown(by_file, rows, merged, codebook)
    kept = _kept(merged, codebook, sources, left_out)
    countries = _countries(kept, codebook)
    audit = SurveyAudit(
        version=__version__,
        sources=tuple(_source_file(file, codebook) for file in by_file),
        respondents=len(kept),
        countries=countries,
        left_out=dict(sorted(left_out.items())),
        unmatched=_unmatched(merged),
        absent={
            "items": tuple(name for name in codebook.items if name not in merged.codes),
            "fields": tuple(name for name in codebook.fields if name not in merged.codes),
        },
        notes=audit_notes(countries, codebook.shares, notes),
    )
    _write(out, _table(kept, codebook, audit))
    return audit


def _require_own(target: Path) -> None:
    """Refuse to replace a file that no import wrote."""
    if os.path.lexists(target):
        try:
            open_respondents(target)
        except (NotFoundError, StoreError):
            raise StoreError(
                f"{target} was not written by `clca data import-wvs`, or is damaged: move it away, or give another"
                " folder with --out"
            ) from None


def _kept(
    merged: MergedRespondents, codebook: Codebook, sources: Sequence[SurveyFile], left_out: Counter[str]
) -> MergedRespondents:
    """The respondents of kept countries who answered, sorted by country and number."""
    rows = np.flatnonzero((merged.country >= 0) & merged.answered)
    if not len(rows):
        wanted = ", ".join(country.iso3 for country in codebook.kept_countries)
        present = ", ".join(sorted(left_out)[:6]) or "none with answers"
        raise ContentError(str(sources[0].path), None, f"has no respondents of {wanted}; there are: {present}")
    table = pa.table({"country": to_arrow(merged.country[rows]), "id": merged.ids.take(to_arrow(rows))})
    order = compute.sort_indices(table, [("country", "ascending"), ("id", "ascending")])
    return merged.take(rows[to_numpy(order)])


def _unmatched(merged: MergedRespondents) -> dict[str, int]:
    counts = {
        "answers without a country": int(((merged.country == NO_COUNTRY) & merged.answered).sum()),
        "demographics without answers": int(((merged.country >= 0) & ~merged.answered).sum()),
    }
    return {kind: count for kind, count in counts.items() if count}


def _countries(kept: MergedRespondents, codebook: Codebook) -> dict[str, CountryAudit]:
    audits = {}
    for index, country in enumerate(codebook.kept_countries):
        rows = np.flatnonzero(kept.country == index)
        if not len(rows):
            continue
        columns = {name: codes[rows] for name, codes in kept.codes.items()}
        present = {name: codes for name, codes in columns.items() if (codes != ABSENT).any()}
        audits[country.id] = CountryAudit(
            iso3=country.iso3,
            respondents=len(rows),
            weighted=int((~np.isnan(kept.weight[rows])).sum()),
            items={name: item_audit(present[name], count) for name, count in codebook.items.items() if name in present},
            fields={
                name: field_audit(present[name], int((present[name] > codebook.last(name)).sum()))
                for name in codebook.fields
                if name in present
            },
        )
    return audits


def _table(kept: MergedRespondents, codebook: Codebook, audit: SurveyAudit) -> pa.Table:
    countries = strings_to_arrow([country.id for country in codebook.kept_countries])
    columns = {
        "id": kept.ids,
        "country": pa.DictionaryArray.from_arrays(to_arrow(kept.country), countries),
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
    return pa.table(columns).replace_schema_metadata({METADATA: encode_record(audit)})


def _write(out: Path, table: pa.Table) -> None:
    buffer = pa.BufferOutputStream()
    parquet.write_table(table, buffer, compression="zstd")
    target = out / FILE
    with write_errors(target):
        out.mkdir(parents=True, exist_ok=True)
    atomic_write(target, buffer.getvalue().to_pybytes())


def _source_file(file: FileRespondents, codebook: Codebook) -> SourceFile:
    names = set(file.source.columns)
    contents = {"answers": names & set(codebook.items), "demographics": names & set(codebook.fields)}
    layout = " and ".join(content for content, columns in contents.items() if columns) or "countries"
    return SourceFile(file=file.source.path.name, sha256=file.source.sha256, rows=file.rows, layout=layout)


def _set_countries_by_number(
    merged: MergedRespondents, codebook: Codebook, sources: Sequence[SurveyFile]
) -> Counter[str]:
    """Set the countries from the interview numbers, where no file names them; counts those of others by code."""
    indices = {country: index for index, country in enumerate(codebook.kept_countries)}
    codes = [codebook.country_of(interview) for interview in merged.ids.to_pylist()]
    if not all(codes):
        shown, names = str(sources[0].path), " or ".join(reversed(COUNTRY))
        raise ContentError(shown, 1, f"no column {names}, and the numbers do not begin with the country's code")
    known = {code: codebook.country(code) for code in set(codes)}
    for row, code in enumerate(codes):
        country = known[code]
        merged.country[row] = OTHER_COUNTRY if country is None else indices[country]
    return Counter(code for code in codes if known[code] is None)


def _require_columns(sources: Sequence[SurveyFile], codebook: Codebook) -> None:
    """Refuse a survey without answers, or without countries where numbers cannot be used instead."""
    shown = ", ".join(str(source.path) for source in sources)
    if not any(name in codebook.items for source in sources for name in source.columns):
        first, *_, last = codebook.items
        raise ContentError(
            shown, 1, f"no answers: no column {first} to {last}; WorldValuesBench has them in full_value_qa.tsv"
        )
    named = {name for source in sources for name in source.columns}
    if not named & set(COUNTRY) and named & {WEIGHT, *codebook.fields}:
        raise ContentError(shown, 1, f"no column {' or '.join(reversed(COUNTRY))}, the respondent's country")


def _refuse_duplicate_files(files: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in files:
        if path.resolve() in seen:
            raise SettingsError(f"{path} is named twice: name each file once")
        seen.add(path.resolve())

"""The respondents of each survey file, and of all files merged by respondent."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clca.errors import ContentError
from clca.evaluation.arrays import Floats, Indices
from clca.evaluation.wvs.microdata.arrow import strings_to_arrow, to_arrow, to_numpy
from clca.evaluation.wvs.microdata.codebook import ABSENT, BLANK, Codebook
from clca.evaluation.wvs.microdata.reader import ID, WEIGHT, SurveyFile

NO_COUNTRY, OTHER_COUNTRY = -1, -2
"""Instead of the index of a country: no known country, and a country whose respondents are not kept."""

_ADDED_DECIMALS = re.compile(r"(\d+)\.0+")

LONGEST_ID = 200  # characters, of a respondent's number and of a country's name
MOST_COUNTRIES, OTHERS = 1000, "(others)"  # that are left out and counted by name

Codes: TypeAlias = NDArray[np.int8]
Countries: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class FileRespondents:
    """The n rows of one file that may be of respondents who are kept, of `rows` in all.

    `country` [n] indexes `Codebook.kept_countries`, `records` [n] the data rows of the file, `codes` are [n] by column.
    `left_out` counts rows of other countries by the country's name.
    """

    source: SurveyFile
    rows: int
    left_out: Counter[str]
    ids: pa.StringArray
    records: Indices
    country: Countries
    weight: Floats
    codes: dict[str, Codes]


@dataclass(frozen=True, slots=True)
class MergedRespondents:
    """The n respondents of all files, in the order of the files; `codes` has the columns of all files.

    `answered` [n]: whether a file with answers has the respondent.
    """

    ids: pa.StringArray
    country: Countries
    answered: NDArray[np.bool_]
    weight: Floats
    codes: dict[str, Codes]

    def __len__(self) -> int:
        return len(self.country)

    def take(self, rows: Indices) -> MergedRespondents:
        """The respondents at some indices."""
        return MergedRespondents(
            self.ids.take(to_arrow(rows)),
            self.country[rows],
            self.answered[rows],
            self.weight[rows],
            {name: codes[rows] for name, codes in self.codes.items()},
        )


def read_respondents(source: SurveyFile, codebook: Codebook) -> FileRespondents:
    """The needed columns of a file; rows of other countries are counted and left out.

    A file without answers keeps them, so that the answers of another file can be recognised as theirs. Raises
    `ContentError` for a file without rows and for impossible weights.
    """
    decoder = _CellDecoder(source, codebook)
    pieces: dict[str, list[Any]] = defaultdict(list)
    rows = 0
    for columns in source.batches():
        size = len(columns[ID])
        country = decoder.countries(columns, size)
        kept = np.flatnonzero(country != OTHER_COUNTRY) if decoder.has_answers else np.arange(size)
        records, rows = rows + kept, rows + size
        if not len(kept):
            continue
        if len(kept) < size:
            columns = {name: tuple(cells[row] for row in kept.tolist()) for name, cells in columns.items()}
        pieces[ID].append(strings_to_arrow(_respondent_numbers(source, columns[ID], records)))
        pieces["records"].append(records)
        pieces["country"].append(country[kept])
        pieces[WEIGHT].append(decoder.weights(columns, records))
        for name in decoder.coded_columns:
            pieces[name].append(decoder.codes(name, columns[name]))
    if rows == 0:
        raise ContentError(str(source.path), None, "has a header and no respondents")

    def joined(name: str, kind: type[np.generic]) -> NDArray[Any]:
        return np.concatenate(pieces[name]) if pieces[name] else np.array([], kind)

    return FileRespondents(
        source,
        rows,
        decoder.left_out,
        pa.chunked_array(pieces[ID], pa.string()).combine_chunks(),
        joined("records", np.int64),
        joined("country", np.int16),
        joined(WEIGHT, np.float64),
        {name: joined(name, np.int8) for name in decoder.coded_columns},
    )


def merge_respondents(files: Sequence[FileRespondents], codebook: Codebook) -> tuple[MergedRespondents, list[Indices]]:
    """The respondents of several files merged by number, and for each file the indices of its rows in them.

    Values come from the first file that has any (`clca.evaluation.wvs.microdata.validation` requires that files
    agree).
    """
    encoded = pa.chunked_array([file.ids for file in files]).combine_chunks().dictionary_encode()
    ends = np.cumsum([len(file.country) for file in files])[:-1]
    rows = np.split(to_numpy(encoded.indices).astype(np.int64), ends)
    count = len(encoded.dictionary)
    names = dict.fromkeys(name for file in files for name in file.codes)
    merged = MergedRespondents(
        encoded.dictionary,
        np.full(count, NO_COUNTRY, np.int16),
        np.zeros(count, np.bool_),
        np.full(count, np.nan),
        {name: np.full(count, ABSENT, np.int8) for name in names},
    )
    for file, indices in zip(files, rows, strict=True):
        if file.source.country is not None:
            merged.country[indices] = file.country
        if WEIGHT in file.source.columns:
            known = merged.weight[indices]
            merged.weight[indices] = np.where(np.isnan(known), file.weight, known)
        for name, codes in file.codes.items():
            earlier = merged.codes[name][indices]
            merged.codes[name][indices] = np.where(np.isin(earlier, (ABSENT, BLANK)), codes, earlier)
            if name in codebook.items:
                merged.answered[indices] = True
    return merged, rows


class _CellDecoder:
    """Decodes cells into codes, each distinct text once, and counts the rows of other countries."""

    def __init__(self, source: SurveyFile, codebook: Codebook) -> None:
        self.source, self.codebook = source, codebook
        self.coded_columns = [name for name in source.columns if name in codebook.items or name in codebook.fields]
        self.has_answers = any(name in codebook.items for name in self.coded_columns)
        self.left_out: Counter[str] = Counter()
        self._index = {country: index for index, country in enumerate(codebook.kept_countries)}
        self._decoded: dict[str, dict[str, int]] = {name: {} for name in source.columns}

    def countries(self, columns: Mapping[str, Sequence[str]], rows: int) -> Countries:
        """The index of each row's country [rows]."""
        if self.source.country is None:
            return np.full(rows, NO_COUNTRY, np.int16)
        cells = columns[self.source.country]
        countries: Countries = self._decode(self.source.country, cells, self._country, np.int16)
        for row in np.flatnonzero(countries == OTHER_COUNTRY).tolist():
            name = cells[row].strip()[:LONGEST_ID]
            self.left_out[name if name in self.left_out or len(self.left_out) < MOST_COUNTRIES else OTHERS] += 1
        return countries

    def codes(self, name: str, cells: Sequence[str]) -> Codes:
        """The codes of a column of items or persona fields."""
        code_of = self.codebook.item if name in self.codebook.items else self.codebook.field
        codes: Codes = self._decode(name, cells, lambda text: code_of(name, text), np.int8)
        return codes

    def weights(self, columns: Mapping[str, Sequence[str]], records: Indices) -> Floats:
        """The weights of rows [n]; NaN where the file has none, or an empty cell. Raises `ContentError`."""
        if WEIGHT not in columns:
            return np.full(len(records), np.nan)
        weights: Floats = np.array([_weight(cell) for cell in columns[WEIGHT]])
        impossible = np.flatnonzero(weights < 0)
        if len(impossible):
            line, text = self.source.cell(int(records[impossible[0]]), WEIGHT)
            fault = f"{WEIGHT} is {text[:40]!r}: a weight is a number from 0 up, or empty"
            raise ContentError(str(self.source.path), line, fault)
        return weights

    def _country(self, text: str) -> int:
        country = self.codebook.country(text)
        return OTHER_COUNTRY if country is None else self._index[country]

    def _decode(self, name: str, cells: Sequence[str], decode: Callable[[str], int], kind: type[np.integer]) -> Any:
        decoded = self._decoded[name]
        for text in set(cells) - decoded.keys():
            decoded[text] = decode(text)
        return np.fromiter(map(decoded.__getitem__, cells), kind, len(cells))


def _weight(text: str) -> float:
    """The weight in a cell, with a decimal point or comma; NaN for an empty cell, -1 for an impossible weight."""
    if not text.strip():
        return float("nan")
    try:
        weight = float(text.replace(",", "."))
    except ValueError:
        return -1.0
    return weight if 0 <= weight < float("inf") else -1.0


def _respondent_numbers(source: SurveyFile, cells: Sequence[str], records: Indices) -> list[str]:
    """The numbers of rows [n]. Raises `ContentError` for one that is too long to be any."""
    numbers = [_respondent_number(cell) for cell in cells]
    for row, number in enumerate(numbers):
        if len(number) > LONGEST_ID:
            line, _ = source.cell(int(records[row]), ID)
            raise ContentError(str(source.path), line, f"{ID} has more than {LONGEST_ID} characters: no such number")
    return numbers


def _respondent_number(cell: str) -> str:
    """A respondent's number without the decimals that spreadsheets add: 392070001.0 is 392070001."""
    number = cell.strip()
    return match[1] if (match := _ADDED_DECIMALS.fullmatch(number)) else number

"""What each survey file says of whom, and all of it put together by respondent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from clca.errors import ContentError
from clca.evaluation.codebook import ABSENT, Codebook
from clca.evaluation.layouts import ID, WEIGHT, Source

NOWHERE, ELSEWHERE = -1, -2
"""In the place of a country: none is known, or one of which nobody is kept."""

Codes = NDArray[np.int8]
Places = NDArray[np.int16]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one file [n] that may be of use. `place` indexes `Codebook.kept`; `records` count from 0."""

    source: Source
    rows: int
    left_out: Counter[str]
    ids: pa.StringArray
    records: Indices
    place: Places
    weight: Floats
    codes: dict[str, Codes]


@dataclass(frozen=True, slots=True)
class Whole:
    """Everyone [n] whom any file knows, in the order of the files. `codes` has a column of any file."""

    ids: pa.StringArray
    place: Places
    answered: NDArray[np.bool_]
    weight: Floats
    codes: dict[str, Codes]

    def __len__(self) -> int:
        return len(self.place)

    def taken(self, rows: Indices) -> Whole:
        return Whole(
            self.ids.take(pa.array(rows)),
            self.place[rows],
            self.answered[rows],
            self.weight[rows],
            {name: codes[rows] for name, codes in self.codes.items()},
        )


def read_part(source: Source, codebook: Codebook) -> Part:
    """The needed columns of a file; rows of other countries are counted and left out.

    They stay where the file holds no answers, so that those of another file can be told to be theirs.
    """
    index = {place: number for number, place in enumerate(codebook.kept)}
    meanings: dict[str, dict[str, int]] = {name: {} for name in source.columns}
    numbers: dict[str, float] = {}
    left_out: Counter[str] = Counter()
    partial = any(name in codebook.items for name in source.columns)
    ids: list[pa.Array] = []
    records, places, weights = [], [], []
    codes: dict[str, list[Codes]] = {name: [] for name in source.columns if _coded(name, codebook)}
    rows = 0

    def place_of(text: str) -> int:
        found = codebook.place(text)
        return ELSEWHERE if found is None else index[found]

    for batch in source.batches():
        count = batch.num_rows
        columns = {name: batch.column(column) for name, column in source.columns.items()}
        place = np.full(count, NOWHERE, np.int16)
        if source.country is not None:
            place = _read(columns[source.country], meanings[source.country], place_of)
            texts = columns[source.country].dictionary.to_pylist()
            strange = np.bincount(columns[source.country].indices.to_numpy()[place == ELSEWHERE], minlength=len(texts))
            left_out.update({text.strip(): int(number) for text, number in zip(texts, strange, strict=True) if number})
        kept = np.flatnonzero(place != ELSEWHERE) if partial else np.arange(count)
        rows, first = rows + count, rows
        if not len(kept):
            continue
        chosen = pa.array(kept)
        ids.append(_numbers(columns[ID].take(chosen)))
        records.append(first + kept)
        places.append(place[kept])
        if WEIGHT in columns:
            weights.append(_weights(columns[WEIGHT].take(chosen), numbers, source, first + kept))
        for name, found in codes.items():
            read = _reader(codebook, name)
            found.append(_read(columns[name].take(chosen), meanings[name], read).astype(np.int8))
    if rows == 0:
        raise ContentError(str(source.path), None, "has a header and no respondents")
    total = sum(map(len, places))
    return Part(
        source,
        rows,
        left_out,
        pa.concat_arrays(ids) if ids else pa.array([], pa.string()),
        np.concatenate(records) if records else np.array([], np.int64),
        np.concatenate(places) if places else np.array([], np.int16),
        np.concatenate(weights) if weights else np.full(total, np.nan),
        {name: np.concatenate(found) if found else np.array([], np.int8) for name, found in codes.items()},
    )


def put_together(parts: Sequence[Part], codebook: Codebook) -> tuple[Whole, list[Indices]]:
    """Everyone by respondent's number, and for each part the places of its rows in that."""
    encoded = pa.chunked_array([part.ids for part in parts]).combine_chunks().dictionary_encode()
    ends = np.cumsum([len(part.place) for part in parts])[:-1]
    rows = np.split(encoded.indices.to_numpy().astype(np.int64), ends)
    count = len(encoded.dictionary)
    names = dict.fromkeys(name for part in parts for name in part.codes)
    whole = Whole(
        encoded.dictionary,
        np.full(count, NOWHERE, np.int16),
        np.zeros(count, np.bool_),
        np.full(count, np.nan),
        {name: np.full(count, ABSENT, np.int8) for name in names},
    )
    for part, where in zip(parts, rows, strict=True):
        if part.source.country is not None:
            whole.place[where] = part.place
        if WEIGHT in part.source.columns:
            whole.weight[where] = part.weight
        for name, codes in part.codes.items():
            whole.codes[name][where] = codes
            if name in codebook.items:
                whole.answered[where] = True
    return whole, rows


def _coded(name: str, codebook: Codebook) -> bool:
    return name in codebook.items or name in codebook.fields


def _reader(codebook: Codebook, name: str) -> Callable[[str], int]:
    read = codebook.item if name in codebook.items else codebook.field
    return lambda text: read(name, text)


def _read(column: pa.DictionaryArray, meanings: dict[str, int], read: Callable[[str], int]) -> Places:
    """The code of each cell; every distinct text is read once."""
    table = []
    for text in column.dictionary.to_pylist():
        if text not in meanings:
            meanings[text] = read(text)
        table.append(meanings[text])
    codes: Places = np.array(table, np.int16)[column.indices.to_numpy()]
    return codes


def _weights(column: pa.DictionaryArray, numbers: dict[str, float], source: Source, records: Indices) -> Floats:
    """Weights; NaN for an empty cell. A decimal comma is read, too."""
    indices = column.indices.to_numpy()
    table = []
    for place, text in enumerate(column.dictionary.to_pylist()):
        if text not in numbers:
            try:
                numbers[text] = float(text.replace(",", ".")) if text.strip() else np.nan
            except ValueError:
                numbers[text] = -1.0
        # `nan` and other words for nothing are no numbers either, but a cell that says so is empty.
        if numbers[text] < 0 or np.isinf(numbers[text]):
            at = np.flatnonzero(indices == place)
            if len(at):
                line, given = source.cell(int(records[at[0]]), WEIGHT)
                what = f"{WEIGHT} is {given!r}: a weight is a number from 0 up, or empty"
                raise ContentError(str(source.path), line, what)
        table.append(numbers[text])
    weights: Floats = np.array(table, np.float64)[indices]
    return weights


def _numbers(ids: pa.StringArray) -> pa.StringArray:
    """Respondents' numbers, without what spreadsheets make of them: 392070001.0 is 392070001."""
    return compute.replace_substring_regex(compute.utf8_trim_whitespace(ids), r"^(\d+)\.0+$", r"\1")

"""What each survey file says of whom, and all of it put together by respondent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from clca.errors import ContentError
from clca.evaluation.wvs.microdata.arrow import to_arrow, to_numpy
from clca.evaluation.wvs.microdata.codebook import ABSENT, BLANK, Codebook
from clca.evaluation.wvs.microdata.reader import ID, WEIGHT, SurveyFile

NO_COUNTRY, OTHER_COUNTRY = -1, -2
"""In the place of a country: none is known, or one of which nobody is kept."""

Codes = NDArray[np.int8]
Places = NDArray[np.int16]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FileRespondents:
    """The rows of one file [n] that may be of use. `place` indexes `Codebook.kept`; `records` count from 0."""

    source: SurveyFile
    rows: int
    left_out: Counter[str]
    ids: pa.StringArray
    records: Indices
    place: Places
    weight: Floats
    codes: dict[str, Codes]


@dataclass(frozen=True, slots=True)
class MergedRespondents:
    """Everyone [n] whom any file knows, in the order of the files. `codes` has a column of any file."""

    ids: pa.StringArray
    place: Places
    answered: NDArray[np.bool_]
    weight: Floats
    codes: dict[str, Codes]

    def __len__(self) -> int:
        return len(self.place)

    def taken(self, rows: Indices) -> MergedRespondents:
        return MergedRespondents(
            self.ids.take(to_arrow(rows)),
            self.place[rows],
            self.answered[rows],
            self.weight[rows],
            {name: codes[rows] for name, codes in self.codes.items()},
        )


def read_respondents(source: SurveyFile, codebook: Codebook) -> FileRespondents:
    """The needed columns of a file; rows of other countries are counted and left out.

    They stay where the file holds no answers, so that those of another file can be told to be theirs.
    """
    reader = _Reader(source, codebook)
    pieces: dict[str, list[Any]] = defaultdict(list)
    rows = 0
    for batch in source.batches():
        columns = {name: batch.column(header) for name, header in source.columns.items()}
        place = reader.places(columns, batch.num_rows)
        kept = np.flatnonzero(place != OTHER_COUNTRY) if reader.answers else np.arange(batch.num_rows)
        records, rows = rows + kept, rows + batch.num_rows
        if not len(kept):
            continue
        chosen = to_arrow(kept)
        columns = {name: cells.take(chosen) for name, cells in columns.items()}
        pieces[ID].append(_numbers(columns[ID]))
        pieces["records"].append(records)
        pieces["place"].append(place[kept])
        pieces[WEIGHT].append(reader.weights(columns, records))
        for name in reader.coded:
            pieces[name].append(reader.codes(name, columns[name]))
    if rows == 0:
        raise ContentError(str(source.path), None, "has a header and no respondents")

    def joined(name: str, kind: type[np.generic]) -> NDArray[Any]:
        return np.concatenate(pieces[name]) if pieces[name] else np.array([], kind)

    return FileRespondents(
        source,
        rows,
        reader.left_out,
        pa.chunked_array(pieces[ID], pa.string()).combine_chunks(),
        joined("records", np.int64),
        joined("place", np.int16),
        joined(WEIGHT, np.float64),
        {name: joined(name, np.int8) for name in reader.coded},
    )


def merge_respondents(parts: Sequence[FileRespondents], codebook: Codebook) -> tuple[MergedRespondents, list[Indices]]:
    """Everyone by respondent's number, and for each part the places of its rows in that.

    What several files say of someone is taken from the first that says anything (`faults` sees to it that
    they agree).
    """
    encoded = pa.chunked_array([part.ids for part in parts]).combine_chunks().dictionary_encode()
    ends = np.cumsum([len(part.place) for part in parts])[:-1]
    rows = np.split(to_numpy(encoded.indices).astype(np.int64), ends)
    count = len(encoded.dictionary)
    names = dict.fromkeys(name for part in parts for name in part.codes)
    whole = MergedRespondents(
        encoded.dictionary,
        np.full(count, NO_COUNTRY, np.int16),
        np.zeros(count, np.bool_),
        np.full(count, np.nan),
        {name: np.full(count, ABSENT, np.int8) for name in names},
    )
    for part, where in zip(parts, rows, strict=True):
        if part.source.country is not None:
            whole.place[where] = part.place
        if WEIGHT in part.source.columns:
            known = whole.weight[where]
            whole.weight[where] = np.where(np.isnan(known), part.weight, known)
        for name, codes in part.codes.items():
            said = whole.codes[name][where]
            whole.codes[name][where] = np.where(np.isin(said, (ABSENT, BLANK)), codes, said)
            if name in codebook.items:
                whole.answered[where] = True
    return whole, rows


class _Reader:
    """Cells into codes, each distinct text once; and how many rows were of other countries."""

    def __init__(self, source: SurveyFile, codebook: Codebook) -> None:
        self.source, self.codebook = source, codebook
        self.coded = [name for name in source.columns if name in codebook.items or name in codebook.fields]
        self.answers = any(name in codebook.items for name in self.coded)
        self.left_out: Counter[str] = Counter()
        self._index = {place: number for number, place in enumerate(codebook.kept)}
        self._known: dict[str, dict[str, Any]] = {name: {} for name in source.columns}

    def places(self, columns: dict[str, Any], rows: int) -> Places:
        if self.source.country is None:
            return np.full(rows, NO_COUNTRY, np.int16)
        cells = columns[self.source.country]
        places: Places = self._read(self.source.country, cells, self._place).astype(np.int16)
        texts = cells.dictionary.to_pylist()
        counts = np.bincount(to_numpy(cells.indices)[places == OTHER_COUNTRY], minlength=len(texts))
        for text, count in zip(texts, counts.tolist(), strict=True):
            if count:
                self.left_out[text.strip()] += count
        return places

    def codes(self, name: str, cells: Any) -> Codes:
        read = self.codebook.item if name in self.codebook.items else self.codebook.field
        codes: Codes = self._read(name, cells, lambda text: read(name, text)).astype(np.int8)
        return codes

    def weights(self, columns: dict[str, Any], records: Indices) -> Floats:
        """NaN where the file has none, or an empty cell."""
        if WEIGHT not in columns:
            return np.full(len(records), np.nan)
        cells = columns[WEIGHT]  # nearly every weight is another: nothing is kept of them
        weights: Floats = np.array([_weight(text) for text in cells.dictionary.to_pylist()])[to_numpy(cells.indices)]
        unfit = np.flatnonzero(weights < 0)
        if len(unfit):
            line, given = self.source.cell(int(records[unfit[0]]), WEIGHT)
            what = f"{WEIGHT} is {given[:40]!r}: a weight is a number from 0 up, or empty"
            raise ContentError(str(self.source.path), line, what)
        return weights

    def _place(self, text: str) -> int:
        found = self.codebook.place(text)
        return OTHER_COUNTRY if found is None else self._index[found]

    def _read(self, name: str, cells: Any, read: Callable[[str], Any]) -> NDArray[Any]:
        known = self._known[name]
        texts = cells.dictionary.to_pylist()
        for text in texts:
            if text not in known:
                known[text] = read(text)
        found: NDArray[Any] = np.array([known[text] for text in texts])[to_numpy(cells.indices)]
        return found


def _weight(text: str) -> float:
    """NaN for none, -1 for what is no weight. A decimal comma is read, too."""
    if not text.strip():
        return float("nan")
    try:
        weight = float(text.replace(",", "."))
    except ValueError:
        return -1.0
    return weight if 0 <= weight < float("inf") else -1.0


def _numbers(ids: pa.StringArray) -> pa.StringArray:
    """Respondents' numbers, without what spreadsheets make of them: 392070001.0 is 392070001."""
    return compute.replace_substring_regex(compute.utf8_trim_whitespace(ids), r"^(\d+)\.0+$", r"\1")

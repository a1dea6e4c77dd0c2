"""Faults that keep survey files from being imported: duplicate respondents, contradicting files, unknown codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pyarrow import compute

from clca.errors import ContentError
from clca.evaluation.arrays import Indices
from clca.evaluation.wvs.microdata.arrow import to_numpy
from clca.evaluation.wvs.microdata.codebook import BLANK, UNKNOWN, Codebook
from clca.evaluation.wvs.microdata.merge import FileRespondents, MergedRespondents
from clca.evaluation.wvs.microdata.reader import ID, WEIGHT


def refuse_duplicates(files: Sequence[FileRespondents], rows: Sequence[Indices], merged: MergedRespondents) -> None:
    """Refuse respondents without a number, and duplicates within a file. Raises `ContentError`.

    Only respondents of kept countries count: the official file repeats one number, in a country that is not kept.
    """
    for file, respondents in zip(files, rows, strict=True):
        shown = str(file.source.path)
        kept = np.flatnonzero(merged.country[respondents] >= 0)
        unique, counts = np.unique(respondents[kept], return_counts=True)
        nameless = np.flatnonzero(to_numpy(compute.binary_length(file.ids))[kept] == 0)
        if len(nameless):
            line, _ = file.source.cell(int(file.records[kept[nameless[0]]]), ID)
            raise ContentError(shown, line, f"{ID} is empty: each respondent needs a number")
        duplicates = unique[counts > 1]
        if len(duplicates):
            first = respondents[kept[np.isin(respondents[kept], duplicates)][0]]
            lines = [file.source.cell(int(file.records[row]), ID)[0] for row in kept[respondents[kept] == first][:2]]
            raise ContentError(
                shown,
                lines[1],
                f"respondent {merged.ids[int(first)].as_py()} is here and in line {lines[0]}"
                f"{_and_more(len(duplicates) - 1, 'duplicate')}: leave one line for each respondent",
            )


def refuse_conflicts(files: Sequence[FileRespondents], rows: Sequence[Indices], merged: MergedRespondents) -> None:
    """Refuse values and countries of a respondent in which two files differ. Raises `ContentError`."""
    for number, (file, respondents) in enumerate(zip(files, rows, strict=True)):
        kept = merged.country[respondents] >= 0
        conflicts = {
            name: np.flatnonzero(kept & _differs(file, name, respondents, merged)) for name in _value_columns(file)
        }
        conflicts = {name: cells for name, cells in conflicts.items() if len(cells)}
        if conflicts:
            name = min(conflicts, key=lambda name: int(conflicts[name][0]))
            row = int(conflicts[name][0])
            line, text = file.source.cell(int(file.records[row]), name)
            earlier, (earlier_line, earlier_text) = _first_value(files[:number], rows, name, int(respondents[row]))
            more = sum(map(len, conflicts.values())) - 1
            raise ContentError(
                str(file.source.path),
                line,
                f"{name} of respondent {merged.ids[int(respondents[row])].as_py()} is {text[:40]!r} here, and"
                f" {earlier_text[:40]!r} in line {earlier_line} of {earlier.source.path}"
                f"{_and_more(more, 'difference')}: leave out one of the two",
            )
    for file, respondents in zip(files, rows, strict=True):
        if file.source.country is not None:
            conflicting = np.flatnonzero(file.country != merged.country[respondents])
            if len(conflicting):
                line, text = file.source.cell(int(file.records[conflicting[0]]), file.source.country)
                id = merged.ids[int(respondents[conflicting[0]])].as_py()
                raise ContentError(
                    str(file.source.path),
                    line,
                    f"the country of respondent {id} is {text} here, and another in another file: correct one",
                )


def refuse_unknown(
    files: Sequence[FileRespondents], rows: Sequence[Indices], merged: MergedRespondents, codebook: Codebook
) -> None:
    """Refuse codes outside a scale, in the rows of kept respondents. Raises `ContentError`."""
    for file, respondents in zip(files, rows, strict=True):
        kept = merged.country[respondents] >= 0
        faults = {name: np.flatnonzero((codes == UNKNOWN) & kept) for name, codes in file.codes.items()}
        faults = {name: cells for name, cells in faults.items() if len(cells)}
        if not faults:
            continue
        name = min(faults, key=lambda name: int(faults[name][0]))
        line, text = file.source.cell(int(file.records[faults[name][0]]), name)
        more = sum(map(len, faults.values())) - 1
        raise ContentError(
            str(file.source.path),
            line,
            f"{name} is {text[:40]!r}, not a code of its scale ({_scale(name, codebook)})"
            f"{_and_more(more, 'unknown code')}: correct the file",
        )


def _scale(name: str, codebook: Codebook) -> str:
    """The codes of an item or persona field, in words."""
    if name in codebook.items:
        return f"1 to {codebook.items[name]}; below 0 is missing"
    codes = codebook.fields[name]
    return f"{min(codes)} to {max(codes)} or their labels in eval/wvs/persona.yaml; below 0 is missing"


def _and_more(count: int, noun: str) -> str:
    return f" (and {count:,} more {noun}{'' if count == 1 else 's'})" if count else ""


def _value_columns(file: FileRespondents) -> list[str]:
    return [*file.codes, *((WEIGHT,) if WEIGHT in file.source.columns else ())]


def _differs(file: FileRespondents, name: str, respondents: Indices, merged: MergedRespondents) -> NDArray[np.bool_]:
    """Whether a value differs from that of an earlier file, for each row [n]; an empty cell does not."""
    if name == WEIGHT:
        # Files round weights differently.
        same = np.isclose(file.weight, merged.weight[respondents], rtol=1e-4)
        differs: NDArray[np.bool_] = ~same & ~np.isnan(file.weight)
    else:
        differs = (file.codes[name] != merged.codes[name][respondents]) & (file.codes[name] != BLANK)
    return differs


def _first_value(
    files: Sequence[FileRespondents], rows: Sequence[Indices], name: str, respondent: int
) -> tuple[FileRespondents, tuple[int, str]]:
    """The first file with a value of the respondent, and the line and text of its cell."""
    for file, respondents in zip(files, rows, strict=False):
        if name in _value_columns(file):
            for row in np.flatnonzero(respondents == respondent).tolist():
                empty = np.isnan(file.weight[row]) if name == WEIGHT else file.codes[name][row] == BLANK
                if not empty:
                    return file, file.source.cell(int(file.records[row]), name)
    raise AssertionError(f"no earlier file has {name}")

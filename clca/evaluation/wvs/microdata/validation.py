"""What keeps survey files from being imported: people who stand twice, files that disagree, codes of no meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pyarrow import compute

from clca.errors import ContentError
from clca.evaluation.wvs.microdata.arrow import to_numpy
from clca.evaluation.wvs.microdata.codebook import BLANK, UNKNOWN, Codebook
from clca.evaluation.wvs.microdata.merge import FileRespondents, Indices, MergedRespondents
from clca.evaluation.wvs.microdata.reader import ID, WEIGHT


def refuse_repeated(parts: Sequence[FileRespondents], rows: Sequence[Indices], whole: MergedRespondents) -> None:
    """People without a number, and people who stand twice in a file.

    Only those of a country that is kept: the official file repeats one number, in a country that is not.
    """
    for part, where in zip(parts, rows, strict=True):
        shown = str(part.source.path)
        ours = np.flatnonzero(whole.place[where] >= 0)
        people, counts = np.unique(where[ours], return_counts=True)
        nameless = np.flatnonzero(to_numpy(compute.binary_length(part.ids))[ours] == 0)
        if len(nameless):
            line, _ = part.source.cell(int(part.records[ours[nameless[0]]]), ID)
            raise ContentError(shown, line, f"{ID} is empty: each respondent needs a number")
        twice = people[counts > 1]
        if len(twice):
            first = ours[np.isin(where[ours], twice)][0]
            lines = [part.source.cell(int(part.records[row]), ID)[0] for row in ours[where[ours] == where[first]][:2]]
            number = whole.ids[int(where[first])].as_py()
            raise ContentError(
                shown,
                lines[1],
                f"respondent {number} stands here and in line {lines[0]}"
                f"{_and_others(len(twice) - 1, 'stand', 'stands')}: leave one line for each respondent",
            )


def refuse_conflicts(parts: Sequence[FileRespondents], rows: Sequence[Indices], whole: MergedRespondents) -> None:
    """Answers, weights and countries of the same people that two files do not agree on."""
    for number, (part, where) in enumerate(zip(parts, rows, strict=True)):
        ours = whole.place[where] >= 0
        unlike = {name: np.flatnonzero(ours & _unlike(part, name, where, whole)) for name in _told(part)}
        unlike = {name: found for name, found in unlike.items() if len(found)}
        if unlike:
            name = min(unlike, key=lambda name: int(unlike[name][0]))
            row = int(unlike[name][0])
            line, given = part.source.cell(int(part.records[row]), name)
            earlier, other = _first_to_tell(parts[:number], rows, name, int(where[row]))
            more = sum(map(len, unlike.values())) - 1
            raise ContentError(
                str(part.source.path),
                line,
                f"{name} of respondent {whole.ids[int(where[row])].as_py()} is {given[:40]!r} here, and"
                f" {other[1][:40]!r} in line {other[0]} of {earlier.source.path}"
                f"{_and_others(more, 'differ', 'differs')}: leave out one of the two",
            )
    for part, where in zip(parts, rows, strict=True):
        if part.source.country is not None:
            differ = np.flatnonzero(part.place != whole.place[where])
            if len(differ):
                line, given = part.source.cell(int(part.records[differ[0]]), part.source.country)
                number = whole.ids[int(where[differ[0]])].as_py()
                raise ContentError(
                    str(part.source.path), line, f"respondent {number} is of {given} here, and not in another file"
                )


def refuse_unknown(
    parts: Sequence[FileRespondents], rows: Sequence[Indices], whole: MergedRespondents, codebook: Codebook
) -> None:
    """Codes outside a scale, in the rows of people who are kept."""
    for part, where in zip(parts, rows, strict=True):
        kept = whole.place[where] >= 0
        faults = {name: np.flatnonzero((codes == UNKNOWN) & kept) for name, codes in part.codes.items()}
        faults = {name: found for name, found in faults.items() if len(found)}
        if not faults:
            continue
        name = min(faults, key=lambda name: int(faults[name][0]))
        line, given = part.source.cell(int(part.records[faults[name][0]]), name)
        more = sum(map(len, faults.values())) - 1
        raise ContentError(
            str(part.source.path),
            line,
            f"{name} is {given[:40]!r}, no code of its scale ({_scale(name, codebook)})"
            + (f"; so {'is 1 more cell' if more == 1 else f'are {more:,} more cells'}" if more else "")
            + ": correct the file",
        )


def _scale(name: str, codebook: Codebook) -> str:
    if name in codebook.items:
        return f"1 to {codebook.items[name]}; below 0 is missing"
    codes = codebook.fields[name]
    return f"{min(codes)} to {max(codes)} or their labels in eval/wvs/persona.yaml; below 0 is missing"


def _and_others(count: int, several: str, one: str) -> str:
    return f" (so {one if count == 1 else several} {count:,} more)" if count else ""


def _told(part: FileRespondents) -> list[str]:
    return [*part.codes, *((WEIGHT,) if WEIGHT in part.source.columns else ())]


def _unlike(part: FileRespondents, name: str, where: Indices, whole: MergedRespondents) -> NDArray[np.bool_]:
    """[n]: whether the part tells something else than was told before; an empty cell tells nothing."""
    if name == WEIGHT:
        # Files round weights differently.
        unlike: NDArray[np.bool_] = ~np.isclose(part.weight, whole.weight[where], rtol=1e-4) & ~np.isnan(part.weight)
    else:
        unlike = (part.codes[name] != whole.codes[name][where]) & (part.codes[name] != BLANK)
    return unlike


def _first_to_tell(
    parts: Sequence[FileRespondents], rows: Sequence[Indices], name: str, person: int
) -> tuple[FileRespondents, tuple[int, str]]:
    """The first part that tells something of the person, and the line and cell where it does."""
    for part, where in zip(parts, rows, strict=False):
        if name in _told(part):
            for row in np.flatnonzero(where == person).tolist():
                silent = np.isnan(part.weight[row]) if name == WEIGHT else part.codes[name][row] == BLANK
                if not silent:
                    return part, part.source.cell(int(part.records[row]), name)
    raise AssertionError(f"no earlier file tells {name}")

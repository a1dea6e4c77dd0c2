"""What keeps survey files from being imported: people who stand twice, codes that mean nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyarrow import compute

from clca.errors import ContentError
from clca.evaluation.arrays import numbers
from clca.evaluation.codebook import UNKNOWN, Codebook
from clca.evaluation.layouts import ID
from clca.evaluation.parts import Indices, Part, Whole


def refuse_repeated(parts: Sequence[Part], rows: Sequence[Indices], whole: Whole) -> None:
    """People without a number, and people who stand twice in a file.

    Only those of a country that is kept: the official file repeats one number, in a country that is not.
    """
    for part, where in zip(parts, rows, strict=True):
        shown = str(part.source.path)
        ours = np.flatnonzero(whole.place[where] >= 0)
        people, counts = np.unique(where[ours], return_counts=True)
        nameless = np.flatnonzero(numbers(compute.binary_length(part.ids))[ours] == 0)
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


def refuse_conflicts(parts: Sequence[Part], rows: Sequence[Indices], whole: Whole) -> None:
    """The same column of the same people in two files; countries that two files do not agree on."""
    holders: dict[str, list[int]] = {}
    for number, part in enumerate(parts):
        for name in part.codes:
            holders.setdefault(name, []).append(number)
    for name, having in holders.items():
        for place, later in enumerate(having):
            for earlier in having[:place]:
                common = np.intersect1d(rows[earlier], rows[later])
                common = common[whole.place[common] >= 0]
                if len(common):
                    number = whole.ids[int(common[0])].as_py()
                    raise ContentError(
                        str(parts[later].source.path),
                        None,
                        f"respondent {number} has a column {name} in {parts[earlier].source.path}, too"
                        f"{_and_others(len(common) - 1, 'have', 'has')}: give each respondent's answers once",
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


def refuse_unknown(parts: Sequence[Part], rows: Sequence[Indices], whole: Whole, codebook: Codebook) -> None:
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

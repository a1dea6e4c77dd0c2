"""Survey files that look like the official ones, of any size, with made-up people in them.

`python tests/evaluation/survey_files.py FILE RESPONDENTS COLUMNS` writes one in the official layout.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

# The fourteen countries and four others: alpha-3 and numeric codes, names as the survey writes them.
COUNTRIES = {
    "JPN": (392, "Japan"),
    "GBR": (826, "Great Britain"),
    "CHN": (156, "China"),
    "DEU": (276, "Germany"),
    "MEX": (484, "Mexico"),
    "IRQ": (368, "Iraq"),
    "JOR": (400, "Jordan"),
    "BGD": (50, "Bangladesh"),
    "USA": (840, "United States"),
    "GRC": (300, "Greece"),
    "KOR": (410, "South Korea"),
    "BRA": (76, "Brazil"),
    "ARG": (32, "Argentina"),
    "TUR": (792, "Turkey"),
    "AND": (20, "Andorra"),
    "NIR": (909, "Northern Ireland"),
    "URY": (858, "Uruguay"),
    "VNM": (704, "Vietnam"),
}
ITEMS = {
    f"Q{number}": options
    for numbers, options in (
        (range(1, 7), 4),
        (range(7, 27), 2),
        (range(27, 33), 4),
        (range(33, 42), 5),
        (range(43, 46), 3),
    )
    for number in numbers
}
# Persona fields by their codes, first and last.
FIELDS = {
    "H_SETTLEMENT": (1, 5),
    "H_URBRURAL": (1, 2),
    "Q260": (1, 2),
    "X003R": (1, 6),
    "Q263": (1, 2),
    "Q273": (1, 6),
    "Q270": (1, 7),
    "Q275": (0, 8),
    "Q281": (0, 11),
    "Q279": (1, 8),
    "Q287": (1, 5),
}
Person = Mapping[str, str]
"""Cells by column: `D_INTERVIEW`, `B_COUNTRY_ALPHA`, fields and items as codes, `W_WEIGHT`."""


def person(alpha: str, number: int, chance: random.Random, missing: float = 0.03) -> dict[str, str]:
    """Someone who answered everything but a few questions."""

    def cell(first: int, last: int) -> str:
        return str(chance.choice((-1, -2, -5)) if chance.random() < missing else chance.randint(first, last))

    return {
        "D_INTERVIEW": f"{COUNTRIES[alpha][0]}07{number:04}",
        "B_COUNTRY_ALPHA": alpha,
        "W_WEIGHT": f"{chance.uniform(0.2, 3):.6f}",
        **{field: cell(*codes) for field, codes in FIELDS.items()},
        **{item: cell(1, options) for item, options in ITEMS.items()},
    }


def people(counts: Mapping[str, int], seed: int = 42) -> list[dict[str, str]]:
    chance = random.Random(seed)
    return [person(alpha, number, chance) for alpha, count in counts.items() for number in range(1, count + 1)]


def official(
    rows: Iterable[Person],
    columns: Sequence[str] | None = None,
    *,
    delimiter: str = ",",
    end: str = "\r\n",
    bom: bool = False,
) -> bytes:
    """The official CSV: all columns, some of no interest, or only those named."""
    names = columns or ["version", "A_WAVE", "B_COUNTRY", "B_COUNTRY_ALPHA", "D_INTERVIEW", "W_WEIGHT", "N_TOWN"]
    names = [*names, *(() if columns else (*FIELDS, *ITEMS, "Q46"))]
    further = {"version": "6-0-0", "A_WAVE": "7", "N_TOWN": f'Town{delimiter} "old"', "Q46": "2"}

    def cells(row: Person) -> list[str]:
        known = {**further, "B_COUNTRY": str(COUNTRIES[row["B_COUNTRY_ALPHA"]][0]), **row}
        return [known[name] for name in names]

    return _table(names, map(cells, rows), delimiter, end, bom)


def demographics(rows: Iterable[Person], labels: Mapping[str, Mapping[int, str]] | None = None) -> bytes:
    """WorldValuesBench's `full_demographic_qa.tsv`, with labels or, without any, with codes."""
    names = ["D_INTERVIEW", "A_YEAR", "B_COUNTRY", *FIELDS]

    def cells(row: Person) -> list[str]:
        found = [row["D_INTERVIEW"], "2018", COUNTRIES[row["B_COUNTRY_ALPHA"]][1]]
        for field in FIELDS:
            code = int(row[field])
            label = labels[field].get(code, "No answer; Missing") if labels else str(code)
            found.append(label)
        return found

    return _table(names, map(cells, rows), "\t", "\n", False)


def values(rows: Iterable[Person], items: Sequence[str] = tuple(ITEMS)) -> bytes:
    """WorldValuesBench's `full_value_qa.tsv`: numbers as pandas writes them, missing answers blank."""

    def cells(row: Person) -> list[str]:
        return [row["D_INTERVIEW"], *("" if int(row[item]) < 0 else f"{row[item]}.0" for item in items)]

    return _table(["D_INTERVIEW", *items], map(cells, rows), "\t", "\n", False)


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def write_official(path: Path, respondents: int, columns: int, seed: int = 42) -> None:
    """A large file in the official layout; rows are drawn from a thousand different ones."""
    chance = random.Random(seed)
    head = ["version", "doi", "A_WAVE", "B_COUNTRY", "B_COUNTRY_ALPHA", "D_INTERVIEW", "W_WEIGHT", "N_TOWN"]
    filler = [f"Q{number}" for number in range(300, 300 + columns - len(head) - len(FIELDS) - len(ITEMS))]
    alphas = list(COUNTRIES)
    kinds = []
    for _ in range(1000):
        one = person("JPN", 1, chance)
        kinds.append(
            ",".join([*(one[name] for name in (*FIELDS, *ITEMS)), *(str(chance.randint(-5, 10)) for _ in filler)])
        )
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(f'"{name}"' for name in (*head, *FIELDS, *ITEMS, *filler)) + "\r\n")
        for number in range(respondents):
            alpha = alphas[number * len(alphas) // respondents]
            code = COUNTRIES[alpha][0]
            weight = f"{chance.uniform(0.2, 3):.6f}"
            start = f'"6-0-0","doi.org/10",7,{code},"{alpha}",{code}07{number:05},{weight},"Town, old"'
            file.write(f"{start},{kinds[chance.randrange(1000)]}\r\n")


def _table(names: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str, end: str, bom: bool) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=delimiter, lineterminator=end)
    table.writerow(names)
    table.writerows(rows)
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


if __name__ == "__main__":
    write_official(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""What S2N printed: `eval/offense/published.csv` and `eval/mmlu/published.csv`, with its names of things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from clca.documents import read_csv
from clca.errors import ContentError
from clca.records import Line, Record, Slug
from clca.report.table import Cell
from clca.workspace import Content

OFFENSE, MMLU = "eval/offense/published.csv", "eval/mmlu/published.csv"

CODES = {
    "ara": "ara",
    "bangladesh": "ben",
    "china": "zho",
    "usa": "eng",
    "germany": "deu",
    "greece": "ell",
    "south_korea": "kor",
    "brazil": "por",
    "spa": "spa",
    "turkey": "tur",
}
"""The paper's cultures in its order, by clca's ids, and how its tables head them."""

DATA = {
    "wvs": "WVS",
    "wvs+wiki": "WVS+Wiki",
    "wvs+normad": "WVS+NormAd",
    "wvs-translated": "WVS translated",
}
"""What the paper's adapters were trained on, by the name of clca's mix."""

POINTS = frozenset({"f1", "invalid", "f1_mmlu", "sd_f1_mmlu"})  # printed in percent


class Printed(Record):
    """One printed number. `model` is an alias of `trainers/models.yaml`, `setting` the mix of the adapters.

    `row` is `zero-shot`, `single` (every culture's own adapter), `combined` or the culture of an adapter; `column`
    a culture of tests, `average` over cultures (of MMLU: over its questions), `over_tests` the mean over tests or
    `pooled` over all texts.
    """

    source: Line
    model: Line
    setting: Line | None
    row: Slug
    column: Slug
    metric: Slug
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Published:
    """Printed numbers by what they are of; percentages as fractions."""

    def __init__(self, printed: Iterable[Printed] = ()) -> None:
        self._values: dict[tuple[str, str, str | None, str, str, str], float] = {}
        for one in printed:
            key = (one.source, one.model, one.setting, one.row, one.column, one.metric)
            if key in self._values:
                raise ContentError(OFFENSE, None, f"{', '.join(map(str, key))}: stands twice")
            self._values[key] = round(one.value / 100, 8) if one.metric in POINTS else one.value

    def value(
        self, source: str, model: str, setting: str | None, row: str, column: str, metric: str = "f1"
    ) -> float | None:
        return self._values.get((source, model, setting, row, column, metric))

    def cells(
        self, source: str, model: str, setting: str | None, row: str, cultures: Sequence[str], metric: str = "f1"
    ) -> tuple[Cell | None, ...]:
        """Of every culture and of their average: the printed one only over the paper's own ten, else taken anew."""
        found = [self.value(source, model, setting, row, culture, metric) for culture in cultures]
        if set(cultures) == set(CODES):
            average = self.value(source, model, setting, row, "average", metric)
        else:
            there = [one for one in found if one is not None]
            average = sum(there) / len(there) if there and len(there) == len(found) else None
        return tuple(None if one is None else Cell(one) for one in (*found, average))

    def matrix(self, source: str, model: str, setting: str) -> dict[tuple[str, str], float]:
        """(adapter, test) -> normalised F1 of one of tables 8 to 10; {} where there is none of the model."""
        return {
            (key[3], key[4]): value
            for key, value in self._values.items()
            if key[:3] == (source, model, setting) and key[5] == "f1_normalised"
        }


def load_s2n(content: Content, *paths: str) -> Published:
    """The printed numbers of both files, or of those named."""
    return Published(
        one for path in paths or (OFFENSE, MMLU) for one in read_csv(content.shown(path), content.text(path), Printed)
    )


def in_order(cultures: Iterable[str]) -> tuple[str, ...]:
    """The paper's cultures first, in its order."""
    there = list(dict.fromkeys(cultures))
    return (*(one for one in CODES if one in there), *(one for one in there if one not in CODES))


def heading(culture: str, names: Mapping[str, str] | None = None) -> str:
    """The paper's code of its cultures; of others the name, or the id."""
    return CODES.get(culture) or (names or {}).get(culture, culture)

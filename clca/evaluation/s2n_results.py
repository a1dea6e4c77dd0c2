"""What S2N printed: `eval/offense/published.csv` and `eval/mmlu/published.csv`, with its names of things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError
from clca.evaluation.table import Cell
from clca.records import Line, Record, Slug

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
    "culturellm": "WVS of CultureLLM",
    "culturellm+wiki": "WVS of CultureLLM+Wiki",
    "culturellm+normad": "WVS of CultureLLM+NormAd",
}
"""What adapters were trained on, as the paper calls it, by the name of clca's mix; it has the data of CultureLLM."""

PRINTED_AS = {mix: mix.replace("culturellm", "wvs") for mix in DATA if mix.startswith("culturellm")}
"""The `setting` of printed numbers by the name of clca's mix, where they are called otherwise."""


def printed_setting(mix: str | None) -> str | None:
    """The `setting` of the printed numbers that adapters of a mix may stand beside."""
    return PRINTED_AS.get(mix or "", mix)


POINTS = frozenset({"f1", "invalid", "f1_mmlu", "sd_f1_mmlu"})  # printed in percent


Key = tuple[str, str, str | None, str, str, str]


class Printed(Record):
    """One printed number. `model` is an alias of `trainers/models.yaml`, `setting` the mix of the adapters.

    `row` is `zero-shot`, `single` (every culture's own adapter), `combined` or the culture of an adapter; `column`
    a culture of tests, `average` over cultures (of MMLU the one number there is), `over_tests` the mean over tests or
    `pooled` over all texts.
    """

    source: Line
    model: Line
    setting: Line | None
    row: Slug
    column: Slug
    metric: Slug
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]

    @property
    def key(self) -> Key:
        """What identifies the value among all printed ones."""
        return self.source, self.model, self.setting, self.row, self.column, self.metric


class Published:
    """Printed numbers by what they are of; percentages as fractions."""

    def __init__(self, printed: Iterable[Printed] = ()) -> None:
        self._values = {
            entry.key: round(entry.value / 100, 8) if entry.metric in POINTS else entry.value for entry in printed
        }

    def value(
        self, source: str, model: str, setting: str | None, row: str, column: str, metric: str = "f1"
    ) -> float | None:
        """A printed number as a share; None if the paper does not print it. `setting` may be a mix."""
        return self._values.get((source, model, printed_setting(setting), row, column, metric))

    def cells(
        self, source: str, model: str, setting: str | None, row: str, cultures: Sequence[str], metric: str = "f1"
    ) -> tuple[Cell | None, ...]:
        """Of every culture and of their average: that is over the paper's own ten, and no other's."""
        values = [self.value(source, model, setting, row, culture, metric) for culture in cultures]
        all_cultures = set(cultures) == set(CODES)
        average = self.value(source, model, setting, row, "average", metric) if all_cultures else None
        return tuple(None if value is None else Cell(value) for value in (*values, average))

    def matrix(self, source: str, model: str, setting: str) -> dict[tuple[str, str], float]:
        """(adapter, test) -> normalised F1 of one of tables 8 to 10; {} where there is none of the model."""
        return {
            (key[3], key[4]): value
            for key, value in self._values.items()
            if key[:3] == (source, model, printed_setting(setting)) and key[5] == "f1_normalised"
        }


def load_s2n(content: Content, *paths: str) -> Published:
    """The printed numbers of both files, or of those named; raises `ContentError` for a duplicate."""
    return Published(read_printed(content, *paths))


def read_printed(content: Content, *paths: str) -> tuple[Printed, ...]:
    """The rows of both files, or of those named; raises `ContentError` for a duplicate."""
    by_key: dict[Key, Printed] = {}
    for path in paths or (OFFENSE, MMLU):
        text = content.text(path)
        lines = [number for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        for number, entry in zip(lines[1:], read_csv(content.shown(path), text, Printed), strict=False):
            if entry.key in by_key:
                raise ContentError(content.shown(path), number, f"{', '.join(map(str, entry.key))}: duplicate")
            by_key[entry.key] = entry
    return tuple(by_key.values())


def in_order(cultures: Iterable[str]) -> tuple[str, ...]:
    """The paper's cultures first, in its order."""
    distinct = list(dict.fromkeys(cultures))
    of_paper = [culture for culture in CODES if culture in distinct]
    return (*of_paper, *(culture for culture in distinct if culture not in CODES))


def heading(culture: str, names: Mapping[str, str]) -> str:
    """The name of a culture, of the paper's with its code beside it; without a name the id.

    >>> heading("bangladesh", {"bangladesh": "Bangladesh"}), heading("uk", {"uk": "United Kingdom"})
    ('Bangladesh (ben)', 'United Kingdom')
    """
    name, code = names.get(culture, culture), CODES.get(culture)
    return name if code in (None, name) else f"{name} ({code})"

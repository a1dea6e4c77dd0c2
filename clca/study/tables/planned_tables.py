"""Tables of a study before they are computed: rows and columns of numbers, each with the scores that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clca.evaluation.classification.scores import ZERO_SHOT
from clca.evaluation.published.catalogue import Entry, PrintedCell, PublishedCatalogue
from clca.evaluation.published.layout import TableLayout
from clca.evaluation.s2n_results import POINTS, Printed
from clca.evaluation.table_systems import SINGLE
from clca.evaluation.wvs.published import PublishedScore
from clca.study.study_file import StudyFile
from clca.study.tables.expected_settings import ExpectedEvaluation
from clca.study.tables.numbers import NumberColumn, Unit
from clca.study.tables.published_cells import DELTA, Formula, NumberSource, Part, StandIns, number_sources

SHARES = POINTS | {"accuracy_paper", "accuracy", "f1", "invalid", "jsd", "wasserstein_1", "cspec", "f1_normalised"}
COUNTS = frozenset({"invalid_count", "texts"})


@dataclass(frozen=True, slots=True)
class PlannedNumber:
    """A number: its place in a table, its formula by seed, and the place (group, row, column) it is tested against.

    `source` is that of a published number, None for one of the study's own. A `reference` is no student's.
    """

    group: str
    row: str
    column: str
    metric: str
    by_seed: Mapping[str, Formula]
    against: tuple[str, str, str] | None = None
    source: NumberSource | None = None
    reference: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """What tells it from the other numbers of its table."""
        return self.group, self.row, self.column

    @property
    def parts(self) -> Iterator[Part]:
        """All scores that it is made of."""
        for formula in self.by_seed.values():
            yield from (*formula.plus, *formula.minus)

    @property
    def unit(self) -> Unit:
        """In what it is measured."""
        return "count" if self.metric in COUNTS else "share" if self.metric in SHARES else "score"

    @property
    def published(self) -> float | None:
        """The published number, shares in [0, 1]."""
        return None if self.source is None else stored(self.source.printed.entry)


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table; `published` is the id of the one that it reproduces, "" for one of the study's own."""

    id: str
    title: str
    columns: tuple[NumberColumn, ...]
    numbers: tuple[PlannedNumber, ...]
    corner: str = ""
    published: str = ""
    notes: tuple[str, ...] = ()


def stand_ins_of(study: StudyFile) -> StandIns:
    """What stands for what in a study, by setting."""
    stand_ins: dict[str, dict[str, str]] = {}
    for entry in study.instead:
        stand_ins.setdefault(entry.setting, {})[entry.published] = entry.here
    return stand_ins


def stored(entry: Entry) -> float:
    """A published number in the unit of scores: percentages of S2N as shares."""
    return entry.value / 100 if isinstance(entry, Printed) and entry.metric in POINTS else entry.value


def published_tables(
    ids: Sequence[str], catalogue: PublishedCatalogue, evaluations: Sequence[ExpectedEvaluation], stand_ins: StandIns
) -> tuple[PlannedTable, ...]:
    """The published tables that a study reproduces, made of its cells. Raises `NotFoundError` for an unknown one."""
    tables = []
    for layout in map(catalogue.find, ids):
        sources = number_sources(list(catalogue.cells(layout)), evaluations, stand_ins)
        tables.append(_table(layout, sources))
    return tuple(tables)


def _table(layout: TableLayout, sources: Sequence[NumberSource]) -> PlannedTable:
    numbers = []
    for source in sources:
        place, metric = _place(source.printed), source.printed.entry.metric
        numbers.append(PlannedNumber(*place, metric, source.by_seed, _against(source, sources), source))
    columns = tuple(
        NumberColumn(
            label=column.label,
            places=column.places,
            percent=any(
                isinstance(source.printed.entry, Printed) and source.printed.entry.metric in POINTS
                for source in sources
                if source.printed.column == column
            ),
        )
        for column in layout.columns
    )
    return PlannedTable(
        id=layout.id,
        title=f"{layout.paper}: {layout.title}",
        columns=columns,
        numbers=tuple(numbers),
        corner=layout.corner,
        published=layout.id,
        notes=layout.notes,
    )


def _place(cell: PrintedCell) -> tuple[str, str, str]:
    """A caption's number stands in the first column."""
    is_caption = cell.row is cell.column
    return cell.row.group, cell.row.label, cell.table.columns[0].label if is_caption else cell.column.label


def _against(source: NumberSource, sources: Sequence[NumberSource]) -> tuple[str, str, str] | None:
    """The number of the same measure that a number is tested against: that of its student without an adapter.

    Without one in the table it is that of the student's adapters with the first of the data. None for adapters of a
    single culture without such a row, for differences, and for counts of texts.
    """
    entry = source.printed.entry
    if entry.metric in (DELTA, "texts"):
        return None
    alike = [other for other in sources if _measure(other.printed.entry) == _measure(entry)]
    if isinstance(entry, PublishedScore):
        references = [other for other in alike if _is_persona(other.printed.entry)]
    else:
        references = [other for other in alike if _row(other) == ZERO_SHOT]
        if not references and _row(source) == SINGLE:
            references = [other for other in alike if _row(other) == SINGLE]
    if not references or references[0] is source:
        return None
    return _place(references[0].printed)


def _measure(entry: Entry) -> tuple[str, str, str]:
    """What two numbers have in common that can be compared: student, tests and metric."""
    column = entry.culture if isinstance(entry, PublishedScore) else entry.column
    return entry.model, column, entry.metric


def _is_persona(entry: Entry) -> bool:
    return isinstance(entry, PublishedScore) and entry.method == "persona"


def _row(source: NumberSource) -> str:
    entry = source.printed.entry
    return entry.row if isinstance(entry, Printed) else ""

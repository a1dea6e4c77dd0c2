"""The numbers of a study: mean and spread over seeds, intervals, tests, and what was published, as `numbers.json` has
them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from clca.content.parsing import validation_message
from clca.errors import NotFoundError, StoreError
from clca.records import Record
from clca.safe_open import read_json
from clca.storage.json_records import decode_record
from clca.study.result import Folder

NUMBERS = "numbers.json"
RESAMPLES = 4000
"""Of respondents and texts. The smallest p of a test is half of a thousandth then, which Holm's correction of a table's
eighty tests leaves below 0.05."""
REHEARSED = 500
"""The same where all evaluations are rehearsals, whose numbers mean nothing."""

Unit = Literal["share", "score", "count"]
"""A `share` is in [0, 1] and shown in percent where the column has it so; a `score` is a distance or a ratio."""


class NumberTest(Record):
    """A number tested against that of another row of its column: `difference` is its mean minus the other's.

    The interval and the two-sided `p` are over seeds and observations (`clca.metrics.paired_test`); `p_holm` is
    corrected for all tests of the table. None where nothing could have been otherwise.
    """

    against: str = Field(description="Row that it is tested against.")
    difference: float
    low: float | None
    high: float | None
    sd: float | None = Field(description="Standard deviation of the difference over seeds.")
    seeds: int = Field(description="Seeds that both have.")
    p: float | None
    p_holm: float | None = None
    notes: tuple[str, ...] = Field(default=(), description="What so few seeds cannot carry.")


class StudyNumber(Record):
    """A number of a table of a study. Shares are in [0, 1], also where a column shows percent."""

    row: str
    column: str
    metric: str
    group: str = ""
    unit: Unit = "score"
    cells: tuple[str, ...] = Field(description="Cells of the study that it is made of.")
    cells_by_seed: dict[str, tuple[str, ...]] = Field(
        default={}, description="Of the cells, those that the value of each seed is made of."
    )
    results: tuple[Folder, ...] = Field(default=(), description="Folders of the evaluations that it is made of.")
    missing: tuple[str, ...] = Field(default=(), description="Of the cells, those without a result so far.")
    values: dict[str, float] = Field(default={}, description="Value by seed; by an empty name where there is none.")
    mean: float | None = Field(default=None, description="Mean over seeds; null where there is no value yet.")
    sd: float | None = Field(default=None, description="Standard deviation over seeds (n - 1); null for one seed.")
    low: float | None = Field(default=None, description="95 % interval of the mean over respondents or texts.")
    high: float | None = None
    low_both: float | None = Field(default=None, description="The same over seeds and respondents or texts.")
    high_both: float | None = None
    reference: bool = Field(
        default=False, description="Whether it is of the survey's answers alone, to read others by."
    )
    published: float | None = None
    differing: tuple[str, ...] = Field(
        default=(), description="In what the evaluations differ from what the published number needs."
    )
    test: NumberTest | None = None


class NumberColumn(Record):
    """How the numbers of a column are shown."""

    label: str = Field(description="What numbers name the column by.")
    name: str = Field(default="", description="What stands at its head, where that is not the label.")
    places: int = Field(default=4, ge=0, le=12)
    percent: bool = False

    @property
    def heading(self) -> str:
        """What stands at its head."""
        return self.name or self.label


class NumberTable(Record):
    """A table of numbers: `published` is the id of the table that it reproduces, "" for one of the study's own."""

    id: str
    title: str
    published: str = ""
    corner: str = ""
    columns: tuple[NumberColumn, ...]
    numbers: tuple[StudyNumber, ...]
    notes: tuple[str, ...] = ()
    rehearsal: bool = Field(default=False, description="Whether any of its evaluations is a rehearsal.")
    demonstration: bool = Field(default=False, description="Whether any asked texts made for demonstration.")
    caveats: tuple[str, ...] = Field(default=(), description="What has to be read beside its numbers.")

    @property
    def has_values(self) -> bool:
        """Whether any number has a value."""
        return any(number.mean is not None for number in self.numbers)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Group and label of each row."""
        return tuple(dict.fromkeys((number.group, number.row) for number in self.numbers))


class StudyNumbers(Record):
    """The content of `numbers.json`."""

    study: str
    title: str
    rehearsal: bool = Field(description="Whether any evaluation is a rehearsal, whose scores mean nothing.")
    demonstration: bool = Field(description="Whether any asked texts that were made for demonstration.")
    resamples: int
    level: float
    tables: tuple[NumberTable, ...]
    caveats: tuple[str, ...] = Field(default=(), description="What has to be read beside all numbers.")
    unread: dict[str, str] = Field(default={}, description="Why the result of a cell could not be read.")
    made_of: str = Field(default="", description="Identifies study, evaluations and published tables they are made of.")

    def json_object(self) -> dict[str, Any]:
        """What `numbers.json` holds."""
        return self.model_dump(mode="json")

    @property
    def wanted(self) -> int:
        """How many numbers the tables have."""
        return sum(len(table.numbers) for table in self.tables)

    @property
    def count(self) -> int:
        """How many numbers have a value."""
        return sum(number.mean is not None for table in self.tables for number in table.numbers)


def read_numbers(folder: Path) -> StudyNumbers:
    """The numbers in a study's folder. Raises `NotFoundError` where there are none, `StoreError` for a damaged file."""
    file = folder / NUMBERS
    try:
        return decode_record(StudyNumbers, read_json(file, within=folder))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"{folder} has no {NUMBERS}: `clca study run` writes it") from None
    except ValidationError as error:
        fault = validation_message(error, StudyNumbers)
        raise StoreError(f"{file}: {fault}: `clca study run` writes it anew") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror or error}") from None

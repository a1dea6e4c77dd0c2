"""What becomes of a row: it is taken as a record, rejected with the reason, or serves to make others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from clca.records import Norm, Participant, Record, Seed
from clca.records import Place as SeedPlace
from clca.words import beginning

SHOWN = 80  # characters of a value that a finding quotes
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FIELDS = frozenset().union(*(model.model_fields for model in (Norm, Seed, Participant, SeedPlace)))
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row begins: the number of its file, from 0, and the line, from 1."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it stands in its file: values by column or key."""

    place: Place
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that became a record; `derived` names what its source lacks, and by which rule that was found.

    `name` is what the source calls the row, such as its id.
    """

    place: Place
    record: Seed | Norm
    derived: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used: the `field` of the source at fault, the kind of fault, and what was there."""

    place: Place
    field: str
    reason: str
    detail: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Supporting:
    """A row that is no record itself but serves to make others; `kind` is a plural noun such as `agent profiles`."""

    place: Place
    kind: str


Outcome = Taken | Rejected | Supporting


class RowFault(Exception):
    """A row cannot be used; as `Rejected`."""

    def __init__(self, field: str, reason: str, detail: str = "") -> None:
        super().__init__(field, reason, detail)
        self.field, self.reason, self.detail = field, reason, beginning(" ".join(detail.split()), SHOWN)


def outcomes(
    rows: Iterable[Row | Rejected], make: Callable[[Row], Taken], name: Callable[[Row], str] = lambda row: ""
) -> Iterator[Taken | Rejected]:
    """What `make` makes of each row, or why it cannot; `name` says what the source calls a row."""
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            yield make(row)
        except RowFault as fault:
            yield rejected(row, fault, name(row))


def rejected(row: Row, fault: RowFault, name: str = "") -> Rejected:
    """The row with its fault."""
    return Rejected(row.place, fault.field, fault.reason, fault.detail, beginning(name, SHOWN))


def text_of(values: Mapping[str, Any], field: str, *, required: bool = True) -> str:
    """The text of a field, its white space made single spaces; raises `RowFault` where there is none, or no text."""
    value = values.get(field)
    if value is None or value == "":
        if required:
            raise RowFault(field, "missing")
        return ""
    if not isinstance(value, str):
        raise RowFault(field, "no text", repr(value)[:SHOWN])
    if not value.isprintable() and _CONTROL.search(value):
        raise RowFault(field, "control characters", ascii(value))
    text = " ".join(value.split())
    if required and not text:
        raise RowFault(field, "empty")
    return text


def build(model: type[R], fields: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> R:
    """The record of these fields. Raises `RowFault`; `columns` has the source's names for fields of ours."""
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        raise record_fault(error, columns or {}) from None


def record_fault(error: ValidationError, columns: Mapping[str, str]) -> RowFault:
    """The first fault of a record. Its reason is one of pydantic's kinds, so that equal faults are counted together."""
    fault = error.errors()[0]
    kind = fault["type"]
    if kind == "json_invalid":
        return RowFault("", "not JSON", str(fault.get("ctx", {}).get("error", "")))
    if kind == "extra_forbidden":
        return RowFault("", "unknown key", ".".join(map(str, fault["loc"])))
    path = [str(part) for part in fault["loc"] if isinstance(part, int) or part in _FIELDS]  # not names of types
    field = columns.get(path[0], ".".join(path)) if path else ""
    if kind == "missing":
        return RowFault(field, "missing")
    value = fault.get("input")
    limit = fault.get("ctx", {}).get("max_length")
    if kind == "string_too_long" and isinstance(value, str):
        return RowFault(field, f"longer than {limit} characters", f"{len(value):,} characters")
    if kind == "value_error":
        return RowFault(field, fault["msg"].removeprefix("Value error, "))
    if kind == "string_pattern_mismatch":
        return RowFault(field, "needs small letters, digits, - and _ only", repr(value))
    return RowFault(field, fault["msg"][0].lower() + fault["msg"][1:], repr(value))

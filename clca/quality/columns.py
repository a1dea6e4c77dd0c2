"""The columns of records and exported rows, for Arrow, for the card that `datasets` reads, and for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from clca.records import Dialogue, LabelledTurn, Record

if TYPE_CHECKING:
    import pyarrow as pa

Kind = str | list["Kind"] | dict[str, "Kind"]
"""`string` or `int64`; [kind of its items]; {name: kind} of its fields."""

MESSAGES: dict[str, Kind] = {
    "id": "string",
    "task": "string",
    "culture": "string",
    "run": "string",
    "dialogue": "string",
    "teacher": "string",
    "messages": [{"role": "string", "content": "string"}],
}
SHAREGPT: dict[str, Kind] = {
    **{name: kind for name, kind in MESSAGES.items() if name != "messages"},
    "system": "string",
    "conversations": [{"from": "string", "value": "string"}],
}
ALPACA: dict[str, Kind] = {
    **{name: kind for name, kind in MESSAGES.items() if name != "messages"},
    "instruction": "string",
    "input": "string",
    "output": "string",
}


def dialogue_columns() -> dict[str, Kind]:
    """The columns of a record of `dialogues.jsonl`, in their order."""
    return _fields(Dialogue)


def _fields(record: type[Record]) -> dict[str, Kind]:
    return {name: _kind(field.annotation) for name, field in record.model_fields.items()}


def _kind(annotation: Any) -> Kind:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in (Union, UnionType):
        members = [member for member in arguments if member is not NoneType]
        labelled = tuple[LabelledTurn, ...]  # the wider of the two kinds of turns
        return _kind(labelled if labelled in members else members[0])
    if origin is tuple:
        return [_kind(arguments[0])]
    if origin is Literal or annotation is str:
        return "string"
    if annotation is int:
        return "int64"
    return _fields(annotation)


def arrow_schema(columns: Mapping[str, Kind]) -> pa.Schema:
    """The columns as an Arrow schema."""
    import pyarrow as pa

    return pa.schema([(name, _arrow(kind)) for name, kind in columns.items()])


def _arrow(kind: Kind) -> Any:
    import pyarrow as pa

    if isinstance(kind, str):
        return {"string": pa.string(), "int64": pa.int64()}[kind]
    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    return pa.struct([(name, _arrow(own)) for name, own in kind.items()])


def card_features(columns: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """The columns as `dataset_info.features` of a dataset card has them."""
    return [{"name": name, **_feature(kind)} for name, kind in columns.items()]


def _feature(kind: Kind) -> dict[str, Any]:
    if isinstance(kind, str):
        return {"dtype": kind}
    if isinstance(kind, dict):
        return {"struct": card_features(kind)}
    item = kind[0]
    if isinstance(item, dict):
        return {"list": card_features(item)}
    return {"list": item if isinstance(item, str) else _feature(item)}


def sql_type(kind: Kind) -> str:
    """The type of a column in DuckDB.

    >>> sql_type([{"speaker": "string", "age": "int64"}])
    'STRUCT("speaker" VARCHAR, "age" BIGINT)[]'
    """
    if isinstance(kind, str):
        return {"string": "VARCHAR", "int64": "BIGINT"}[kind]
    if isinstance(kind, list):
        return f"{sql_type(kind[0])}[]"
    fields = ", ".join(f'"{name}" {sql_type(own)}' for name, own in kind.items())
    return f"STRUCT({fields})"

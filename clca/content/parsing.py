"""Content files read into Pydantic models, with errors that name file, line and key."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from clca.bounded_json import MOST_VALUES, has_too_many_values
from clca.content.decoding import decode_text
from clca.content.steady import kept
from clca.content.yaml_bounds import require_bounded
from clca.errors import ContentError
from clca.words import beginning

LONGEST_QUOTED = 200  # characters of a key, or of what a parser says, in a message

M = TypeVar("M", bound=BaseModel)

MOST_DIGITS = 1000  # of a number: those of thousands take long to read, and Python does not print them
LARGEST_NUMBER = 10**18  # of them all as keys, Python would compare each with each where they have one hash
_EMPTY = frozenset[str | bytes](("", b"\n", b"\r\n"))
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader; errors that its constructors raise bare (`2020-13-45`, `!!int x`) get a line, too."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node.tag in _NUMBERS and len(node.value) > MOST_DIGITS:
            fault = f"a number of more than {MOST_DIGITS:,} digits"
            raise yaml.constructor.ConstructorError(None, None, fault, node.start_mark)
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
                raise ValueError("a whole number of more than 18 digits")
            return value
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


def read_yaml(path: str, text: str, model: type[M]) -> M:
    """Parse one YAML mapping into `model`; a duplicate key is an error.

    `path` names the file in messages. Raises `ContentError` with line and key.
    """
    return kept(("yaml", path, text, model), lambda: _validated(path, text, model))


def _validated(path: str, text: str, model: type[M]) -> M:
    try:
        return model.model_validate(parse_yaml(path, text))
    except ValidationError as error:
        raise yaml_error(path, text, error, model) from None


def parse_yaml(path: str, text: str) -> Any:
    """Parse YAML into plain data. Raises `ContentError` with the line for what is not YAML, or a duplicate key."""
    try:
        require_bounded(path, text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            _refuse_duplicate_keys(path, node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ContentError(
            path, mark.line + 1 if mark else None, f"not YAML: {_one_line(str(error.problem))}"
        ) from None
    except yaml.reader.ReaderError as error:
        raise ContentError(path, _reader_line(text, error), f"not YAML: {error.reason}") from None


def yaml_error(path: str, text: str, error: ValidationError, model: type[BaseModel] | None = None) -> ContentError:
    """The first error of a validation, with the line of its key in `text`."""
    loc = tuple(part for part in _first_error(error)["loc"] if part != "[key]")
    return ContentError(path, yaml_line(text, loc), validation_message(error, model))


def parse_records(lines: Iterable[str | bytes], path: str, model: type[M]) -> Iterator[tuple[int, M]]:
    """Yield (line number, record) for each non-empty line of JSONL, lazily; bytes must be UTF-8.

    Raises `ContentError` with the line at the first line that is no record.
    """
    adapter = TypeAdapter(model)
    for number, line in enumerate(lines, start=1):
        if line in _EMPTY:  # millions of them cost next to nothing
            continue
        if isinstance(line, bytes):
            line = decode_text(path, line, number)
        if not line.strip():
            continue
        if has_too_many_values(line.encode("utf-8", "replace")):
            raise ContentError(path, number, f"more than {MOST_VALUES:,} values")
        try:
            yield number, adapter.validate_json(line)
        except ValidationError as error:
            raise ContentError(path, number, validation_message(error, model)) from None


def read_jsonl(path: str, text: str, model: type[M]) -> list[M]:
    """All records of a JSONL file, which is split at newlines only: texts may hold other line separators."""
    return [record for _, record in parse_records(text.split("\n"), path, model)]


def read_csv(path: str, text: str, model: type[M]) -> list[M]:
    """All rows of a CSV file with a header; an empty cell is None. Raises `ContentError` with the line."""
    rows = []
    reader = csv.DictReader(io.StringIO(text))
    known = {field.alias or name for name, field in model.model_fields.items()}
    for row in _csv_rows(path, reader, known):
        if None in row or None in row.values():
            raise ContentError(
                path, reader.line_num, f"row must have {len(reader.fieldnames or ())} cells, as the header has"
            )
        try:
            rows.append(model.model_validate({key: value or None for key, value in row.items()}))
        except ValidationError as error:
            raise ContentError(path, reader.line_num, validation_message(error, model)) from None
    return rows


def validation_message(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """One line for the first error of a validation: path of the key, what is wrong, the value given."""
    fault = _first_error(error)
    key = _one_line(".".join(str(part) for part in fault["loc"] if part != "[key]"))
    message = fault["msg"].removeprefix("Value error, ")
    kind = fault["type"]
    if kind == "tuple_type":  # pydantic names what Python calls it
        message = "Input should be a list"
    elif kind == "path_type":
        message = "Input should be the path of a file or folder"
    elif kind == "model_type" and "instance of" in message:
        message = "Input should be keys with values"
    if kind == "json_invalid":
        return f"not JSON: {fault.get('ctx', {}).get('error', message)}"
    if kind == "extra_forbidden":
        known = keys_at(model, fault["loc"][:-1]) if model is not None else ()
        message = "unknown key" + suggestion(str(fault["loc"][-1]), known)
    elif kind == "missing":
        message = "missing key"
    elif kind != "value_error":  # our own validators say what they were given, if it may be shown
        value = json.dumps(fault.get("input"), ensure_ascii=False, default=str)
        if len(value) <= 60:
            message += f" (given: {value})"
    more = error.error_count() - 1
    tail = f" (and {more} more faults)" if more > 1 else " (and 1 more fault)" if more else ""
    return f"{key}: {message}{tail}" if key else f"{message}{tail}"


def keys_at(model: type[BaseModel], path: Iterable[object]) -> tuple[str, ...]:
    """The keys that `model` has below a path of keys; none if the path does not lead to a single model."""
    for key in path:
        field = model.model_fields.get(str(key))
        types = (field.annotation, *get_args(field.annotation)) if field is not None else ()
        models = [kind for kind in types if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if len(models) != 1:
            return ()
        model = models[0]
    return tuple(model.model_fields)


def _first_error(error: ValidationError) -> ErrorDetails:
    """The first error, or that of an unknown key, which explains the missing one that it was meant for."""
    errors = error.errors()
    return next((fault for fault in errors if fault["type"] == "extra_forbidden"), errors[0])


def suggestion(name: str, known: Iterable[str], most: int = 3, shown: Callable[[str], str] = str) -> str:
    """`; did you mean …?` with up to `most` of the `known` names nearest to `name`, as `shown`, or an empty text."""
    near = difflib.get_close_matches(name.lower(), list(known), n=most, cutoff=0.6)
    return f"; did you mean {' or '.join(map(shown, near))}?" if near else ""


def _one_line(words: str) -> str:
    return beginning(" ".join(words.split()), LONGEST_QUOTED)


def _csv_rows(path: str, reader: csv.DictReader[str], known: Set[str]) -> Iterator[dict[Any, Any]]:
    try:
        if not reader.fieldnames:
            raise ContentError(path, 1, "the header is missing")
        if twice := next((name for name in known if reader.fieldnames.count(name) > 1), None):
            raise ContentError(path, 1, f"duplicate column {twice!r}: leave one of them")
        yield from reader
    except csv.Error as error:
        raise ContentError(path, reader.line_num, f"not CSV: {error}") from None


def _reader_line(text: str, error: yaml.reader.ReaderError) -> int:
    return text.encode("utf-8", "surrogatepass").count(b"\n", 0, error.position) + 1


def yaml_line(text: str, loc: tuple[Any, ...]) -> int | None:
    """The line of the key at the path `loc`, or of the last key on that path that exists."""
    node: Any = yaml.compose(text, Loader=_Loader)
    line = node.start_mark.line + 1 if node else None
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            key, value = next(((key, value) for key, value in node.value if key.value == str(part)), (None, None))
            if key is None:
                return line
            line, node = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _refuse_duplicate_keys(path: str, node: Any) -> None:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise ContentError(path, key.start_mark.line + 1, f"{_one_line(key.value)}: duplicate key")
                seen.add(key.value)
            _refuse_duplicate_keys(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_duplicate_keys(path, value)

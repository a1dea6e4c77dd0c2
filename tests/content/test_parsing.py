from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from clca.content.parsing import (
    parse_records,
    parse_yaml,
    read_csv,
    read_jsonl,
    read_yaml,
    suggestion,
    validation_message,
)
from clca.errors import ContentError


class Point(BaseModel):
    model_config = ConfigDict(extra="forbid")

    x: int
    y: int | None = None


class Figure(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    points: list[Point]


GOOD = """\
name: line
points:
  - {x: 1, y: 2}
  - x: 3
"""


def fault(text: str) -> str:
    with pytest.raises(ContentError) as caught:
        read_yaml("figure.yaml", text, Figure)
    return caught.value.message


def test_a_yaml_file_becomes_its_model() -> None:
    assert read_yaml("figure.yaml", GOOD, Figure) == Figure(name="line", points=[Point(x=1, y=2), Point(x=3)])


def test_a_wrong_value_is_named_by_line_and_key_and_shown() -> None:
    assert fault(GOOD.replace("x: 3", "x: three")) == (
        "figure.yaml:4: points.1.x: Input should be a valid integer, unable to parse string as an integer"
        ' (given: "three")'
    )


def test_a_missing_key_is_named_at_what_lacks_it() -> None:
    assert fault("name: line\npoints:\n  - x: 1\n  - y: 2\n") == "figure.yaml:4: points.1.x: missing key"
    assert fault("points: []\n") == "figure.yaml:1: name: missing key"


def test_an_unknown_key_brings_the_nearest_known_one() -> None:
    assert fault("nam: line\nname: line\npoints: []\n") == "figure.yaml:1: nam: unknown key; did you mean name?"


def test_a_repeated_key_is_a_fault_and_no_overwrite() -> None:
    assert fault("name: a\npoints: []\nname: b\n") == "figure.yaml:3: name: duplicate key"
    assert fault("name: a\npoints:\n  - {x: 1,\n     x: 2}\n") == "figure.yaml:4: x: duplicate key"


def test_further_faults_are_counted() -> None:
    assert fault("{}").endswith("name: missing key (and 1 more fault)")
    assert fault("points: [{}, {}]").endswith("name: missing key (and 2 more faults)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [1, 2\n", "f.yaml:3: not YAML: did not find expected ',' or ']'"),
        ("a: 1\nb: c: d\n", "f.yaml:2: not YAML: mapping values are not allowed in this context"),
        ("a: 1\nb: \x00\n", "f.yaml:2: not YAML: control characters are not allowed"),
        ("a: 1\nday: 2020-13-45\n", "f.yaml:2: not YAML: month must be in 1..12"),
        ("a: 1\nb: !!int x\n", "f.yaml:2: not YAML: invalid literal for int() with base 10: 'x'"),
        ("? [a, b]\n: 1\n", "f.yaml:1: not YAML: found unhashable key"),
        ("a: &a [*a]\n", "f.yaml:1: the alias *a is within its own anchor"),
    ],
)
def test_what_is_not_yaml_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse_yaml("f.yaml", text)
    assert caught.value.message == message


@given(
    st.lists(
        st.sampled_from([*"ab1:-?[]{},&*!|>#'\"%@ \n\t", "- ", ": ", "<<", "2020-01-99", "!!int ", "!!bool ", "0x"])
    )
)
def test_any_text_is_data_or_a_fault_in_one_line(pieces: list[str]) -> None:
    message = ""
    try:
        parse_yaml("f.yaml", "".join(pieces))
    except ContentError as error:
        message = error.message
    assert "\n" not in message


# ---------------------------------------------------------------- JSONL


def test_records_come_with_their_line_numbers_and_empty_lines_count() -> None:
    lines = ['{"x": 1}\n', "\n", '{"x": 2, "y": 3}\n']
    assert list(parse_records(lines, "p.jsonl", Point)) == [(1, Point(x=1)), (3, Point(x=2, y=3))]


def test_records_are_read_only_when_they_are_wanted() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield '{"x": 1}\n'

    records = parse_records(endless(), "p.jsonl", Point)
    assert [next(records)[0] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"x": 1', "p.jsonl:2: not JSON: EOF while parsing an object at line 1 column 7"),
        ("[1]", "p.jsonl:2: Input should be an object (given: [1])"),
        ('{"x": 1, "z": 2}', "p.jsonl:2: z: unknown key"),
        (r'{"x": 1, "z\n\nz": 2}', "p.jsonl:2: z z: unknown key"),
        (
            '{"x": 1.5}',
            "p.jsonl:2: x: Input should be a valid integer, got a number with a fractional part (given: 1.5)",
        ),
    ],
)
def test_a_broken_line_is_named(line: str, message: str) -> None:
    with pytest.raises(ContentError) as caught:
        read_jsonl("p.jsonl", f'{{"x": 1}}\n{line}\n', Point)
    assert caught.value.message == message


def test_only_a_newline_ends_a_line() -> None:
    class Said(BaseModel):
        text: str

    text = "one\u2028two\x85three\x0cfour"
    assert read_jsonl("p.jsonl", Said(text=text).model_dump_json() + "\n", Said) == [Said(text=text)]


# ---------------------------------------------------------------- CSV


def test_an_empty_cell_is_none() -> None:
    assert read_csv("p.csv", "x,y\n1,\n2,3\n", Point) == [Point(x=1), Point(x=2, y=3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3\n", "p.csv:3: row must have 2 cells, as the header has"),
        ("x,y\n1,2,3\n", "p.csv:2: row must have 2 cells, as the header has"),
        ("x,y\n,2\n", "p.csv:2: x: Input should be a valid integer (given: null)"),
        ('x,y\n1,"2\n3"\n4,z\n', "p.csv:3: y: Input should be a valid integer, unable to parse string as an integer"),
        ("x,z\n1,2\n", "p.csv:2: z: unknown key"),
        ("x,y\n1\r2,3\n", "p.csv:1: not CSV: new-line character seen in unquoted field"),
        ("", "p.csv:1: the header is missing"),
    ],
)
def test_a_broken_row_is_named(text: str, message: str) -> None:
    with pytest.raises(ContentError) as caught:
        read_csv("p.csv", text, Point)
    assert caught.value.message.startswith(message)


# ---------------------------------------------------------------- words


def test_a_long_value_is_not_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        Point.model_validate({"x": "9" * 59 + "a"})
    assert "given" not in validation_message(caught.value)


def test_suggestions_are_the_nearest_and_at_most_three() -> None:
    assert suggestion("japn", ["japan", "china"]) == "; did you mean japan?"
    assert suggestion("JAPN", ["japan"]) == "; did you mean japan?"
    assert suggestion("abcd", ["abce", "abcf", "abcg", "abch"]).count(" or ") == 2
    assert suggestion("xyz", ["japan"]) == ""

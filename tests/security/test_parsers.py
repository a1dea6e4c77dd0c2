"""The two parsers that meet the most hostile text, replies and content files: an answer, or a fault in one line."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from clca.content.decoding import decode_text
from clca.content.parsing import parse_yaml, read_csv, read_jsonl, read_yaml
from clca.errors import ContentError, InvalidReply
from clca.inference.parse_reply import INVALID, parse
from clca.printable import printable
from clca.schemas import AdaptAnswer, Answer, IntentAnswer, JudgeAnswer, Reply, TurnAnswer
from tests.security.fuzz import PIECES, corpus, fuzz

ANSWERS: tuple[type[Answer], ...] = (TurnAnswer, JudgeAnswer, IntentAnswer, AdaptAnswer)
SECONDS = float(os.environ.get("CLCA_FUZZ_SECONDS", 600))  # of each fuzz run
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=60).map("".join)


class Person(BaseModel, extra="forbid"):
    name: str = ""
    age: int | None = None
    share: float = 0.0
    parts: list[Person] = []
    more: dict[str, str] = {}


def check_reply(data: bytes) -> None:
    """Every answer can be written to disk, and every fault is a line."""
    try:
        text = data.decode("utf-8", "surrogatepass")  # a server can send halves of characters, as JSON escapes
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    for answer in ANSWERS:
        try:
            parse(Reply(text, "stop", 1, 1), answer).model_dump_json().encode()
        except InvalidReply as error:
            require_line(error.detail if error.kind in INVALID else "\n")


def check_content(data: bytes) -> None:
    """Whatever a content file holds is data, or a fault in one line."""
    try:
        text = decode_text("f", data)
    except ContentError:
        return
    for read in (
        lambda: parse_yaml("f", text),
        lambda: read_yaml("f", text, Person),
        lambda: read_jsonl("f", text, Person),
        lambda: read_csv("f", text, Person),
    ):
        try:
            read()  # type: ignore[no-untyped-call]
        except ContentError as error:
            require_line(error.message)


def require_line(message: str) -> None:
    """Raises `ValueError` for what is no line of text that can be shown and written."""
    if "\n" in message or len(message) > 2000:
        raise ValueError(f"no line: {message!r:.2000}")
    printable(message).encode()


CHECKS: dict[str, Callable[[bytes], None]] = {"replies": check_reply, "content": check_content}


@given(HOSTILE)
def test_any_reply_is_an_answer_or_a_fault(text: str) -> None:
    check_reply(text.encode("utf-8", "surrogatepass"))


@given(HOSTILE)
def test_any_content_file_is_data_or_a_fault(text: str) -> None:
    check_content(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name in CHECKS for file in corpus(name)], ids=lambda word: word
)
def test_a_text_of_the_corpus_is_told_apart(name: str, file: str) -> None:
    CHECKS[name](corpus(name)[file])


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_texts_without_end_are_told_apart(name: str) -> None:
    assert fuzz(name, CHECKS[name], SECONDS, seed=time.time_ns()) > 100

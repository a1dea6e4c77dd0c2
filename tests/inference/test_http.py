from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from clca.inference.http import error_message, is_passing, one_line, retry_seconds


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None), ("", None), (None, None)]
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_seconds(header) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=30), usegmt=True)
    wait = retry_seconds(later)
    assert wait is not None
    assert 25 < wait <= 30
    assert retry_seconds(earlier) == 0.0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no such model", "code": 404}}', "no such model"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"detail": "no such model"}', "no such model"),
        (b"<html>", "<html>"),
        (b"", "no message"),
    ],
)
def test_the_words_of_an_error_are_found_where_servers_put_them(body: bytes, words: str) -> None:
    assert error_message(body) == words


def test_a_server_that_is_busy_or_broken_is_tried_again() -> None:
    assert all(is_passing(status) for status in (408, 429, 500, 503))
    assert not any(is_passing(status) for status in (400, 401, 404, 422))


def test_no_key_stands_in_the_words_of_a_server() -> None:
    assert one_line("bad key\n  secret-1 or sk-abcdefgh", "secret-1") == "bad key [key] or [key]"
    assert one_line("EMPTY is no key", "EMPTY") == "EMPTY is no key"
    assert len(one_line("x" * 1000, "")) == 300

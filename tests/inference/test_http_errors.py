from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from clca.errors import FailureKind
from clca.inference.http_errors import HttpError, error_message, one_line, retry_seconds, status_error


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


def status(number: int, header: dict[str, str] | None = None) -> HttpError:
    return status_error(number, header or {}, b'{"error": "key-1 is bad"}', url="http://h/v1", key="key-1")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (400, FailureKind.BAD_REQUEST),
        (401, FailureKind.BAD_REQUEST),
        (408, FailureKind.SERVER_ERROR),
        (429, FailureKind.RATE_LIMIT),
        (500, FailureKind.SERVER_ERROR),
        (503, FailureKind.RATE_LIMIT),
    ],
)
def test_a_status_has_a_kind(number: int, kind: FailureKind) -> None:
    error = status(number)
    assert (error.kind, error.status) == (kind, number)
    assert error.detail == f"HTTP {number}: [key] is bad"


def test_a_server_that_is_busy_or_broken_is_tried_again() -> None:
    assert all(status(number).is_transient for number in (408, 409, 425, 429, 500, 502, 503))
    assert not any(status(number).is_transient for number in (302, 400, 401, 404, 422))


def test_a_server_that_denies_everything_is_told_from_one_that_rejects_a_request() -> None:
    assert all(status(number).is_denied for number in (401, 402, 403, 404))
    assert not any(status(number).is_denied for number in (400, 422, 429, 500))


def test_the_server_says_how_long_to_wait() -> None:
    assert status(429, {"Retry-After": "7"}).retry_after == 7.0
    assert status(429).retry_after is None


def test_no_key_stands_in_the_words_of_a_server() -> None:
    assert one_line("bad key\n  secret-1 or sk-abcdefgh", "secret-1") == "bad key [key] or [key]"
    assert one_line("EMPTY is no key", "EMPTY") == "EMPTY is no key"
    assert len(one_line("x" * 1000, "")) == 300

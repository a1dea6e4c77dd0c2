from __future__ import annotations

import json

import pytest

from clca.errors import InvalidReply
from clca.inference.api_response import read_completion
from clca.schemas import Reply


def completion(**changes: object) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps({**body, **changes}).encode()


def test_completion_becomes_a_reply() -> None:
    assert read_completion(completion()).reply == Reply("hello", "stop", 7, 2)


def test_server_that_counts_no_tokens() -> None:
    assert read_completion(completion(usage=None)).reply == Reply("hello", "stop", 0, 0)


def test_only_what_is_needed_has_to_be_there() -> None:
    """Servers leave things out and add their own."""
    assert read_completion(b'{"choices": [{"message": {"content": "hello"}}]}').reply == Reply("hello", "stop", 0, 0)
    assert read_completion(completion(service_tier="on_demand", created=None)).text == "hello"


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": parts}}
    assert read_completion(completion(choices=[choice])).text == "hello"


def test_message_without_content_is_an_empty_reply() -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": None}}
    assert read_completion(completion(choices=[choice])).text == ""


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"<html>", "not a completion: not JSON"),
        (b'{"none": 1}', "not a completion: choices: missing key"),
        (b'data: {"choices": []}', "a stream of events instead of one response"),
        (b'{"choices": [{"delta": {"content": "he"}}]}', "a stream of events instead of one response"),
        (completion(choices=[{"message": {"content": 7}}]), "a message whose content is int"),
        (completion(choices=[]), "a completion without choices"),
        (completion()[:40], "not a completion: not JSON"),
        (b"", "not a completion: not JSON"),
    ],
)
def test_anything_else_is_a_malformed_response(body: bytes, detail: str) -> None:
    with pytest.raises(InvalidReply) as caught:
        read_completion(body)
    assert caught.value.kind == "malformed response"
    assert detail in caught.value.detail

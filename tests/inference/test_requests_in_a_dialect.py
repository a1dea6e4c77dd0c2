"""What a request looks like in a server's dialect, and what a refusal teaches of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from clca.inference.chat_client import request_body
from clca.inference.dialect import STANDARD, Dialect, folded
from clca.inference.http_errors import status_error
from clca.inference.protocol import Request, Sampling
from clca.inference.reply_schema import schema, separated
from clca.inference.thinking import without_thoughts
from tests.inference.dialects import GreetingAnswer

SYSTEM, USER = {"role": "system", "content": "You are polite."}, {"role": "user", "content": "Greet me."}
REQUEST = Request("turn", (SYSTEM, USER), GreetingAnswer, Sampling(0.7, 0.9, 100, 5), "one")
BODY = {"messages": [SYSTEM, USER], "seed": 1, "top_p": 0.7, "temperature": 0.0, "max_tokens": 9, "stop": ["\n"]}


def after(message: str, status: int = 400, parameter: str | None = None) -> Dialect | None:
    error = {"error": {"message": message, "param": parameter}}
    return STANDARD.after(status_error(status, {}, json.dumps(error).encode(), url="http://h/v1", key=""), BODY)


@pytest.mark.parametrize(
    ("message", "dropped"),
    [
        ("Unrecognized request argument supplied: seed", "seed"),
        ("property 'seed' is unsupported", "seed"),
        ('Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed"),
        ("seed: Extra inputs are not permitted", "seed"),
        ("`temperature` and `top_p` cannot both be specified for this model.", "temperature"),
        ("Additional properties are not allowed ('top_p' was unexpected)", "top_p"),
        ("Unsupported parameter: 'stop' is not supported with this model.", "stop"),
    ],
)
def test_a_refused_parameter_is_found_in_the_words_of_servers(message: str, dropped: str) -> None:
    assert after(message) == Dialect(dropped=(dropped,))


def test_the_parameter_that_an_error_names_goes_first() -> None:
    message = "Unsupported parameter. Supported are seed and temperature."
    assert after(message, parameter="top_p") == Dialect(dropped=("top_p",))


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("This model's maximum context length is 4096 tokens, you requested 5000 via max_tokens", 400),
        ("seed must be an integer", 400),
        ("the conversation is not supported", 400),
        ("Unrecognized request argument supplied: seed", 500),
        ("Unrecognized request argument supplied: messages", 400),
    ],
)
def test_other_errors_leave_requests_as_they_are(message: str, status: int) -> None:
    assert after(message, status) is None


def test_refusals_of_several_requests_at_once_change_the_dialect_once() -> None:
    first = after("Unrecognized request argument supplied: seed")
    assert first is not None
    error = status_error(400, {}, b'{"error": "Unrecognized argument: seed"}', url="http://h/v1", key="")
    assert first.after(error, BODY) == first, "that request was sent before the first refusal"


def test_the_tokens_of_thoughts_come_on_top() -> None:
    body = request_body(REQUEST, "m", dialect=Dialect(thinks=True, max_completion_tokens=True, dropped=("seed",)))
    assert body["max_completion_tokens"] == 100 + 2048
    assert {"max_tokens", "seed"}.isdisjoint(body)


def test_separators_go_to_servers_with_guidance_only() -> None:
    plain = request_body(REQUEST, "m")["response_format"]["json_schema"]["schema"]
    assert plain == schema(GreetingAnswer)
    guided = request_body(REQUEST, "m", dialect=Dialect(separators=True))["response_format"]["json_schema"]["schema"]
    assert guided == {
        **plain,
        "x-guidance": {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "},
    }
    separated(schema(GreetingAnswer))
    assert "x-guidance" not in schema(GreetingAnswer), "of which the digests of requests are made"


def test_a_request_for_plain_text_has_no_schema() -> None:
    text = replace(REQUEST, form="text", stop=("\n", "Ida:"))
    body = request_body(text, "m", dialect=Dialect(separators=True))
    assert "response_format" not in body
    assert body["stop"] == ("\n", "Ida:")


def test_without_a_place_for_it_the_system_text_stands_before_the_first_message() -> None:
    turns = [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Hi."}]
    joined = {"role": "user", "content": "You are polite.\n\nGreet me."}
    assert folded([SYSTEM, USER, *turns]) == [joined, *turns]
    assert folded([SYSTEM, *turns]) == [{"role": "user", "content": "You are polite."}, *turns]
    assert folded([USER, USER]) == [{"role": "user", "content": "Greet me.\n\nGreet me."}]


@pytest.mark.parametrize(
    ("text", "answer", "thought"),
    [
        ("2", "2", False),
        ("<think>1? No.</think>2", "2", True),
        ("\n<thinking>\n1? No.\n</thinking>\n\n2\n", "2\n", True),
        ("1? No.</think>2", "2", True),
        ("[THINK]1?[/THINK]2", "2", True),
        ("<|channel|>analysis<|message|>1?<|channel|>final<|message|>2", "2", True),
        ("<think>1? No", "", True),
        ('{"text": "</think>"}', '{"text": "</think>"}', False),
        ("I think 2", "I think 2", False),
    ],
)
def test_thoughts_are_cut_from_a_reply(text: str, answer: str, thought: bool) -> None:
    assert without_thoughts(text) == (answer, thought)

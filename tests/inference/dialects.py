"""The dialects of OpenAI-compatible servers, each with what has to come of it in a generation and an evaluation.

The server is asked a greeting by the probe, then one question: in a generation for `GREETING`, in an evaluation for 1
or 2. A dialect makes a response of the right content, of the request body, and of how many requests came before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from clca.errors import FailureKind
from clca.schemas import Answer

PROBED, GREETING, LABEL = '{"code": "k7"}', '{"greeting": "good morning"}', "2"
THINKING_TOKENS = 2048


class GreetingAnswer(Answer):
    greeting: Literal["good morning"]


@dataclass(frozen=True)
class Response:
    """What a server sends: JSON of `data`, or the text that it is."""

    data: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Respond = Callable[[str, dict[str, Any], int], Response]
"""Takes the right content, the request body, and the number of requests before it."""


@dataclass(frozen=True)
class Outcome:
    """What has to come of the question: an answer, a kind of failure, or an error with these words.

    `requests` are those of the probe and those for the question; `notes` are parts of what the user is told.
    """

    failure: FailureKind | None = None
    error: str | None = None
    requests: tuple[int, int] = (1, 1)
    notes: tuple[str, ...] = ()


ANSWER = Outcome()


@dataclass(frozen=True)
class ServerDialect:
    name: str
    respond: Respond
    generation: Outcome = ANSWER
    evaluation: Outcome = ANSWER


def is_probe(body: dict[str, Any]) -> bool:
    return "Good morning! How are you?" in json.dumps(body)


def content_for(body: dict[str, Any]) -> str:
    """The right content for a request."""
    if is_probe(body):
        return PROBED if "response_format" in body else "Good morning!"
    return LABEL if "text 0" in json.dumps(body) else GREETING


# ---------------------------------------------------------------- responses


def completion(content: Any, finish: Any = "stop", usage: Any = None, choice: Any = None, **message: Any) -> Response:
    usage = {"prompt_tokens": 40, "completion_tokens": 7} if usage is None else usage
    told = {"role": "assistant", "content": content, **message}
    return Response({"choices": [{"message": told, "finish_reason": finish, **(choice or {})}], "usage": usage})


def error(status: int, message: str, **more: Any) -> Response:
    return Response({"error": {"message": message, **more}}, status)


def finishes(word: Any) -> Respond:
    """A sound reply that ends with this word."""
    return lambda content, body, number: completion(content, word)


def counts(usage: Any) -> Respond:
    return lambda content, body, number: completion(content, usage=usage)


def once(first: Response) -> Respond:
    """The first response to the question is this one."""
    return lambda content, body, number: completion(content) if is_probe(body) or number > 1 else first


def once_to_the_probe(first: Response) -> Respond:
    return lambda content, body, number: completion(content) if number else first


def always(response: Callable[[str], Response]) -> Respond:
    """Every response to the question is this one of the right content."""
    return lambda content, body, number: completion(content) if is_probe(body) else response(content)


def from_the_start(response: Response) -> Respond:
    return lambda content, body, number: response


def refuses(parameter: str, message: str, status: int = 400, **more: Any) -> Respond:
    """Refuses every request with the parameter."""

    def respond(content: str, body: dict[str, Any], number: int) -> Response:
        return error(status, message, **more) if parameter in body else completion(content)

    return respond


def refuses_temperature_0(content: str, body: dict[str, Any], number: int) -> Response:
    message = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1)."
    return error(400, message, param="temperature") if body.get("temperature") == 0 else completion(content)


def refuses_unknown_keys_in_schemas(content: str, body: dict[str, Any], number: int) -> Response:
    if "x-guidance" in json.dumps(body):
        return error(400, "Invalid schema for response_format 'probe': 'x-guidance' is not permitted")
    return completion(content)


def without_system_role(message: str) -> Respond:
    def respond(content: str, body: dict[str, Any], number: int) -> Response:
        has_system = any(told["role"] == "system" for told in body["messages"])
        return error(400, message) if has_system else completion(content)

    return respond


def thinks_first(content: str, body: dict[str, Any], number: int) -> Response:
    """Its thoughts take 1,000 tokens, and are no part of the content."""
    if body["max_tokens"] <= 1000:
        return completion(None, "length", {"completion_tokens": body["max_tokens"]}, reasoning_content="Hm, which")
    return completion(content, reasoning_content="Hm, which? That one.")


def thinks_of_questions_only(content: str, body: dict[str, Any], number: int) -> Response:
    """A greeting takes no thought, so that the probe shows nothing of them."""
    return completion(content) if is_probe(body) else thinks_first(content, body, number)


def thinks_without_a_mark(content: str, body: dict[str, Any], number: int) -> Response:
    """Its template writes `<think>` into the prompt; the thoughts take 200 tokens."""
    if body["max_tokens"] <= 200:
        return completion("Hm, which", "length", {"completion_tokens": body["max_tokens"]})
    return completion(f"Hm, which? That one.\n</think>\n\n{content}")


def ignores_schemas(content: str, body: dict[str, Any], number: int) -> Response:
    return completion("Good morning! I am well." if is_probe(body) else content)


def garbles_its_first_probe(content: str, body: dict[str, Any], number: int) -> Response:
    return completion(content if number else "Good morn")


def guided(content: str, body: dict[str, Any], number: int) -> Response:
    """Keeps to the separators that a schema asks for, as vLLM with `guidance` does; refuses replies without them."""
    if "response_format" not in body:
        return completion(content)
    separators = body["response_format"]["json_schema"]["schema"].get("x-guidance")
    if separators is None or separators["whitespace_flexible"]:
        return completion("{\n  " * 50, "length")
    return completion(content.replace(": ", separators["key_separator"]))


CUT = {"prompt_tokens": 40, "completion_tokens": 3}
EVENTS = 'data: {"choices": [{"delta": {"content": "Good"}}]}\n\ndata: [DONE]\n\n'
THRICE = (1, 3)
TWICE = (1, 2)
THINKS = ("has a model that thinks: replies may take 2,048 tokens more for it",)
UNCONSTRAINED = ("does not constrain replies to a schema: prompts describe the schema",)
COUNTS_NOTHING = ("does not say how many tokens a reply took: they count as 0",)


def failing(kind: FailureKind) -> tuple[Outcome, Outcome]:
    """No answer after three requests, of either stage."""
    outcome = Outcome(kind, requests=THRICE)
    return outcome, outcome


def noted(generation: str, requests: tuple[int, int] = (2, 1)) -> tuple[Outcome, Outcome]:
    """An answer, with a note in a generation, of something that an evaluation does not send."""
    return Outcome(requests=requests, notes=(generation,)), ANSWER


def refused(words: str, generation: int = 1, evaluation: int = 1) -> tuple[Outcome, Outcome]:
    """An error at the start, in these words."""
    return Outcome(error=words, requests=(generation, 0)), Outcome(error=words, requests=(evaluation, 0))


F = FailureKind
DIALECTS = (
    # The end of a reply.
    ServerDialect("OpenAI", finishes("stop")),
    ServerDialect("TGI ends with eos_token", finishes("eos_token")),
    ServerDialect("Anthropic ends with end_turn", finishes("end_turn")),
    ServerDialect("Anthropic ends with stop_sequence", finishes("stop_sequence")),
    ServerDialect("Google ends with STOP", finishes("STOP")),
    ServerDialect("Cohere ends with COMPLETE", finishes("COMPLETE")),
    ServerDialect("llama.cpp ends with eos", finishes("eos")),
    ServerDialect("an end that is null", finishes(None)),
    ServerDialect("an end of its own", always(lambda told: completion(told, "paused")), *failing(F.MALFORMED_RESPONSE)),
    # Cut replies.
    ServerDialect("length", always(lambda told: completion(told[:9], "length", CUT)), *failing(F.TRUNCATED)),
    ServerDialect("max_tokens", always(lambda told: completion(told, "max_tokens", CUT)), *failing(F.TRUNCATED)),
    ServerDialect("MAX_TOKENS", always(lambda told: completion(told, "MAX_TOKENS", CUT)), *failing(F.TRUNCATED)),
    ServerDialect("model_length", always(lambda told: completion(told, "model_length", CUT)), *failing(F.TRUNCATED)),
    # No answers.
    ServerDialect(
        "content_filter", always(lambda told: completion(told, "content_filter")), *failing(F.CONTENT_FILTER)
    ),
    ServerDialect("SAFETY", always(lambda told: completion(None, "SAFETY")), *failing(F.CONTENT_FILTER)),
    ServerDialect(
        "Azure filters the prompt under 400",
        always(lambda told: error(400, "The response was filtered", code="content_filter")),
        *failing(F.CONTENT_FILTER),
    ),
    ServerDialect("a refusal", always(lambda told: completion(None, refusal="I cannot")), *failing(F.REFUSAL)),
    ServerDialect(
        "a refusal in a part",
        always(lambda told: completion([{"type": "refusal", "refusal": "I cannot"}])),
        *failing(F.REFUSAL),
    ),
    ServerDialect(
        "a call of a tool",
        always(lambda told: completion(None, "tool_calls", tool_calls=[{"function": {"name": "search"}}])),
        *failing(F.TOOL_CALL),
    ),
    ServerDialect(
        "a call of a tool that ends with stop",
        always(lambda told: completion("", tool_calls=[{"function": {"name": "search"}}])),
        *failing(F.TOOL_CALL),
    ),
    ServerDialect("no tools called", always(lambda told: completion(told, tool_calls=[], refusal=None))),
    ServerDialect("empty content", always(lambda told: completion(" \n")), *failing(F.EMPTY_REPLY)),
    ServerDialect("null content", always(lambda told: completion(None)), *failing(F.EMPTY_REPLY)),
    ServerDialect("empty content once", once(completion("")), Outcome(requests=TWICE), Outcome(requests=TWICE)),
    # Content in parts, and thoughts.
    ServerDialect("content in parts", always(lambda told: completion([{"type": "text", "text": told}]))),
    ServerDialect(
        "Mistral thinks in parts",
        always(lambda told: completion([{"type": "thinking", "thinking": []}, {"type": "text", "text": told}])),
    ),
    ServerDialect("<think>", always(lambda told: completion(f"<think>\nHm {{}}?\n</think>\n\n{told}"))),
    ServerDialect("</think> alone", always(lambda told: completion(f"Hm?\n</think>\n\n{told}"))),
    ServerDialect("reasoning beside the content", always(lambda told: completion(told, reasoning="Hm?"))),
    ServerDialect(
        "thoughts alone",
        always(lambda told: completion("<think>Hm?")),
        *2 * [Outcome(F.ONLY_THOUGHTS, requests=(1, 4), notes=THINKS)],
    ),
    ServerDialect("thoughts that take tokens", thinks_first, *2 * [Outcome(requests=(2, 1), notes=THINKS)]),
    ServerDialect(
        "thoughts that the probe does not show",
        thinks_of_questions_only,
        *2 * [Outcome(requests=TWICE, notes=THINKS)],
    ),
    ServerDialect(
        "thoughts without a mark",
        thinks_without_a_mark,
        Outcome(requests=(2, 1), notes=THINKS),
        Outcome(notes=THINKS),
    ),
    ServerDialect(
        "thoughts without an end", from_the_start(completion(None, "length", reasoning="Hm")), *refused("thinks", 2, 2)
    ),
    # Errors under HTTP 200.
    ServerDialect(
        "429 under 200",
        once(Response({"error": {"message": "Rate limit reached", "code": 429}})),
        *2 * [Outcome(requests=TWICE)],
    ),
    ServerDialect(
        "503 of a choice",
        once(completion("", "error", choice={"error": {"code": 503, "message": "Overloaded"}})),
        *2 * [Outcome(requests=TWICE)],
    ),
    ServerDialect(
        "a code in words under 200",
        once(Response({"error": {"message": "Slow down", "type": "rate_limit_exceeded"}})),
        *2 * [Outcome(requests=TWICE)],
    ),
    ServerDialect(
        "MiniMax answers 1002 under 200",
        once(Response({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}})),
        *2 * [Outcome(requests=TWICE)],
    ),
    ServerDialect("an end with error", once(completion("Go", "error")), *2 * [Outcome(requests=TWICE)]),
    ServerDialect(
        "401 under 200",
        from_the_start(Response({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})),
        *refused("refuses the key (401)"),
    ),
    ServerDialect(
        "404 of an older vLLM under 200",
        from_the_start(Response({"object": "error", "message": "The model `m` does not exist.", "code": 404})),
        *refused("The model `m` does not exist."),
    ),
    ServerDialect(
        "an error without a code under 200",
        always(lambda told: Response({"error": "out of order"})),
        Outcome(F.SERVER_ERROR, requests=(1, 3)),
        Outcome(error="an error under HTTP 200: out of order", requests=(1, 3)),
    ),
    # Numbers of tokens.
    ServerDialect("no usage", counts("none"), Outcome(notes=COUNTS_NOTHING)),
    ServerDialect("negative usage", counts({"completion_tokens": -1}), Outcome(notes=COUNTS_NOTHING)),
    ServerDialect("fractional usage", counts({"prompt_tokens": 40.0, "completion_tokens": 7.5})),
    ServerDialect("usage in strings", counts({"prompt_tokens": "40", "completion_tokens": "7"})),
    # Refused parameters.
    ServerDialect(
        "refuses seed",
        refuses("seed", "[{'type': 'extra_forbidden', 'loc': ['body', 'seed'], 'msg': 'Extra inputs'}]", 422),
        *noted("refuses seed: requests are sent without (the same seed may give other replies)"),
    ),
    ServerDialect(
        "refuses top_p",
        refuses("top_p", "`temperature` and `top_p` cannot both be specified for this model.", param="top_p"),
        *noted("refuses top_p: requests are sent without"),
    ),
    ServerDialect(
        "refuses temperature 0",
        refuses_temperature_0,
        *2 * [Outcome(requests=(2, 1), notes=("refuses temperature: requests are sent without",))],
    ),
    ServerDialect(
        "wants max_completion_tokens",
        refuses("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        *2 * [Outcome(requests=(2, 1), notes=("refuses max_tokens: requests have max_completion_tokens instead",))],
    ),
    ServerDialect(
        "refuses response_format",
        refuses("response_format", "This response_format type is unavailable now"),
        Outcome(requests=(3, 1), notes=UNCONSTRAINED),
    ),
    ServerDialect("refuses unknown keys in schemas", refuses_unknown_keys_in_schemas, Outcome(requests=(2, 1)), ANSWER),
    ServerDialect(
        "Gemma has no system role",
        without_system_role("System role not supported"),
        *2 * [Outcome(requests=(2, 1), notes=("has no place for a system message",))],
    ),
    ServerDialect(
        "Mistral's roles alternate",
        without_system_role("Conversation roles must alternate user/assistant/user/assistant/..."),
        *2 * [Outcome(requests=(2, 1), notes=("has no place for a system message",))],
    ),
    ServerDialect(
        "refuses what it must have",
        refuses("messages", "no chat template is defined"),
        *refused("no chat template is defined"),
    ),
    # The probe.
    ServerDialect("ignores schemas", ignores_schemas, Outcome(requests=(2, 1), notes=UNCONSTRAINED)),
    ServerDialect("garbles its first probe", garbles_its_first_probe, Outcome(requests=(2, 1))),
    ServerDialect(
        "fails its first probe",
        once_to_the_probe(error(500, "warming up")),
        *2 * [Outcome(requests=(2, 1))],
    ),
    ServerDialect("empty first probe", once_to_the_probe(completion("")), Outcome(requests=(2, 1)), ANSWER),
    ServerDialect("vLLM with guidance", guided),
    ServerDialect(
        "streams", from_the_start(Response(EVENTS)), *refused("sends a stream of events instead of one response", 1, 3)
    ),
    ServerDialect(
        "wants to stream", from_the_start(error(400, "stream must be true")), *refused("stream must be true")
    ),
)

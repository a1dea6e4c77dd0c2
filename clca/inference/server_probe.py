"""What a server is asked before a run: whether it serves the model, and keeps replies to a schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clca.content.parsing import suggestion
from clca.errors import FailureKind, InvalidReply, TeacherError
from clca.inference.api_response import parse_reply
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import UNREACHABLE, HttpError
from clca.inference.openai_client import request
from clca.inference.parse_reply import parse
from clca.inference.protocol import schema
from clca.inference.retry import backoff, retry
from clca.schemas import Answer
from clca.urls import without_credentials

PATH = "/chat/completions"
TIMEOUT = 30.0  # seconds
MAX_LISTED = 8  # models in an error message
_NO_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided|grammar", re.I)


class Probe(Answer):
    """An answer that no model gives to a greeting, unless the schema leaves it no choice."""

    code: Literal["k7"]


PROBE: dict[str, Any] = {
    # Every prompt of a run has a system message, which some chat templates refuse.
    "messages": [
        {"role": "system", "content": "You are a friend of the user."},
        {"role": "user", "content": "Good morning! How are you?"},
    ],
    "temperature": 0.0,
    "max_tokens": 64,
    "response_format": {"type": "json_schema", "json_schema": {"name": "probe", "schema": schema(Probe)}},
}


class Unreachable(TeacherError):
    """A server that does not answer, which other replicas can replace."""


@dataclass(frozen=True, slots=True)
class ProbedServer:
    """`model` is what the server calls the model, `root` what it says that it was loaded from."""

    model: str
    structured: bool
    root: str | None


async def probe_server(http: HttpClient, url: str, names: Sequence[str]) -> ProbedServer:
    """Ask one server, through the `openai` package, for a model that it may know by any of `names`.

    Raises `Unreachable` if it does not answer, and `TeacherError` if it cannot be used, each with a message of one
    line.
    """
    seconds = min(http.timeout, TIMEOUT)
    try:
        models = await retry(lambda: _models(http, url, seconds), _pause_after)
    except HttpError as error:
        if error.status == 404:
            raise TeacherError(f"{error.url} has no /models: is the URL right? It usually ends in /v1") from None
        raise _unusable(error) from None
    model = _choose(models, names, without_credentials(url), http)
    root = models.get(model)
    try:
        structured = await _keeps_to_schema(http, url, model, seconds)
    except HttpError as error:
        if error.status == 404:
            raise TeacherError(f"{error.url} does not answer for {model!r}: {error.message}") from None
        if error.status in (400, 422):
            raise TeacherError(f"{error.url} refuses a plain request to {model}: {error.message}") from None
        raise _unusable(error) from None
    return ProbedServer(model, structured, root if isinstance(root, str) else None)


def is_schema_refusal(error: HttpError) -> bool:
    """Whether a server rejects a request for the schema that it carries."""
    return error.status in (400, 422) and _NO_SCHEMA.search(error.message) is not None


def _pause_after(error: HttpError, number: int) -> float | None:
    """One more attempt, unless the first took all the time there is."""
    again = number == 1 and error.is_transient and error.kind is not FailureKind.TIMEOUT
    return backoff(error, number) if again else None


def _unusable(error: HttpError) -> TeacherError:
    """What is wrong with a server, for the user."""
    if error.status in (401, 403):
        return TeacherError(
            f"{error.url} refuses the key ({error.status}): set CLCA_API_KEY (or CLCA_PARTNER_API_KEY,"
            " CLCA_JUDGE_API_KEY) to one that is valid there"
        )
    if error.kind is FailureKind.TIMEOUT:
        return Unreachable(f"{error.url} gives {error.message}: is the server up?")
    if error.kind in UNREACHABLE:
        return Unreachable(f"{error.message}: is the server up, and the URL right?")
    message = f"{error.url} answers {error.status}: {error.message}"
    return Unreachable(message) if error.kind is FailureKind.SERVER_ERROR else TeacherError(message)


async def _models(http: HttpClient, url: str, seconds: float) -> dict[str, Any]:
    """The server's models by name, each with the root that it names."""
    try:
        page = await request(http, url, seconds, lambda client: client.models.list())
        return {model.id: getattr(model, "root", None) for model in page.data if isinstance(model.id, str)}
    except (AttributeError, TypeError, ValueError):  # the package does not validate what it reads
        raise TeacherError(
            f"{without_credentials(url)}/models does not answer like an OpenAI-compatible server:"
            " is the URL right? It usually ends in /v1"
        ) from None


def _choose(models: dict[str, Any], names: Sequence[str], shown: str, http: HttpClient) -> str:
    """The first of the model's names that the server lists; the first of all if it lists nothing."""
    for name in names:
        if name in models or not models:
            return name
    served = [http.redact(model) for model in models]
    listed = ", ".join(served[:MAX_LISTED]) + (", ..." if len(served) > MAX_LISTED else "")
    raise TeacherError(f"{shown} has no model {names[0]!r}{suggestion(names[0], served)}; it serves {listed}")


async def _keeps_to_schema(http: HttpClient, url: str, model: str, seconds: float) -> bool:
    """Whether the server keeps a reply to the schema that it is given; yes if it is too busy to show it."""
    try:
        # Not by its typed resources for chats, which take longer to import than to use.
        body = {"model": model, **PROBE}
        reply = await request(http, url, seconds, lambda client: client.post(PATH, cast_to=bytes, body=body))
        parse(parse_reply(reply), Probe)
    except InvalidReply:
        return False
    except HttpError as error:
        if is_schema_refusal(error):
            return False
        if error.kind in (FailureKind.RATE_LIMIT, FailureKind.SERVER_ERROR, FailureKind.TIMEOUT):
            return True
        raise
    return True

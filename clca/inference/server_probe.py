"""What a server is asked before the run: whether it serves the model, and keeps replies to a schema."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.request import getproxies

from pydantic_core import to_json

from clca.content.parsing import suggestion
from clca.errors import InvalidReply, TeacherError
from clca.inference.chat_response import read_completion
from clca.inference.http import error_message
from clca.inference.parse_reply import parse
from clca.inference.protocol import schema
from clca.schemas import Answer
from clca.urls import is_loopback, without_credentials

if TYPE_CHECKING:
    import openai

TIMEOUT = 30.0
NO_SCHEMA = re.compile(r"response_format|json_schema|structured output|guided|grammar", re.I)


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
    """Nothing answers there: the other replicas can do without it."""


@dataclass(frozen=True, slots=True)
class Found:
    """`model` is what the server calls the model, `root` what it says it was loaded from."""

    model: str
    structured: bool
    root: str | None


async def inspect_server(
    url: str, names: Sequence[str], key: str, patience: float, clean: Callable[[str], str]
) -> Found:
    """Ask one server. Every way in which it cannot be used is a `TeacherError` of one line."""
    import openai

    shown = without_credentials(url)
    seconds = min(patience, TIMEOUT)
    proxied = bool(getproxies()) and not is_loopback(url)
    try:
        # A redirect is not followed: it would carry the key to another server.
        transport = openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=proxied)
    except (ImportError, ValueError) as error:
        raise TeacherError(f"the proxy that the environment names cannot be used: {clean(str(error))}") from None
    client = openai.AsyncOpenAI(base_url=url, api_key=key, timeout=seconds, max_retries=1, http_client=transport)
    way = ", through the proxy that the environment names" if proxied else ""
    try:
        async with asyncio.timeout(seconds):  # the client's own limit is per read
            models = {model.id: model async for model in client.models.list() if isinstance(model.id, str)}
        model = _model(models, names, shown, clean)
        root = getattr(models.get(model), "root", None)
        structured = await _structured(client, model, seconds, shown, clean)
        return Found(model, structured, root if isinstance(root, str) else None)
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise TeacherError(
            f"{shown} refuses the key ({error.status_code}): set CLCA_API_KEY (or CLCA_PARTNER_API_KEY,"
            " CLCA_JUDGE_API_KEY) to one that is valid there"
        ) from None
    except openai.NotFoundError:
        raise TeacherError(f"{shown} has no /models: is the URL right? It usually ends in /v1") from None
    except (openai.APITimeoutError, TimeoutError):
        raise Unreachable(f"{shown} does not answer within {seconds:g} s: is the server up?") from None
    except openai.APIConnectionError as error:
        cause = clean(str(error.__cause__ or error))
        raise Unreachable(f"cannot reach {shown} ({cause}){way}: is the server up, and the URL right?") from None
    except openai.InternalServerError as error:
        raise Unreachable(f"{shown} answers {error.status_code}: {clean(_said(error))}") from None
    except openai.APIStatusError as error:
        raise TeacherError(f"{shown} answers {error.status_code}: {clean(_said(error))}") from None
    except (openai.OpenAIError, ValueError, TypeError, AttributeError):
        raise TeacherError(
            f"{shown}/models does not answer like an OpenAI-compatible server: is the URL right? It usually ends in /v1"
        ) from None
    finally:
        await client.close()


def _model(models: dict[str, Any], names: Sequence[str], shown: str, clean: Callable[[str], str]) -> str:
    """The first of the model's names that the server knows; one that lists nothing is taken at its word."""
    for name in names:
        if name in models or not models:
            return name
    served = [clean(model) for model in models]
    listed = ", ".join(served[:8]) + (", ..." if len(served) > 8 else "")
    raise TeacherError(f"{shown} has no model {names[0]!r}{suggestion(names[0], served)}; it serves {listed}")


async def _structured(
    client: openai.AsyncOpenAI, model: str, seconds: float, shown: str, clean: Callable[[str], str]
) -> bool:
    """Whether the server keeps a reply to the schema it is given."""
    import openai

    try:
        # The plain transport: the package's typed resources for chats would take longer to import than to use.
        async with asyncio.timeout(seconds):
            data = await client.post("/chat/completions", cast_to=object, body={"model": model, **PROBE})
        parse(read_completion(to_json(data)), Probe)
    except InvalidReply:
        return False
    except openai.NotFoundError as error:
        raise TeacherError(f"{shown} does not answer for {model!r}: {clean(_said(error))}") from None
    except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
        said = _said(error)
        if NO_SCHEMA.search(said):
            return False
        raise TeacherError(f"{shown} refuses a plain question to {model}: {clean(said)}") from None
    except (openai.InternalServerError, openai.RateLimitError, openai.APITimeoutError, TimeoutError):
        return True  # it is busy: what it can do shows when its turn comes
    return True


def _said(error: openai.APIStatusError) -> str:
    """The server's own words; the package keeps only some of their usual forms."""
    return error_message(error.response.content)

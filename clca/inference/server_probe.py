"""What a server is asked before a run: whether it serves the model, and how it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from clca.content.parsing import suggestion
from clca.errors import TeacherError
from clca.inference.chat_probe import ChatProbe
from clca.inference.dialect import STANDARD, Dialect
from clca.inference.http_client import HttpClient
from clca.inference.http_errors import HttpError
from clca.inference.openai_client import request
from clca.inference.probe_request import repeated, unusable
from clca.urls import without_credentials

MAX_LISTED, MAX_COMPARED = 8, 1000  # models in an error message, and those among which a like one is looked for


@dataclass(frozen=True, slots=True)
class ProbedServer:
    """`model` is what the server calls the model, `root` what it says that it was loaded from.

    `structured`: whether it keeps replies to a schema; with `assumed` it was too busy to show that.
    """

    model: str
    structured: bool
    root: str | None
    dialect: Dialect = STANDARD
    assumed: bool = False


async def probe_server(http: HttpClient, url: str, names: Sequence[str]) -> ProbedServer:
    """Ask one server, through the `openai` package, for a model that it may know by any of `names`.

    Raises `Unreachable` if it does not answer, and `TeacherError` if it cannot be used, each with a message of one
    line.
    """
    try:
        models = await repeated(http, lambda seconds: _models(http, url, seconds))
    except HttpError as error:
        if error.status == 404:
            raise TeacherError(f"{error.url} has no /models: is the URL right? It usually ends in /v1") from None
        raise unusable(error) from None
    model = _choose(models, names, without_credentials(url), http)
    root = models.get(model)
    chat = await ChatProbe(http, url, model).result()
    root = http.redact(root) if isinstance(root, str) and root.isprintable() else None
    return ProbedServer(model, chat.structured, root, chat.dialect, chat.assumed)


async def _models(http: HttpClient, url: str, seconds: float) -> dict[str, Any]:
    """The server's models by name, each with the root that it names."""
    try:
        page = await request(http, url, seconds, lambda client: client.models.list())
        return {model.id: getattr(model, "root", None) for model in page.data if _is_name(model.id)}
    except (AttributeError, TypeError, ValueError):  # the package does not validate what it reads
        raise TeacherError(
            f"{without_credentials(url)}/models does not answer like an OpenAI-compatible server:"
            " is the URL right? It usually ends in /v1"
        ) from None


def _is_name(text: object) -> bool:
    return isinstance(text, str) and text.isprintable()


def _choose(models: dict[str, Any], names: Sequence[str], shown: str, http: HttpClient) -> str:
    """The first of the model's names that the server lists; the first of all if it lists nothing."""
    for name in names:
        if name in models or not models:
            return name
    served = [http.redact(model) for model in islice(models, MAX_COMPARED)]
    listed = ", ".join(served[:MAX_LISTED]) + (", ..." if len(served) > MAX_LISTED else "")
    raise TeacherError(f"{shown} has no model {names[0]!r}{suggestion(names[0], served)}; it serves {listed}")

"""What is wrong with the server of an evaluation, in one line for the user."""

from __future__ import annotations

from typing import ClassVar

from clca.errors import ClcaError
from clca.inference.http_errors import HttpError


class ServerError(ClcaError):
    """The server cannot answer: not there, no such model, no valid key, a prompt that it refuses."""


class ServerLost(ServerError):
    """The server stopped answering."""

    exit_code: ClassVar[int] = 1


def described(error: HttpError, server: str) -> str:
    """An error with the server's URL."""
    if error.status is not None:
        return f"{server} answers {error.status}: {error.message}"
    return error.message if server in error.message else f"{server}: {error.message}"


def refusal(error: HttpError, server: str, model: str) -> ServerError:
    """The error of a server that refuses a request to a model for good."""
    if error.status is None:
        return ServerError(described(error, server))
    if error.status in (401, 403):
        return ServerError(f"{server} refuses the key ({error.status}): set CLCA_API_KEY to one that is valid there")
    if error.status == 404:
        return ServerError(
            f"{server} does not answer for {model!r} (404): {error.message}; is the name right, and the URL?"
            " It usually ends in /v1"
        )
    return ServerError(f"{server} refuses a request to {model} ({error.status}): {error.message}")


def lost(error: HttpError, server: str, model: str) -> ServerLost:
    """The error of a server that answered, and no longer does."""
    return ServerLost(
        f"the server of {model} no longer answers ({described(error, server)}): check it, and repeat the command to"
        " resume"
    )

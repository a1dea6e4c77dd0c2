"""What HTTP servers of models send back, whatever is asked of them."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING

from clca.urls import NO_KEY

if TYPE_CHECKING:
    import aiohttp

_PASSING = {408, 409, 425, 429}


def is_passing(status: int) -> bool:
    """Whether another try may succeed where one got this status."""
    return status in _PASSING or status >= 500


async def read_bounded(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The whole body, or None when it is longer than `most` bytes."""
    data = b""
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > most:
            return None
    return data


def retry_seconds(header: str | None) -> float | None:
    """Seconds to wait by a `Retry-After` header (a number or a date); None when there is none."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    except (ValueError, TypeError):
        return None


def error_message(data: bytes) -> str:
    """The words of an error response, in whichever of the usual places they stand."""
    text = data.decode("utf-8", "replace")
    try:
        error = json.loads(text)
        error = error.get("error", error)
        return str(error.get("message") or error.get("detail") or error) if isinstance(error, dict) else str(error)
    except (ValueError, AttributeError):
        return text or "no message"


def one_line(text: str, key: str) -> str:
    """A server's words in one short line without the key."""
    text = " ".join(text.split())
    if len(key) >= 4 and key != NO_KEY:
        text = text.replace(key, "[key]")
    text = re.sub(r"\b(sk|hf)[-_][\w*-]{6,}", "[key]", text)
    return text if len(text) <= 300 else text[:297] + "..."

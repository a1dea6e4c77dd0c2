"""Bodies of responses, of bounded size, nesting and number of values whatever a server sends."""

from __future__ import annotations

import re
import zlib

import aiohttp

from clca.bounded_json import MOST_VALUES, has_too_many_values

MAX_NESTING = 100  # levels of arrays and objects in JSON
ENCODINGS = "gzip, deflate"  # what servers may compress a body with

_STRING_OR_OTHER = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[^\[\]{}"]+', re.DOTALL)


class BadBody(Exception):
    """A body that is not taken; the message says why."""


async def read_body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The whole body, decompressed. Raises `BadBody` if it is longer than `max_bytes`, or cannot be decompressed.

    So it does for JSON of too many values.
    """
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        decoder = None
    elif encoding in ("gzip", "x-gzip", "deflate"):
        decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # the header says which of the two
    else:
        raise BadBody(f"compressed by {encoding[:40]!r}, which was not asked for")
    data = bytearray()
    async for chunk in response.content.iter_any():
        if decoder is None:
            data += chunk
        else:
            try:
                data += decoder.decompress(chunk, max_bytes + 1 - len(data))
            except zlib.error:
                raise BadBody(f"not what its encoding, {encoding}, says") from None
        if len(data) > max_bytes:
            raise BadBody(f"more than {max_bytes:,} bytes")
        if decoder is not None and decoder.eof:
            break
    body = bytes(data)
    if has_too_many_values(body):
        raise BadBody(f"more than {MOST_VALUES:,} values")
    return body


def is_too_deep(body: bytes) -> bool:
    """Whether arrays and objects lie deeper in each other than they may, in a JSON text that may be broken.

    >>> is_too_deep(b'{"a": [1, "[[[", [2]]}'), is_too_deep(b"[" * 101)
    (False, True)
    """
    if body.count(b"[") + body.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for bracket in _STRING_OR_OTHER.sub(b"", body):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_NESTING:
            return True
    return False

"""The standard streams, made fit for whatever started the process: closed ones, other encodings, full disks."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from typing import TextIO

ESCAPES = "clca-escapes"
"""An error handler of encodings: what cannot be encoded is written as `\\uXXXX`, which JSON reads back."""


def prepare_streams() -> None:
    """Open what is closed, and let the output escape what its encoding lacks.

    Without this a file that is opened later could become the standard output, and a path that is no UTF-8, or any
    accent in a terminal of ASCII, could end a command.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    codecs.register_error(ESCAPES, _escape)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ESCAPES)


def give_up(stream: TextIO) -> None:
    """Let a stream that takes no more output swallow the rest, so that the end of the process is silent."""
    with suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2)), error.end

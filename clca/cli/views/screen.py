"""Consoles for human-readable output."""

from __future__ import annotations

import re
import sys

from rich.console import Console

# Control characters other than line break and tab, and marks that change the direction of text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

UNBOUNDED = 240  # columns for tables that go to a file or a pipe


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Exit with status 0: a reader such as `head` has closed the pipe."""
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(0) from None


def printable(text: str) -> str:
    """External text with control characters replaced, which could manipulate the terminal."""
    return _CONTROL.sub("\ufffd", text)


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console that leaves wrapping to the terminal, so that copied text has no extra line breaks."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    return _Console(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True, width=width)

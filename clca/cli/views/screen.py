"""Consoles: where the human-readable output goes, and how wide it may be."""

from __future__ import annotations

import re
import sys

from rich.console import Console

# Control characters, but for line break and tab, and marks that turn the direction of text.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

UNBOUNDED = 240  # columns for tables that go to a file or a pipe


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """End without a fault: a reader such as `head` has seen enough."""
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(0) from None


def printable(text: str) -> str:
    """Text from outside, without what could take over the terminal."""
    return _UNSEEN.sub("\ufffd", text)


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Long lines are left to the terminal to wrap, so that copied text holds no false breaks."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    return _Console(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True, width=width)

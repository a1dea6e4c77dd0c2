"""Consoles: where the human-readable output goes, and how wide it may be."""

from __future__ import annotations

import sys

from rich.console import Console

UNBOUNDED = 240  # columns for tables that go to a file or a pipe


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Long lines are left to the terminal to wrap, so that copied text holds no false breaks."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else UNBOUNDED
    return Console(stderr=stderr, quiet=quiet, highlight=False, soft_wrap=True, width=width)

"""What a running stage reports: how far it is, and notes for the user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units are finished; `unit` is a plural noun such as "dialogues" or "steps"."""

    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the user."""

    text: str


ProgressCallback = Callable[[Progress | Note], None]


def ignore(event: Progress | Note) -> None:
    """Report to nobody."""

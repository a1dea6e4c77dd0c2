"""What the command line asks of an evaluation on offensiveness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from clca.errors import SettingsError
from clca.evaluation.offense.suite import Scoring
from clca.evaluation.validation import check_asked, check_known

Layout = Literal["text", "chat"]
LAYOUTS, SCORINGS = get_args(Layout), get_args(Scoring)


@dataclass(frozen=True, slots=True)
class OffenseConfig:
    """What the command line asks for; None and () stand for what depends on the rest."""

    cultures: tuple[str, ...] = ()
    student: str | None = None
    adapters: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    base_url: str | None = None
    data: Path | None = None
    mode: str | None = None
    scoring: str = "corrected"
    layout: str = "text"
    limit: int | None = None
    bits: int | None = None
    seed: int = 42
    out: Path = Path("evaluations")
    new: bool = False


def check(asked: OffenseConfig) -> None:
    """Refuse values that no evaluation can be asked for with."""
    check_asked(asked.student, asked.base_url, asked.mode, asked.bits, asked.seed)
    check_known("--scoring", [asked.scoring], SCORINGS)
    check_known("--format", [asked.layout], LAYOUTS)
    if asked.limit is not None and asked.limit < 1:
        raise SettingsError(f"--limit {asked.limit}: has to be 1 or more")

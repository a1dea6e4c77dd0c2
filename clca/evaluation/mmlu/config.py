"""What the command line asks of an evaluation on MMLU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from clca.errors import SettingsError
from clca.evaluation.mmlu.prompts import Scoring
from clca.evaluation.mmlu.questions import SHOTS
from clca.evaluation.validation import check_asked, check_known

SCORINGS = get_args(Scoring)


@dataclass(frozen=True, slots=True)
class MmluConfig:
    """What the command line asks for; None and () stand for what depends on the rest."""

    student: str | None = None
    adapters: tuple[str, ...] = ()
    base_url: str | None = None
    subjects: tuple[str, ...] = ()
    data: str | None = None
    shots: int = SHOTS
    mode: str = "probability"
    scoring: str = "corrected"
    limit: int | None = None
    bits: int | None = None
    seed: int = 42
    out: Path = Path("evaluations")
    new: bool = False


def check(asked: MmluConfig) -> None:
    """Refuse values that no evaluation can be asked for with."""
    check_asked(asked.student, asked.base_url, asked.mode, asked.bits, asked.seed)
    check_known("--scoring", [asked.scoring], SCORINGS)
    check_known("--shots", [asked.shots], (0, SHOTS))
    if asked.limit is not None and asked.limit < 1:
        raise SettingsError(f"--limit {asked.limit}: has to be 1 or more")
    if asked.data is not None and not asked.data.strip():
        raise SettingsError("--data: is empty; give a folder, a data set of the hub such as cais/mmlu, or demo")

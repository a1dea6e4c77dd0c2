"""What examples can be made from: the cultures to teach, the runs of their dialogues, and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clca.content.lookup import Content
from clca.content.prompts import TRAINING_PROMPTS, Prompts
from clca.training.recipe import Data


@dataclass(frozen=True, slots=True)
class CultureRef:
    """A culture that an adapter is taught: a country, or a language of several member countries."""

    id: str
    name: str
    members: tuple[str, ...] = ()

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries of a linguistic culture, or the country itself."""
        return self.members or (self.id,)


@dataclass(frozen=True)
class TrainingSources:
    """One adapter's material: one culture's, or that of all for a combined adapter.

    `dialogues` are the runs' `dialogues.jsonl`. Every source can be read any number of times and
    gives the same examples each time.
    """

    cultures: tuple[CultureRef, ...]
    dialogues: tuple[Path, ...]
    content: Content
    data: Data
    seed: int

    @cached_property
    def prompts(self) -> Prompts:
        """The prompts that training rows are written with."""
        return Prompts.load(self.content, TRAINING_PROMPTS)

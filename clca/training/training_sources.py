"""What examples can be made from: the cultures to teach, the runs of their dialogues, and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from clca.content.lookup import Content
from clca.content.prompts import TRAINING_PROMPTS, Prompts
from clca.training.recipe import Data

if TYPE_CHECKING:  # they need numpy
    from clca.contamination.evaluations import Evaluations
    from clca.contamination.index import ContaminationIndex


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

    `dialogues` are the runs' `dialogues.jsonl`. Examples that share a text with one of `evaluations` are left out; None
    compares with none. Every source can be read any number of times and
    gives the same examples each time.
    """

    cultures: tuple[CultureRef, ...]
    dialogues: tuple[Path, ...]
    content: Content
    data: Data
    seed: int
    evaluations: Evaluations | None = None

    @cached_property
    def contamination(self) -> ContaminationIndex | None:
        """What examples are compared with."""
        if self.evaluations is None:
            return None
        from clca.contamination.index import ContaminationIndex

        return ContaminationIndex(self.evaluations.texts)

    @cached_property
    def surveys(self) -> frozenset[str]:
        """The names of the evaluations that are the survey, in each language."""
        from clca.contamination.evaluations import SURVEY

        texts = self.evaluations.texts if self.evaluations is not None else ()
        return frozenset(entry.name for entry in texts if entry.name.startswith(SURVEY))

    @cached_property
    def prompts(self) -> Prompts:
        """The prompts that training rows are written with."""
        return Prompts.load(self.content, TRAINING_PROMPTS)

"""The questions of MMLU: worked examples and test questions of each subject, wherever they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clca.errors import SettingsError

LETTERS = ("A", "B", "C", "D")
SHOTS = 5

Split = Literal["dev", "test"]
SPLITS: tuple[Split, ...] = ("dev", "test")


@dataclass(frozen=True, slots=True)
class MmluItem:
    """A question, its four choices, and the letter of the right one; `number` is its place in the subject's split."""

    number: int
    question: str
    choices: tuple[str, str, str, str]
    answer: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """What is asked: by subject the worked examples and the questions.

    `source` says where they come from, `notes` what was found on the way. A `demonstration` measures nothing.
    """

    source: str
    dev: Mapping[str, tuple[MmluItem, ...]]
    test: Mapping[str, tuple[MmluItem, ...]]
    notes: tuple[str, ...] = ()
    demonstration: bool = False

    @property
    def digest(self) -> str:
        """Of all questions, in their order: the same for the same questions from another source."""
        said = [
            [subject, split, one.number, one.question, one.choices, one.answer]
            for split, items in (("dev", self.dev), ("test", self.test))
            for subject in sorted(items)
            for one in items[subject]
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def require_subjects(subjects: Sequence[str], there: Iterable[str], source: str, *, named: bool, whole: int) -> None:
    """Refuse an exam that lacks some of the subjects. `whole` is how many MMLU has."""
    found = set(there)
    lacking = [one for one in subjects if one not in found]
    if not lacking:
        return
    names = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
    if named:
        raise SettingsError(f"{source} has no questions of {names}; it has {', '.join(sorted(found)) or 'none'}")
    raise SettingsError(
        f"{source} lacks {len(lacking)} of {whole} subjects ({names}): complete it, or name with --subject those that"
        " are to be asked"
    )


def require_shots(exam: QuestionSet, shots: int) -> None:
    """Refuse an exam with fewer worked examples than each subject needs."""
    for subject in exam.test:
        there = len(exam.dev.get(subject, ()))
        if there < shots:
            raise SettingsError(
                f"{exam.source} has {there} worked examples of {subject}, and --shots {shots} needs {shots} (its dev"
                " questions): complete it, or ask with --shots 0"
            )

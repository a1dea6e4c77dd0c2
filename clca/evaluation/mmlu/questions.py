"""The questions of MMLU: worked examples and test questions by subject."""

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
    """A question, its four choices and the letter of the right one; `number` counts from 1 in the subject's split."""

    number: int
    question: str
    choices: tuple[str, str, str, str]
    answer: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Worked examples (`dev`) and test questions by subject.

    `source` is what `--data` names, `notes` are faults found while reading. A `demonstration` measures nothing.
    """

    source: str
    dev: Mapping[str, tuple[MmluItem, ...]]
    test: Mapping[str, tuple[MmluItem, ...]]
    notes: tuple[str, ...] = ()
    demonstration: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of all questions in their order, the same for the same questions from another source."""
        records = [
            [subject, split, item.number, item.question, item.choices, item.answer]
            for split, items in (("dev", self.dev), ("test", self.test))
            for subject in sorted(items)
            for item in items[subject]
        ]
        return hashlib.sha256(json.dumps(records).encode()).hexdigest()


def require_subjects(subjects: Sequence[str], present: Iterable[str], source: str, *, named: bool, total: int) -> None:
    """Raise `SettingsError` unless all subjects are `present`. `whole` is the number of subjects of MMLU."""
    available = set(present)
    missing = [subject for subject in subjects if subject not in available]
    if not missing:
        return
    names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    if named:
        raise SettingsError(f"{source} has no questions of {names}; it has {', '.join(sorted(available)) or 'none'}")
    raise SettingsError(
        f"{source} lacks {len(missing)} of {total} subjects ({names}): complete it, or name the subjects to ask with"
        " --subject"
    )


def require_shots(questions: QuestionSet, shots: int) -> None:
    """Raise `SettingsError` for a subject with fewer than `shots` worked examples."""
    for subject in questions.test:
        count = len(questions.dev.get(subject, ()))
        if count < shots:
            raise SettingsError(
                f"{questions.source} has {count} worked examples of {subject}, but --shots {shots} needs {shots}"
                " (its dev questions): complete it, or ask with --shots 0"
            )

"""What a running evaluation reports."""

from __future__ import annotations

from dataclasses import dataclass

from clca.progress import Progress


@dataclass(frozen=True, slots=True)
class EvaluationProgress(Progress):
    """How far an evaluation is: `answered` prompts in the `seconds` of this run, and at most `pending` ones."""

    answered: int
    pending: int
    seconds: float

    @property
    def detail(self) -> str:
        """The running scores, in a few words."""
        return ""

"""Prompts of MMLU: the usual ones, or those with the markers of the S2N paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from clca.content.lookup import Content
from clca.content.prompts import MMLU_PROMPTS, Prompts
from clca.evaluation.mmlu.questions import LETTERS, MmluItem

Scoring = Literal["corrected", "paper"]

NAMES: dict[Scoring, str] = {"corrected": "mmlu", "paper": "mmlu-paper"}
SEPARATOR = "\n\n"  # between worked examples


class MmluPrompts:
    """The prompts of one way of scoring."""

    def __init__(self, content: Content, scoring: Scoring) -> None:
        self._name = NAMES[scoring]
        self._prompts = Prompts.load(content, {self._name: MMLU_PROMPTS[self._name]})

    def question(self, item: MmluItem, subject: str) -> str:
        """A question up to its letter."""
        options = list(zip(LETTERS, item.choices, strict=True))
        return self._render("user", subject=subject, question=item.question.strip(), options=options)

    def system(self, shots: Sequence[MmluItem], subject: str) -> str:
        """What all questions of a subject begin with: the introduction and the worked examples."""
        intro = self._render("system", subject=subject, question="", options=())
        worked = [f"{self.question(item, subject)} {item.answer}" for item in shots]
        return SEPARATOR.join([*([intro] if intro else []), *worked])

    def _render(self, block: str, **variables: object) -> str:
        return self._prompts.render(self._name, block, **variables)

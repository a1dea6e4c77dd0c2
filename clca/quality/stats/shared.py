"""What dialogues share with evaluations."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from clca.contamination.index import ContaminationIndex, Hit, Reference
from clca.records import Dialogue, Record

MOST_LISTED = 1000


class DialogueHit(Hit):
    """A text of an evaluation that stands in a dialogue of a run."""

    run: str
    dialogue: str


class ContaminationStats(Record):
    """Texts of evaluations in the dialogues."""

    references: tuple[Reference, ...] = Field(description="What the dialogues were compared with.")
    dialogues: int = Field(description="Dialogues that share a text with an evaluation.")
    by_evaluation: dict[str, int] = Field(description="Shared texts by evaluation, each once for a dialogue.")
    hits: tuple[DialogueHit, ...] = Field(description="The first of them.")


class ContaminationCounter:
    """Counts what dialogues share with evaluations, and lists the first of it."""

    def __init__(self, index: ContaminationIndex) -> None:
        self._index = index
        self._dialogues = 0
        self._by_evaluation = Counter[str]()
        self._hits: list[DialogueHit] = []

    def add(self, run: str, dialogue: Dialogue) -> None:
        """Look for shared texts in all that a dialogue says of its scenario, its turns and their intents."""
        hits = self._index.hits(dialogue.texts)
        self._dialogues += bool(hits)
        self._by_evaluation.update(hit.evaluation for hit in hits)
        for hit in hits[: MOST_LISTED - len(self._hits)]:
            self._hits.append(DialogueHit(run=run, dialogue=dialogue.id, **dict(hit)))

    def stats(self) -> ContaminationStats:
        """The counts so far."""
        return ContaminationStats(
            references=self._index.references,
            dialogues=self._dialogues,
            by_evaluation=dict(self._by_evaluation.most_common()),
            hits=tuple(self._hits),
        )

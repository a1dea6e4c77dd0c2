"""Training data that share a text with an evaluation: they are left out, counted and listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clca.models.messages import Chat
from clca.records import Dialogue
from clca.training.examples import Dropped, Example, ExampleCounts
from clca.training.training_sources import TrainingSources

if TYPE_CHECKING:  # it needs numpy
    from clca.contamination.index import Hit

CONTAMINATED = "text of an evaluation"
OF_DIALOGUES = ("dialogue", "intent")  # tasks whose dialogues were compared before
SHOWN = 3


def shared_by_dialogue(dialogue: Dialogue, sources: TrainingSources) -> tuple[Hit, ...]:
    """The texts of evaluations in a dialogue, of which neither side's goal or secret is trained on."""
    if sources.contamination is None:
        return ()
    texts = {where: text for where, text in dialogue.texts.items() if not where.endswith((".goal", ".secret"))}
    return tuple(sources.contamination.hits(texts))


def compared(example: Example, sources: TrainingSources) -> Example | Dropped:
    """The example, or what is left of it where it shares a text with an evaluation.

    Examples of dialogues are compared as dialogues. Which items of the survey are trained on as such is up to
    `data.survey.items`: pairs of question and answer are not compared with the survey.
    """
    if sources.contamination is None or example.task in OF_DIALOGUES:
        return example
    body = example.body
    if isinstance(body, Chat):
        texts = {f"message {number}": message.content for number, message in enumerate(body.messages, start=1)}
    else:
        texts = {"text": body.prompt + body.answer}
    hits = sources.contamination.hits(texts, skip=sources.surveys if example.task == "survey" else ())
    return Dropped(CONTAMINATED, example.id, tuple(hits)) if hits else example


def contamination_lines(counts: ExampleCounts, *others: ExampleCounts) -> Iterator[str]:
    """One line on what was left out of the parts of a split for sharing a text; none where nothing was."""
    parts = (counts, *others)
    left_out = sum(part.dropped[CONTAMINATED] for part in parts)
    if not left_out:
        return
    hits = [hit for part in parts for hit in part.hits]
    named = "; ".join(f"{hit.source}, {hit.where}: {hit.evaluation} {hit.item}" for hit in hits[:SHOWN])
    more = f"; and {left_out - SHOWN:,} more" if left_out > SHOWN else ""
    what = "thing shares" if left_out == 1 else "things share"
    how = "is" if left_out == 1 else "are"
    yield (
        f"{left_out:,} {what} a text with an evaluation, and {how} left out ({named}{more}); data.contamination: keep"
        " trains on them."
    )

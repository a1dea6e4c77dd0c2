"""Faults of questions that can be asked all the same: they are noted, not refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clca.evaluation.mmlu.questions import MmluItem

Items = Mapping[str, Sequence[MmluItem]]


def audit(dev: Items, test: Items) -> tuple[str, ...]:
    """A note for each kind of fault, with the number of questions that have it by subject."""
    worked = {subject: {_content(item) for item in items} for subject, items in dev.items()}
    every = {subject: [*dev.get(subject, ()), *items] for subject, items in test.items()}
    kinds = (
        (
            "Duplicate questions within their subject, asked and counted each time",
            {subject: len(items) - len(set(map(_content, items))) for subject, items in test.items()},
        ),
        (
            "Test questions that are worked examples, too, so that the prompt contains their answer",
            {
                subject: sum(_content(item) in worked.get(subject, ()) for item in items)
                for subject, items in test.items()
            },
        ),
        ("Questions and worked examples with an empty choice", _count(every, _has_empty)),
        ("Questions and worked examples with equal choices", _count(every, _has_equal)),
        ("Questions and worked examples with a NUL character", _count(every, _has_nul)),
    )
    return tuple(
        f"{fault}: {', '.join(f'{subject} {count:,}' for subject, count in counts.items() if count)}"
        for fault, counts in kinds
        if any(counts.values())
    )


def _count(items: Items, faulty: Callable[[MmluItem], bool]) -> dict[str, int]:
    return {subject: sum(map(faulty, questions)) for subject, questions in items.items()}


def _content(item: MmluItem) -> tuple[str, tuple[str, ...]]:
    return item.question.strip(), item.choices


def _has_empty(item: MmluItem) -> bool:
    return not all(choice.strip() for choice in item.choices)


def _has_equal(item: MmluItem) -> bool:
    choices = [choice.strip() for choice in item.choices if choice.strip()]
    return len(set(choices)) < len(choices)


def _has_nul(item: MmluItem) -> bool:
    return any("\0" in text for text in (item.question, *item.choices))

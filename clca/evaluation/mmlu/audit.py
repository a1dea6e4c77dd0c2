"""Questions that can be asked, but should not have been written so: said, and asked all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clca.evaluation.mmlu.questions import MmluItem

Items = Mapping[str, Sequence[MmluItem]]


def audit(dev: Items, test: Items) -> tuple[str, ...]:
    """A note for each kind of fault that there is, with how many questions of each subject have it."""
    shown = {subject: {_said(item) for item in items} for subject, items in dev.items()}
    every = {one: [*dev.get(one, ()), *items] for one, items in test.items()}
    kinds = (
        (
            "Questions that stand twice in their subject, asked and counted each time",
            {one: len(items) - len(set(map(_said, items))) for one, items in test.items()},
        ),
        (
            "Test questions that are worked examples, too, so that with these the prompt holds their answer",
            {one: sum(_said(item) in shown.get(one, ()) for item in items) for one, items in test.items()},
        ),
        ("Questions and worked examples with an empty choice", _count(every, _has_empty)),
        ("Questions and worked examples with equal choices", _count(every, _has_equal)),
        ("Questions and worked examples with a NUL character", _count(every, _has_nul)),
    )
    return tuple(
        f"{what}: {', '.join(f'{one} {count:,}' for one, count in counts.items() if count)}"
        for what, counts in kinds
        if any(counts.values())
    )


def _count(items: Items, faulty: Callable[[MmluItem], bool]) -> dict[str, int]:
    return {subject: sum(map(faulty, given)) for subject, given in items.items()}


def _said(item: MmluItem) -> tuple[str, tuple[str, ...]]:
    return item.question.strip(), item.choices


def _has_empty(item: MmluItem) -> bool:
    return not all(one.strip() for one in item.choices)


def _has_equal(item: MmluItem) -> bool:
    there = [one.strip() for one in item.choices if one.strip()]
    return len(set(there)) < len(there)


def _has_nul(item: MmluItem) -> bool:
    return any("\0" in one for one in (item.question, *item.choices))

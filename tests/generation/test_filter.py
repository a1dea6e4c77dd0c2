from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from clca.generation.filter import Filter
from clca.records import Alignment, Confidence, Judgement, Label, Meta, Quality

CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)


def judgement(quality: str, alignment: str, meta: str) -> Judgement:
    """From 'bad, very confident' and the like."""

    def parts(verdict: str) -> dict[str, Any]:
        label, confidence = verdict.split(", ")
        return {"label": label, "confidence": confidence}

    return Judgement(
        quality=Quality(**parts(quality), rationale="r"),
        alignment=Alignment(**parts(alignment), rationale="r"),
        meta=Meta(**parts(meta), critique="c"),
    )


def every(*labels: str) -> list[str]:
    return [f"{label}, {confidence}" for label, confidence in product(labels, CONFIDENCES)]


@pytest.mark.parametrize("meta", every("good", "bad"))
@pytest.mark.parametrize("alignment", every("yes", "no"))
@pytest.mark.parametrize("quality", every("good", "bad"))
def test_the_rule_of_the_paper_is_the_default(quality: str, alignment: str, meta: str) -> None:
    discarded = "bad, very confident" in (quality, meta)
    assert (Filter().reason(judgement(quality, alignment, meta)) is not None) == discarded


@pytest.mark.parametrize(
    ("quality", "alignment", "meta", "reason"),
    [
        ("good, very confident", "no, very confident", "good, confident", None),
        ("bad, confident", "no, very confident", "bad, confident", None),
        ("bad, very confident", "yes, confident", "good, confident", "quality bad (very confident)"),
        ("good, not sure", "yes, confident", "bad, very confident", "meta bad (very confident)"),
        ("bad, very confident", "yes, confident", "bad, very confident", "quality bad (very confident)"),
    ],
)
def test_the_reason_is_the_first_verdict_that_discards(
    quality: str, alignment: str, meta: str, reason: str | None
) -> None:
    assert Filter().reason(judgement(quality, alignment, meta)) == reason


@pytest.mark.parametrize(
    ("least", "discarding"),
    [
        ("not sure", {"not sure", "confident", "very confident"}),
        ("confident", {"confident", "very confident"}),
        ("very confident", {"very confident"}),
    ],
)
def test_a_verdict_discards_from_a_confidence_on(least: Confidence, discarding: set[str]) -> None:
    rule = Filter(("quality",), least)
    discarded = {
        confidence
        for confidence in CONFIDENCES
        if rule.reason(judgement(f"bad, {confidence}", "yes, confident", "good, confident"))
    }
    assert discarded == discarding


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        (("alignment",), "alignment no (very confident)"),
        (("meta", "quality"), "meta bad (very confident)"),
        (("quality", "meta", "alignment"), "quality bad (very confident)"),
        ((), None),
    ],
)
def test_only_the_verdicts_asked_for_discard_in_their_order(verdicts: tuple[Label, ...], reason: str | None) -> None:
    worst = judgement("bad, very confident", "no, very confident", "bad, very confident")
    assert Filter(verdicts).reason(worst) == reason

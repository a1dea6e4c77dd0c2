"""The filter, a pure function: which judged dialogues are discarded, and why."""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Alignment, Confidence, Judgement, Label, Meta, Quality

_CONFIDENCE_RANK: dict[str, int] = {"not sure": 0, "confident": 1, "very confident": 2}


@dataclass(frozen=True, slots=True)
class Filter:
    """Discards a dialogue when one of the `labels`, in this order, is *bad* or *no* with at least this `confidence`.

    The default is the rule of the paper: quality or meta label *bad*, very confident. Alignment alone discards nothing.
    """

    labels: tuple[Label, ...] = ("quality", "meta")
    confidence: Confidence = "very confident"

    def reason(self, judgement: Judgement) -> str | None:
        """The reason to discard the dialogue, such as `quality bad (very confident)`; None when it is kept."""
        for label in self.labels:
            verdict: Quality | Meta | Alignment = getattr(judgement, label)
            if (
                verdict.label in ("bad", "no")
                and _CONFIDENCE_RANK[verdict.confidence] >= _CONFIDENCE_RANK[self.confidence]
            ):
                return f"{label} {verdict.label} ({verdict.confidence})"
        return None

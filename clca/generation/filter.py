"""The filter: which judged dialogues are discarded, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass

from clca.records import Alignment, Confidence, Judgement, Label, Meta, Quality

_RANK: dict[str, int] = {"not sure": 0, "confident": 1, "very confident": 2}


@dataclass(frozen=True, slots=True)
class Filter:
    """The paper's rule is the default: discard when the quality or the meta label is *bad* and
    the judge is *very confident* of it. Alignment alone discards nothing, unless asked to.

    `labels` are looked at in order; `confidence` is the least confidence that a verdict needs to discard.
    """

    labels: tuple[Label, ...] = ("quality", "meta")
    confidence: Confidence = "very confident"

    def reason(self, judgement: Judgement) -> str | None:
        """Why the dialogue is discarded, or None when it is kept."""
        for name in self.labels:
            verdict: Quality | Meta | Alignment = getattr(judgement, name)
            if verdict.label in ("bad", "no") and _RANK[verdict.confidence] >= _RANK[self.confidence]:
                return f"{name} {verdict.label} ({verdict.confidence})"
        return None

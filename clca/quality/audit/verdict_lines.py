"""The lines of `judgements.jsonl`: every dialogue that was shown, and what each round said of it."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from clca.generation.calibration import is_bad
from clca.quality.audit.asking import Asked
from clca.quality.audit.plan import AuditPlan
from clca.records import Judgement, Record, Scenario, Turn


class Verdict(Record):
    """What one round said of a dialogue."""

    found: bool = Field(description="Whether any label was bad, or no.")
    discarded: str = Field(description='Why the filter of the runs would discard it; "" where it would not.')
    judgement: Judgement


class JudgedItem(Record):
    """A dialogue that was shown, and its verdicts by round: `main`, `repeat 1`..., `second judge`."""

    id: str
    kind: str = Field(description="kept, prepared, or the flaw that was planted.")
    source: str = Field(description="The kept dialogue that it was made of, as run/dialogue.")
    position: str
    padded: bool
    measured: bool = Field(description="Whether it is among those that rates are made of.")
    culture: str = Field(description="The culture that it was shown as.")
    scenario: Scenario
    turns: tuple[Turn, ...]
    verdicts: dict[str, Verdict]
    unanswered: dict[str, str] = Field(description="Why a round said nothing.")
    people: str = Field(description='good or bad, as people say; "" where none did.')


def verdict_lines(plan: AuditPlan, asked: Asked) -> Iterator[str]:
    """A line of JSON for each item."""
    labels = plan.labels or {}
    for item in plan.items:
        judgements = {
            name: verdicts.judgements[item.id]
            for name, verdicts in asked.passes.items()
            if item.id in verdicts.judgements
        }
        judged = JudgedItem(
            id=item.id,
            kind=item.kind,
            source=item.source,
            position=item.position,
            padded=item.padded,
            measured=item.measured,
            culture=item.culture,
            scenario=item.scenario,
            turns=item.turns,
            verdicts={
                name: Verdict(
                    found=is_bad(judgement), discarded=plan.filter.reason(judgement) or "", judgement=judgement
                )
                for name, judgement in judgements.items()
            },
            unanswered={
                name: verdicts.unanswered[item.id]
                for name, verdicts in asked.passes.items()
                if item.id in verdicts.unanswered
            },
            people={True: "bad", False: "good"}[labels[item.id]] if item.id in labels else "",
        )
        yield judged.model_dump_json() + "\n"

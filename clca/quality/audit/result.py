"""The result of `clca audit-judge`: what `--json` prints, and `audit.json` holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.evaluation.table import Table
from clca.quality.audit.rates import Agreement, FlawedShare, PairedDifference
from clca.quality.rate import Rate
from clca.records import Record
from clca.storage.selection import Selection


class KindRates(Record):
    """How often dialogues of one kind were found bad: of sound ones false alarms, of flawed ones recall."""

    sound: bool
    shown: int
    unanswered: int
    found: Rate = Field(description="Any of the three labels was bad, or no.")
    discarded: Rate = Field(description="The runs' filter would have discarded it.")


class Judgements(Record):
    """Two rounds of verdicts on the same dialogues."""

    found: Agreement
    discarded: Agreement


class Verbosity(Record):
    """The same dialogues padded (first) and as they are (second): how often each was found."""

    sound: PairedDifference
    flawed: PairedDifference


class People(Record):
    """What people said of the dialogues on the sheet."""

    labels: Path
    labelled: int
    unlabelled: int
    flawed: Rate = Field(description="Dialogues with a planted flaw that people call bad.")
    sound: Rate = Field(description="Sound dialogues that people call bad.")
    judge: Judgements = Field(description="Agreement of the judge with people.")


class Flawed(Record):
    """The share of kept dialogues that is flawed, if all kinds of flaws are equally frequent, or only one there is."""

    discarded: Rate = Field(description="Share of the judged dialogues of the runs that their filter discarded.")
    false_alarms: Rate = Field(description="Of prepared sound dialogues, which no judge has chosen.")
    even: FlawedShare
    best_found: FlawedShare = Field(description="Where all flaws are of the kind that is found most often.")
    worst_found: FlawedShare = Field(description="Where all flaws are of the kind that is found least often.")


class AuditResult(Record):
    """What a judge finds among planted flaws, how steady it is, and what that says of the kept dialogues."""

    folder: Path = Field(serialization_alias="audit", description="Folder of the audit.")
    runs: tuple[Path, ...]
    judge: str
    second_judge: str | None
    own: bool = Field(description="Whether the judge is the one that filtered the runs.")
    rehearsal: bool = Field(description="Whether a judge was the embedded simulator.")
    dialogues: int = Field(description="Kept dialogues that flaws were planted in.")
    seed: int
    kinds: dict[str, KindRates] = Field(description="Rates of kept and of prepared sound dialogues, and of each flaw.")
    without_place: dict[str, int] = Field(description="Dialogues in which a flaw had no place.")
    repeats: dict[str, Judgements] = Field(description="Agreement of the judge with itself, by repetition.")
    between: Judgements | None = Field(description="Agreement of the two judges.")
    second: dict[str, KindRates] = Field(description="The rates of the second judge.")
    position: dict[str, PairedDifference] = Field(
        description="The same flaw in the same dialogue early (first) and late (second): how often each was found."
    )
    verbosity: Verbosity
    flawed: Flawed | None = Field(description="Null where another judge filtered the runs.")
    people: People | None
    unanswered: dict[str, int] = Field(description="Judgements that failed, by reason; they are in no rate.")
    requests: int = Field(description="Requests that this command sent.")
    cached: int = Field(description="Requests that were answered before.")
    prompt_tokens: int
    completion_tokens: int
    sheet: Path | None = Field(default=None, description="File that was written for people.")
    sheet_rows: int = 0
    caveats: tuple[str, ...]
    selection: tuple[Selection, ...] = Field(default=(), description="Which runs were meant by the names given.")
    tables: tuple[Table, ...] = Field(exclude=True, repr=False)

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json", by_alias=True)

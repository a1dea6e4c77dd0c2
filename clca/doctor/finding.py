"""What is found about this machine."""

from __future__ import annotations

from typing import Literal

from clca.records import Record

State = Literal["ok", "absent", "fault"]
"""`absent` is what is not here and need not be; a `fault` is something that is here and cannot work."""


class Finding(Record):
    """One fact about this machine. `fix` says what to do about what is absent or faulty."""

    topic: str
    name: str
    state: State = "ok"
    value: str = ""
    fix: str = ""


class StudyFinding(Record):
    """Whether a study of the papers could be carried out here: what it lacks, each with what to do about it."""

    study: str
    title: str
    runs: bool
    lacks: tuple[Finding, ...] = ()


class Diagnosis(Record):
    """Everything that was found."""

    findings: tuple[Finding, ...]
    studies: tuple[StudyFinding, ...]

    @property
    def faults(self) -> int:
        """The number of things that are here and cannot work."""
        return sum(finding.state == "fault" for finding in self.findings)

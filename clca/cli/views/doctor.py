"""`clca doctor` on the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console

from clca.cli.views.screen import make_console, print_json, styled
from clca.doctor.diagnosis import diagnose
from clca.doctor.finding import Finding, State, StudyFinding

STYLES: dict[State, str] = {"ok": "green", "absent": "yellow", "fault": "bold red"}
WIDTH = 8  # of the state


def show(*, as_json: bool) -> int:
    """Print the diagnosis. Returns the exit code: 1 if something is here that cannot work, else 0."""
    diagnosis = diagnose(os.environ)
    if as_json:
        print_json({**diagnosis.model_dump(), "faults": diagnosis.faults}, indent=2)
        return 1 if diagnosis.faults else 0
    console = make_console()
    for topic, findings in groupby(diagnosis.findings, key=lambda finding: finding.topic):
        console.print(topic, style="bold")
        for finding in findings:
            _show(console, finding)
    _show_studies(console, diagnosis.studies)
    faults = diagnosis.faults
    console.print(
        "Nothing is broken." if not faults else f"{faults} {'thing is' if faults == 1 else 'things are'} broken."
    )
    return 1 if faults else 0


def _show(console: Console, finding: Finding) -> None:
    text = f"{finding.name}: {finding.value}" if finding.value else finding.name
    console.print(styled("  ", (f"{finding.state:<{WIDTH}}", STYLES[finding.state]), text))
    if finding.fix:
        console.print(f"  {'':{WIDTH}}-> {finding.fix}")


def _show_studies(console: Console, studies: Sequence[StudyFinding]) -> None:
    """A line for each study, then what they lack, each thing once."""
    console.print("Studies", style="bold")
    lacking: dict[str, list[Finding]] = {}
    for study in studies:
        state = ("ready", STYLES["ok"]) if study.runs else ("lacks", STYLES["absent"])
        names = list(dict.fromkeys(lack.name for lack in study.lacks))
        text = f"{study.study}: {', '.join(names)}" if names else study.study
        console.print(styled("  ", (f"{state[0]:<{WIDTH}}", state[1]), text))
        for lack in study.lacks:
            lacking.setdefault(lack.name, []).append(lack)
    if lacking:
        console.print("What studies lack", style="bold")
    for name, lacks in lacking.items():
        values = list(dict.fromkeys(lack.value for lack in lacks))
        console.print(f"  {name}")
        for value in values:
            console.print(f"  {'':{WIDTH}}{value}")
        for fix in dict.fromkeys(lack.fix for lack in lacks):
            console.print(f"  {'':{WIDTH}}-> {fix}")

"""The plan of `clca report`: the results are found and read, and the former report is looked at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from clca.content.lookup import Content
from clca.errors import NotFoundError, StoreError
from clca.evaluation.validation import require
from clca.report.config import REPORT, ReportConfig
from clca.report.embedded_data import ReportData, read_report
from clca.report.sections.values import text
from clca.report.sources import ReportInputs, find_sources


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """The results that a report is made of, the file it goes to, and `former`, the report it is compared with."""

    config: ReportConfig
    content: Content
    base: Path
    inputs: ReportInputs
    out: Path
    title: str
    former: ReportData | None
    former_file: Path | None


def plan(config: ReportConfig, workspace: Path | None = None) -> ReportPlan:
    """Find the results and the former report.

    Raises `NotFoundError` for a name of nothing, and where there is nothing to report of; `StoreError` for a file that
    is no report; `SettingsError` for figures without the libraries that draw them.
    """
    if config.figures is not None:
        require(("numpy", "matplotlib"), "--figures needs", "report")
    base = Path.cwd()
    inputs = find_sources(config, base)
    if not inputs.sources:
        left = len(inputs.unfinished) + len(inputs.unreadable)
        raise NotFoundError(
            "there is nothing to report of: no finished study, run, adapter or evaluation"
            + (f", and {left:,} that are not finished or cannot be read" if left else "")
            + "; make some (`clca generate`), or name them"
        )
    study = inputs.of("study")
    out = config.out or (config.studies / config.study / REPORT if config.study else Path(REPORT))
    title = config.title or (text(study[0].data.get("title")) if len(study) == 1 else "") or "Results"
    former_file = config.against or out
    if config.against is not None:
        former: ReportData | None = read_report(config.against)
    else:
        former = _former(out)
    return ReportPlan(
        config, Content(workspace), base, inputs, out, title, former, former_file if former is not None else None
    )


def _former(out: Path) -> ReportData | None:
    """The report that is replaced; None where there is none. Raises `StoreError` for a file that is none."""
    if not os.path.lexists(out):
        return None
    try:
        return read_report(out)
    except NotFoundError:
        raise StoreError(
            f"{out} would be replaced, and is no report of clca: move it away, or give another file with --out"
        ) from None

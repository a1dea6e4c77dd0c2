"""The content files that a report shows numbers of, besides results: scores of cultures, printed tables."""

from __future__ import annotations

from pathlib import Path

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError
from clca.evaluation.published.catalogue import TABLES
from clca.evaluation.s2n_results import MMLU, OFFENSE
from clca.evaluation.wvs.published import PATH as WVS
from clca.report.sections.cultures import cultures_of
from clca.report.sources import ReportInputs

CULTURES, PUBLISHED = "cultures", "published"


def shown_content(inputs: ReportInputs, workspace: Path | None) -> dict[str, dict[str, str]]:
    """The files by what they hold, each with its SHA-256; what cannot be read is told of where it is shown."""
    profiles, printed = Content(workspace), Content(workspace)
    catalogue = CultureCatalogue(profiles)
    for name in cultures_of(inputs):
        try:
            catalogue.culture(catalogue.find(name))
        except ClcaError:
            continue
    if inputs.of("study", "evaluation"):
        for path in (TABLES, WVS, OFFENSE, MMLU):
            try:
                printed.text(path)
            except ClcaError:
                continue
    read = {CULTURES: profiles.used, PUBLISHED: printed.used}
    return {what: {path: file.digest for path, file in used.items()} for what, used in read.items() if used}

"""`clca report`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Quiet, configured
from clca.report.config import ReportConfig

EXAMPLES = """
Examples:

  clca report                                   everything that is finished in the workspace

  clca report --study cultures                  a study with all that its cells made

  clca report japan evaluations/wvs/tiny-japan-1a2b3c --out japan.html

  clca report --figures figures                 its figures for print, and their data

  clca report --against last-week.html          what differs from a former report

Exit codes: 0 written, 2 bad input, or a file that clca did not write.
"""


@configured(ReportConfig)
def report(config: ReportConfig, workspace: Path | None, *, quiet: Quiet = False, json: Json = False) -> None:
    """Make one HTML file of results: tables, figures, sample dialogues, and where every number comes from."""
    from clca.cli.views import report as view

    view.report(config, workspace, quiet=quiet, as_json=json)

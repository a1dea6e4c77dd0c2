"""`clca trace`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Quiet, configured
from clca.report.lineage.config import TraceConfig

EXAMPLES = """
Examples:

  clca trace japan-clinic-stop-driving-1           a dialogue: scenario, norm, requests; examples, adapters, scores

  clca trace adapters/japan/llama-3.1-8b-clca-1a2b3c --most 10

  clca trace evaluations/wvs/NAME#japan.clca.kl_paper      a number of scores.json, by its key path

  clca trace 'evaluations/wvs/NAME#kl_paper/CLCA/Japan'    the same as a cell of table.csv

  clca trace 'studies/main#cultures/CLCA/Japan' --direction back

Exit codes: 0 done, 2 bad input, or a name of nothing or of several things.
"""


@configured(TraceConfig)
def trace(config: TraceConfig, workspace: Path | None, *, quiet: Quiet = False, json: Json = False) -> None:
    """Show what a result was made from, down to prompts and raw replies, and what was made of it."""
    from clca.cli.views import trace as view

    view.trace(config, workspace, quiet=quiet, as_json=json)

"""`clca eval-cspec`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Quiet, configured
from clca.evaluation.cspec.config import CspecConfig

EXAMPLES = """
Examples:

  clca eval-cspec matrix.csv                      adapter cultures as rows, test cultures as columns

  clca eval-cspec evaluations/offense/llama-3.1-8b-1a2b3c --mmlu evaluations/mmlu/llama-3.1-8b-4d5e6f

  clca eval-cspec RUN-OF-WVS RUN-OF-WVS+WIKI      several adapters' data in the same tables

Exit codes: 0 done, 2 bad input or unusable folder.
"""


@configured(CspecConfig)
def eval_cspec(config: CspecConfig, workspace: Path | None, *, quiet: Quiet = False, json: Json = False) -> None:
    """Measure cultural specificity (C-SPEC): how close each adapter comes to the best score on its own culture."""
    from clca.cli.views import cspec
    from clca.evaluation.cspec.plan import plan
    from clca.evaluation.cspec.run import run

    cspec.show(run(plan(config, workspace)), quiet=quiet, as_json=json)

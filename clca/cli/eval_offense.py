"""`clca eval-offense`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.evaluation.offense.config import OffenseConfig

EXAMPLES = """
Examples:

  clca eval-offense                                        the rehearsal: a tiny student on the demonstration texts

  clca eval-offense --student llama-3.1-8b                 with an adapter of every culture in adapters/

  clca eval-offense -c turkey --adapter turkey=adapters/turkey/mine --adapter ara=adapters/ara/mine

  clca eval-offense -s llama-3.1-8b --plan                 cells, prompts, tokens, time

  clca eval-offense -s base --base-url http://localhost:8000/v1 --adapter turkey=turkey-lora

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to resume.
"""


@configured(OffenseConfig)
def eval_offense(
    config: OffenseConfig,
    workspace: Path | None,
    *,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evaluate a student and its adapters on offensiveness: every adapter answers the tests of every culture.

    Prints the matrix of scores, its C-SPEC, and the tables of S2N beside the values that S2N printed.
    Needs: pip install '.\\[eval]' in clca's source folder.
    """
    from clca.cli.views import evaluation, offense

    result = evaluation.evaluate(config, workspace, plan=plan, quiet=quiet, as_json=json)
    from clca.evaluation.offense.result import OffenseResult

    if isinstance(result, OffenseResult) and config.scoring == "paper" and not (quiet or json):
        offense.show_differences(result.differences)

"""`clca eval-normad`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.evaluation.normad import NormadConfig

EXAMPLES = """
Examples:

  clca eval-normad                                                  the rehearsal: a tiny student, a few stories

  clca eval-normad -s llama-3.1-8b --data normad_etiquette_final_data.csv -c japan -c turkey

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to resume.
"""


@configured(NormadConfig)
def eval_normad(
    config: NormadConfig,
    workspace: Path | None,
    *,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evaluate a student and its adapters on NormAd: is what a story tells acceptable in its country?

    Prints the macro-F1 of each system by country. Needs: pip install '.\\[eval]' in clca's source folder.
    """
    from clca.cli.views import evaluation

    evaluation.evaluate(config, workspace, plan=plan, quiet=quiet, as_json=json)

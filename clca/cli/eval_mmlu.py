"""`clca eval-mmlu`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.evaluation.mmlu.config import MmluConfig

EXAMPLES = """
Examples:

  clca eval-mmlu                          the rehearsal: a tiny student and a few questions, on a CPU

  clca eval-mmlu --student llama-3.1-8b   the 57 subjects of cais/mmlu, by the student and each adapter of it

  clca eval-mmlu -s llama-3.1-8b --adapter japan --shots 0 --mode generate

  clca eval-mmlu -s llama-3.1-8b --data mmlu/data --subject anatomy --subject virology

  clca eval-mmlu -s llama-3.1-8b --base-url http://localhost:8000/v1 --adapter japan=japan-wvs

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to resume.
"""


@configured(MmluConfig)
def eval_mmlu(
    config: MmluConfig,
    workspace: Path | None,
    *,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evaluate a student and its adapters on MMLU, to see how much knowledge an adaptation costs.

    Uses the usual prompts. Prints accuracy and macro-F1 by subject, by group and overall, and how each adapter changes
    them.
    Needs: pip install '.\\[eval]' in clca's source folder.
    """
    from clca.cli.views import evaluation

    evaluation.evaluate(config, workspace, plan=plan, quiet=quiet, as_json=json)

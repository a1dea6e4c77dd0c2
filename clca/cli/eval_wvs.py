"""`clca eval-wvs`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.evaluation.wvs.config import WvsConfig

EXAMPLES = """
Examples:

  clca eval-wvs --culture japan                          the rehearsal: a tiny student, on a CPU, in about a minute

  clca eval-wvs --culture japan --student llama-3.1-8b --adapter japan

  clca eval-wvs --student llama-3.1-8b --plan            the paper's five cultures: prompts, tokens, time

  clca eval-wvs -c japan -s llama-3.1-8b --base-url http://localhost:8000/v1 --adapter japan

  clca eval-wvs -c japan --order given --order reversed  how much the order of the options matters

  clca eval-wvs -s llama-3.1-8b --scoring paper --bits 4    as CLCA's released evaluation asks and reads

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to resume.
"""


@configured(WvsConfig)
def eval_wvs(
    config: WvsConfig,
    workspace: Path | None,
    *,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evaluate a student on the World Values Survey: it answers as the respondents, whose own answers score it.

    Wave 7. Prints the paper's metrics, by the paper's formula, and proper ones beside them.
    Needs: pip install '.\\[eval]' in clca's source folder.
    """
    from clca.cli.views import evaluation

    evaluation.evaluate(config, workspace, plan=plan, quiet=quiet, as_json=json)

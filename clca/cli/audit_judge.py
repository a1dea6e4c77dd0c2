"""`clca audit-judge`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.quality.audit.config import LIBRARIES, AuditConfig

EXAMPLES = """
Examples:

  clca audit-judge japan --plan                  the dialogues, the flaws, and how many requests they take

  clca audit-judge japan                         the judge of the newest run of Japan

  clca audit-judge japan --judge llama-3.1-8b --judge-base-url http://gpu1:8000/v1 --dialogues 50

  clca audit-judge japan --second-judge qwen2.5-32b --second-judge-base-url http://gpu2:8000/v1

  clca audit-judge japan --sheet sheet.csv       also for people; later --labels sheet.csv with their verdicts

Exit codes: 0 done, 1 the judge was lost, 2 bad input or unusable folder, 3 done but some judgements failed,
130 interrupted. The same command goes on.
"""


@configured(AuditConfig)
def audit_judge(
    config: AuditConfig, workspace: Path | None, *, plan: Plan = False, quiet: Quiet = False, json: Json = False
) -> None:
    """Plant known flaws in kept dialogues, and see which the judge finds: recall, false alarms, agreement, effects."""
    from clca.cli.views import audit as view
    from clca.evaluation.validation import require

    require(LIBRARIES, "clca audit-judge needs", extra="quality")
    view.audit(config, workspace, plan_only=plan, quiet=quiet, as_json=json)

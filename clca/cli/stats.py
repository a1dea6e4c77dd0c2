"""`clca stats`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Quiet, configured
from clca.quality.stats.config import LIBRARIES, StatsConfig

EXAMPLES = """
Examples:

  clca stats japan                          the newest run of Japan

  clca stats japan uk                       two cultures, and how they differ

  clca stats japan --compare generated/japan/llama-3.1-70b-s42-1a2b3c

  clca stats 'generated/*/*' --report report      every run; stats.json in report/

Exit codes: 0 done, 2 bad input or unusable folder.
"""


@configured(StatsConfig)
def stats(config: StatsConfig, workspace: Path | None, *, quiet: Quiet = False, json: Json = False) -> None:
    """Measure kept dialogues: lengths, actions, endings, diversity, variety of people, stereotypes, language."""
    from clca.cli.views import stats as view
    from clca.evaluation.validation import require

    require(LIBRARIES, "clca stats needs", extra="quality")
    view.measure(config, workspace, quiet=quiet, as_json=json)

"""`clca compare`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, configured
from clca.evaluation.compare.config import CompareConfig

EXAMPLES = """
Examples:

  clca compare evaluations/wvs/tiny-japan-1a2b3c evaluations/wvs/llama-3.1-8b-japan-4d5e6f

  clca compare tiny-japan tiny-japan --method persona --method clca    two methods of one evaluation
"""


@configured(CompareConfig)
def compare(config: CompareConfig, workspace: Path | None, *, json: Json = False) -> None:
    """Compare two survey evaluations on the respondents that both asked: differences, intervals, p-values."""
    from clca.evaluation.validation import require_libraries

    require_libraries(server=True)
    from clca.cli.views import comparison
    from clca.evaluation.compare.plan import plan
    from clca.evaluation.compare.run import run

    comparison.show(run(plan(config, workspace)), as_json=json)

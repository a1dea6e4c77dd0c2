"""`clca export`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Quiet, configured
from clca.quality.export.config import ExportConfig

EXAMPLES = """
Examples:

  clca export japan --out data                            messages, and the records beside them

  clca export japan uk --format sharegpt --out data       for LLaMA-Factory and axolotl

  clca export 'generated/*/*' --format datasets --out data --license cc-by-4.0

  clca export japan --format datasets --out data --push my-lab/japan-dialogues

Exit codes: 0 done, 2 bad input, unusable folder, or refused by the hub.
"""


@configured(ExportConfig)
def export(config: ExportConfig, workspace: Path | None, *, quiet: Quiet = False, json: Json = False) -> None:
    """Export kept dialogues for other trainers or the Hugging Face hub, with a dataset card."""
    from clca.cli.views import export as view

    view.export(config, workspace, quiet=quiet, as_json=json)

"""`clca review`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.options import Json, configured
from clca.quality.inspection.config import SELECTING, InspectConfig

EXAMPLES = """
Examples:

  clca review japan                             one kept dialogue after the other: a accepts it, r rejects it, q stops

  clca review japan --reviewer ana --relevance cultural

  clca inspect japan --review rejected          what came of it

  clca train --culture japan --reviewed         only what was accepted

Exit codes: 0 done or stopped, 2 bad input. Reviews are in reviews.jsonl of the run's folder, each as soon as its key is
pressed; the same command goes on with what this reviewer has not judged.
"""


@configured(InspectConfig, fields=SELECTING)
def review(
    config: InspectConfig,
    workspace: Path | None,
    *,
    reviewer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who reviews. (default the name of your account)")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Show those too that this reviewer has judged.")] = False,
    json: Json = False,
) -> None:
    """Read kept dialogues one by one, and accept, reject or comment each with a key.

    Keys: a accept, r reject, c comment, s skip, b back, j show the judge's verdict, q stop.
    """
    from clca.cli.views import reviewing

    reviewing.review(config, workspace, reviewer, again=again, as_json=json)

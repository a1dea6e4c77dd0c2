"""`clca inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.options import Json, Quiet, configured
from clca.errors import SettingsError
from clca.quality.inspection.config import InspectConfig

EXAMPLES = """
Examples:

  clca inspect japan --verdict kept --intent refuse         whose intents speak of refusing

  clca inspect japan --text neighbour --page 2

  clca inspect japan --where 'len(turns) > 12 and scenario.participants[1].age > 60'

  clca inspect japan uk --relevance cultural --out cultural.jsonl

  clca inspect japan --review rejected --reviewer ana

  clca inspect japan --replay japan-clinic-stop-driving-1 3

  clca inspect --web japan                                  to read, search and review in a browser; Ctrl-C ends it

Exit codes: 0 done, 2 bad input or no such page.
"""


@configured(InspectConfig)
def inspect(
    config: InspectConfig,
    workspace: Path | None,
    *,
    replay: Annotated[
        tuple[str, int] | None,
        typer.Option(
            metavar="ID TURN",
            help="Show what was asked for a turn, counted from 1, and the raw reply (clca generate --keep-requests).",
        ),
    ] = None,
    web: Annotated[
        bool,
        typer.Option("--web", help="Show the runs in a browser, at an address of this machine that opens once."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find dialogues by what is in them, page through them, and take them out."""
    from clca.cli.views import inspection as view

    if web and replay is not None:
        raise SettingsError("--web and --replay: give one of them")
    if web:
        from clca.cli.views import web_inspection

        web_inspection.inspect(config, workspace, as_json=json)
        return
    if replay is not None:
        from clca.cli.views import replay as replayed

        replayed.replay(config, workspace, *replay, as_json=json)
        return
    view.inspect(config, workspace, quiet=quiet, as_json=json)

"""`clca published`."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca published                     all tables of both papers, in their own layout

  clca published social              one of them: CLCA's ablation with other data

  clca published s2n-4               table 4 of S2N

  clca published intent --json       its numbers, and what a run must have for each row

An evaluation shows a published number beside its own only where it has everything that the number needs, and says in
one line what differs otherwise.
"""


def published(
    table: Annotated[str | None, typer.Argument(help="Id of a table, as in its heading.", show_default="all")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="A table as JSON; all tables as one JSON object per line.")
    ] = False,
) -> None:
    """Show the published tables of both papers, and what a run must have to stand beside each row."""
    from clca.cli.views import published as view

    view.show(table, as_json=json)

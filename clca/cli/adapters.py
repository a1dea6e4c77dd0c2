"""`clca adapters`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.paths import expanded

SHOW_EXAMPLES = """
Examples:

  clca adapters show japan                                 the newest of Japan; the others are named

  clca adapters show adapters/japan/tiny-tiny-1a2b3c
"""
MERGE_EXAMPLES = """
Example:

  clca adapters merge japan merged/japan
"""

app = typer.Typer(help="Trained adapters: list, provenance, merging.", no_args_is_help=True)

OUT = typer.Option(help="Folder of the adapters.")
NAME = typer.Argument(help="Folder, name or culture of an adapter.")


@app.command("list", epilog="Example:\n\n  clca adapters list")
def list_adapters(
    out: Annotated[Path, OUT] = Path("adapters"),
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List all finished adapters."""
    from clca.cli.views import adapters

    adapters.show_adapters(expanded(out), as_json=json)


@app.command("show", epilog=SHOW_EXAMPLES)
def show_adapter(
    name: Annotated[str, NAME],
    out: Annotated[Path, OUT] = Path("adapters"),
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Show an adapter: student, recipe, the runs it learned from, losses, and how to load it."""
    from clca.cli.views import adapters

    adapters.show_adapter(name, expanded(out), as_json=json)


@app.command("merge", epilog=MERGE_EXAMPLES)
def merge_adapter(
    name: Annotated[str, NAME],
    target: Annotated[Path, typer.Argument(help="New folder for the whole model.")],
    out: Annotated[Path, OUT] = Path("adapters"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Merge an adapter into its student: a whole 16-bit model, for programs that load no adapters."""
    from clca.cli.views import adapters

    adapters.merge_adapter(name, expanded(target), expanded(out), as_json=json)

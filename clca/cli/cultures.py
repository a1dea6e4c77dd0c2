"""`clca cultures`."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Cultures: scores, descriptors and everyday material.", no_args_is_help=True)


@app.command("list", epilog="Example:\n\n  clca cultures list")
def list_cultures(json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False) -> None:
    """List all cultures with their names and aliases."""
    from clca.cli.views import cultures

    cultures.list_cultures(as_json=json)


@app.command("show", epilog="Examples:\n\n  clca cultures show japan\n\n  clca cultures show deu")
def show_culture(
    name: Annotated[str, typer.Argument(help="Name, country, ISO code or alias.")],
    json: Annotated[bool, typer.Option("--json", help="The whole record as JSON.")] = False,
) -> None:
    """Show a culture: scores as bars, descriptors, its position on the Inglehart-Welzel map, manners."""
    from clca.cli.views import cultures

    cultures.show_culture(name, as_json=json)

"""`clca tokens`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

ADD_EXAMPLES = """
Examples:

  clca tokens add ana                                 may read

  clca tokens add ana --role review --days 30         may read and review, for thirty days

  clca tokens add pipeline --role run > token         may submit and stop jobs, too
"""

app = typer.Typer(help="Who may use the service (clca serve) over the network.", no_args_is_help=True)
Folder = Annotated[str | None, typer.Option("--folder", help="Folder of the service (default service).")]


@app.command("add", epilog=ADD_EXAMPLES)
def add_token(
    name: Annotated[str, typer.Argument(help="Who gets it: reviews and jobs carry this name.")],
    role: Annotated[
        Literal["read", "review", "run"], typer.Option(help="What they may do; each covers those before it.")
    ] = "read",
    days: Annotated[
        float | None, typer.Option(min=0.0001, max=36500, help="Days after which it ends (default never).")
    ] = None,
    folder: Folder = None,
) -> None:
    """Make a token and print it: only its digest is kept, so that it cannot be shown again."""
    from clca.cli.views import service

    service.add_token(name, role, days, folder)


@app.command("list", epilog="Example:\n\n  clca tokens list")
def list_tokens(
    folder: Folder = None, json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False
) -> None:
    """List who has a token, for what, and until when."""
    from clca.cli.views import service

    service.show_tokens(folder, as_json=json)


@app.command("remove", epilog="Example:\n\n  clca tokens remove ana")
def remove_token(name: Annotated[str, typer.Argument(help="Who has it.")], folder: Folder = None) -> None:
    """Take a token back, which counts at once."""
    from clca.cli.views import service

    service.remove_token(name, folder)

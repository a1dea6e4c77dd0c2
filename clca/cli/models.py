"""`clca models`."""

from __future__ import annotations

from typing import Annotated

import typer

SHOW_EXAMPLES = """
Examples:

  clca models show llama-3.1-70b

  clca models show Qwen/Qwen2.5-14B-Instruct

  clca models show ./my-finetuned-llama
"""

app = typer.Typer(help="Language models by alias, and which of them fit this machine.", no_args_is_help=True)


@app.command("list", epilog="Example:\n\n  clca models list")
def list_models(json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False) -> None:
    """List all models with an alias, and whether each fits this machine."""
    from clca.cli.views import models

    models.show_models(as_json=json)


@app.command("show", epilog=SHOW_EXAMPLES)
def show_model(
    name: Annotated[str, typer.Argument(help="Alias, hub id (org/name) or local folder.")],
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Show a model: memory by precision, cache, licence, and how this machine would serve it."""
    from clca.cli.views import models

    models.show_model(name, as_json=json)

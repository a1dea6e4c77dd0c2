"""`clca schema`."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca schema                        the names

  clca schema generate               the settings of clca generate: flags, clca.toml, CLCA_*

  clca schema generate.result        what clca generate --json prints
"""


def schema(
    name: Annotated[str | None, typer.Argument(help="A stage, its result, or a file.")] = None,
) -> None:
    """Print the JSON schema of a stage's settings, of its result, or of a file that it writes."""
    from clca.cli.views.screen import print_json
    from clca.schema_index import names, schema_of

    if name is None:
        print("\n".join(names()))
        return
    print_json(schema_of(name), indent=2)

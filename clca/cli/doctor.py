"""`clca doctor`."""

from __future__ import annotations

import typer

from clca.cli.options import Json

EXAMPLES = """
Examples:

  clca doctor

  clca doctor --json

Exit codes: 0 nothing is broken (what is absent need not be here), 1 something is here that cannot work.
"""


def doctor(json: Json = False) -> None:
    """Show what works on this machine, what is missing or broken, and how to mend it; nothing is asked of a network."""
    from clca.cli.views import doctor

    raise typer.Exit(doctor.show(as_json=json))

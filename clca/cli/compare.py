"""`clca compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca compare evaluations/wvs/tiny-japan-1a2b3c evaluations/wvs/llama-3.1-8b-japan-4d5e6f

  clca compare tiny-japan tiny-japan --method persona --method clca    two methods of the newest evaluation
"""


def compare(
    one: Annotated[
        str, typer.Argument(help="Folder of an evaluation, its name, or what that begins with.", metavar="RUN")
    ],
    other: Annotated[str, typer.Argument(help="Of the one to compare it with.", metavar="RUN")],
    method: Annotated[
        list[str] | None,
        typer.Option(help="Compare this method; given twice, that of the first RUN and that of the second."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the evaluations.")] = Path("evaluations"),
    seed: Annotated[int, typer.Option(help="Of the resampling.")] = 42,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare two evaluations on the respondents that both of them asked: differences, intervals, p-values."""
    from clca.evaluation.validation import require_libraries

    require_libraries(server=True)
    from clca.cli.views import comparison

    comparison.compare(one, other, tuple(method or ()), out.expanduser(), seed, as_json=json)

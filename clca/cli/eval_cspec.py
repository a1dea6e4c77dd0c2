"""`clca eval-cspec`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca eval-cspec matrix.csv                      adapter cultures as rows, test cultures as columns

  clca eval-cspec evaluations/offense/llama-3.1-8b-1a2b3c --mmlu evaluations/mmlu/llama-3.1-8b-4d5e6f

  clca eval-cspec RUN-OF-WVS RUN-OF-WVS+WIKI      several adapters' data in the same tables

Exit codes: 0 done, 2 bad input or unusable folder.
"""


def eval_cspec(
    matrix: Annotated[
        list[str],
        typer.Argument(
            help="CSV file of scores, or an evaluation by `clca eval-offense`: its folder, its name, or what that"
            " begins with. Several stand in the same tables.",
            metavar="MATRIX.csv|RUN...",
        ),
    ],
    mmlu: Annotated[
        list[str] | None,
        typer.Option(
            help="Evaluation by `clca eval-mmlu` of the same student and adapters: adds the paper's tables 4 or 11, and"
            " 5; repeatable, one for each RUN.",
            metavar="RUN",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the permutations, where there are more than 7 cultures.")] = 42,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for tables and heat-maps. (default RUN/cspec; evaluations/cspec/NAME for a CSV or several)"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the score.")] = False,
) -> None:
    """Measure cultural specificity: how far the adapter of each culture is the best on its own culture's tests."""
    from clca.evaluation.validation import require

    require(("numpy", "matplotlib"), "C-SPEC and its heat-maps need")
    from clca.cli.views import cspec

    cspec.show(matrix, mmlu or [], seed, out.expanduser() if out is not None else None, quiet=quiet, as_json=json)

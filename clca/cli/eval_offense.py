"""`clca eval-offense`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.evaluation_options import EVALUATIONS, HOW, WHAT, BaseUrl, Bits, Json, New, Out, Plan, Quiet, Student

EXAMPLES = """
Examples:

  clca eval-offense                                        the rehearsal: a tiny student on the demonstration texts

  clca eval-offense --student llama-3.1-8b                 with the newest adapter of every culture in adapters/

  clca eval-offense -c turkey --adapter turkey=adapters/turkey/mine --adapter ara=adapters/ara/mine

  clca eval-offense -s llama-3.1-8b --plan                 cells, prompts, tokens, time

  clca eval-offense -s base --base-url http://localhost:8000/v1 --adapter turkey=turkey-lora

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to go on.
"""


def eval_offense(
    culture: Annotated[
        list[str] | None,
        typer.Option(
            "--culture",
            "-c",
            help="Culture whose tests are asked, by name, country or ISO code; repeatable. (default all that there are"
            " tests of)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    student: Student = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CULTURE=DIR",
            help="Adapter of a culture, or combined=DIR; a name in adapters/ will do; with --base-url CULTURE=NAME, the"
            " server's name of it; repeatable. (default the newest of each culture for this student)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    row: Annotated[
        list[str] | None,
        typer.Option(
            help="Who answers: base, zero-shot (asked with the culture's name), combined, or the culture of an adapter;"
            " repeatable. (default all there are)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Test sets that `clca data import-offense` wrote. (default data/offense, if there, else a few texts"
            " for demonstration)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Ask at most this many texts of each test.", rich_help_panel=WHAT)
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            help="generate: an answer is written and read; probability: the options are compared. (default generate;"
            " probability for tiny)",
            rich_help_panel=HOW,
        ),
    ] = None,
    scoring: Annotated[
        str,
        typer.Option(
            help="corrected, or paper: with the quirks of the paper's framework, of which a table is shown.",
            rich_help_panel=HOW,
        ),
    ] = "corrected",
    layout: Annotated[
        str, typer.Option("--format", help="text, as the paper asks, or chat.", rich_help_panel=HOW)
    ] = "text",
    bits: Bits = None,
    base_url: BaseUrl = None,
    seed: Annotated[int, typer.Option(help="Of --limit and of the intervals.", rich_help_panel=HOW)] = 42,
    out: Out = EVALUATIONS,
    new: New = False,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Ask a student and its adapters what is offensive to whom: every adapter on every culture's tests.

    The matrix, its C-SPEC, and the tables of S2N with what it printed beside them.
    Needs: pip install '.\\[eval]' where clca's source is.
    """
    from clca.evaluation.validation import require_libraries

    require_libraries(server=base_url is not None)
    from clca.cli.views import offense
    from clca.evaluation.offense.config import OffenseConfig

    asked = OffenseConfig(
        cultures=tuple(culture or ()),
        student=student,
        adapters=tuple(adapter or ()),
        rows=tuple(row or ()),
        base_url=base_url,
        data=data.expanduser() if data is not None else None,
        mode=mode,
        scoring=scoring,
        layout=layout,
        limit=limit,
        bits=bits,
        seed=seed,
        out=out.expanduser(),
        new=new,
    )
    if plan:
        offense.show_plan(asked, as_json=json)
    else:
        offense.evaluate(asked, quiet=quiet, as_json=json)

"""`clca eval-wvs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.evaluation_options import EVALUATIONS, HOW, WHAT, BaseUrl, Bits, Json, New, Out, Plan, Quiet, Student

EXAMPLES = """
Examples:

  clca eval-wvs --culture japan                          the rehearsal: a tiny student, on a CPU, in about a minute

  clca eval-wvs --culture japan --student llama-3.1-8b --adapter japan

  clca eval-wvs --student llama-3.1-8b --plan            the paper's five cultures: prompts, tokens, time

  clca eval-wvs -c japan -s llama-3.1-8b --base-url http://localhost:8000/v1 --adapter japan

  clca eval-wvs -c japan --order given --order reversed  how much the order of the options matters

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to go on.
"""

WHO = "Who is asked what"


def eval_wvs(
    culture: Annotated[
        list[str] | None,
        typer.Option(
            "--culture",
            "-c",
            help="Culture by name, country or ISO code; repeatable; `all`. (default those of the adapters, else the"
            " paper's five)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    student: Student = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            help="Adapter by folder, name, culture or run; with --base-url the server's name of it; repeatable."
            " (default the newest of each culture for this student)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="persona, cultural or clca; repeatable. (default all for which there is what they need)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    respondents: Annotated[
        int | None,
        typer.Option("--respondents", "-n", help="Of each culture. (default 1000; 100 for tiny)", rich_help_panel=WHO),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Respondents that `clca data import-wvs` wrote. (default data/wvs/respondents.parquet, if there)",
            rich_help_panel=WHO,
        ),
    ] = None,
    items: Annotated[
        str | None, typer.Option(help="Only these items: Q1,Q2. (default all 44)", rich_help_panel=WHO)
    ] = None,
    language: Annotated[
        str, typer.Option(help="en, native, or a language of eval/wvs/: zh, de, ja, es.", rich_help_panel=WHO)
    ] = "en",
    order: Annotated[
        list[str] | None,
        typer.Option(
            help="Order of the options: given, reversed or shuffled; repeatable. (default given)", rich_help_panel=WHO
        ),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="Weight respondents as the survey does.", rich_help_panel=WHO)
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the draw and of shuffled options.", rich_help_panel=WHO)] = 42,
    mode: Annotated[
        str | None,
        typer.Option(
            help="generate: an answer is written and read; probability: every option is scored. (default generate;"
            " probability for tiny)",
            rich_help_panel=HOW,
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="chat; text; bare: text that tells of no respondent. (default chat; text for students without a chat"
            " template and for adapters of plain text)",
            rich_help_panel=HOW,
        ),
    ] = None,
    bits: Bits = None,
    base_url: BaseUrl = None,
    until_ci: Annotated[
        float | None,
        typer.Option(
            help="Stop a culture and method once half the 95 % interval of its kl is below this.", rich_help_panel=HOW
        ),
    ] = None,
    out: Out = EVALUATIONS,
    new: New = False,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Ask a student, in the place of survey respondents, what they were asked; score its answers against theirs.

    World Values Survey, wave 7: the paper's numbers by the paper's formula, and proper ones beside them.
    Needs: pip install '.\\[eval]' where clca's source is.
    """
    from clca.evaluation.validation import require_libraries
    from clca.evaluation.wvs.config import WvsConfig

    require_libraries(server=base_url is not None)
    from clca.cli.views import wvs

    asked = WvsConfig(
        cultures=tuple(culture or ()),
        student=student,
        adapters=tuple(adapter or ()),
        base_url=base_url,
        methods=tuple(method or ()),
        mode=mode,
        language=language,
        respondents=respondents,
        items=items,
        orders=tuple(order or ()),
        layout=layout,
        bits=bits,
        weights=weights,
        data=data.expanduser() if data is not None else None,
        seed=seed,
        until_ci=until_ci,
        out=out.expanduser(),
        new=new,
    )
    if plan:
        wvs.show_plan(asked, as_json=json)
    else:
        wvs.evaluate(asked, quiet=quiet, as_json=json)

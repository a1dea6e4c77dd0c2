"""`clca eval-mmlu`."""

from __future__ import annotations

from typing import Annotated

import typer

from clca.cli.evaluation_options import EVALUATIONS, HOW, WHAT, BaseUrl, Bits, Json, New, Out, Plan, Quiet, Student

EXAMPLES = """
Examples:

  clca eval-mmlu                          the rehearsal: a tiny student and a few questions, on a CPU

  clca eval-mmlu --student llama-3.1-8b   the 57 subjects of cais/mmlu, by the student and each adapter of it

  clca eval-mmlu -s llama-3.1-8b --adapter japan --shots 0 --mode generate

  clca eval-mmlu -s llama-3.1-8b --data mmlu/data --subject anatomy --subject virology

  clca eval-mmlu -s llama-3.1-8b --base-url http://localhost:8000/v1 --adapter japan=japan-wvs

Exit codes: 0 evaluated, 1 out of memory or a server that was lost, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to go on.
"""


def eval_mmlu(
    student: Student = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(
            help="Adapter by folder, name, culture or run, or CULTURE=DIR; with --base-url CULTURE=NAME, the server's"
            " name of it; repeatable. (default the newest of each culture for this student)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    subject: Annotated[
        list[str] | None,
        typer.Option(help="Only this subject, as in eval/mmlu/subjects.csv; repeatable.", rich_help_panel=WHAT),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Hendrycks' CSV folder, or a data set in the layout of cais/mmlu, of the hub or in a folder, or demo."
            " (default cais/mmlu; demo for tiny)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="So many questions of each subject, drawn by the seed.", rich_help_panel=WHAT)
    ] = None,
    shots: Annotated[int, typer.Option(help="Worked examples before each question: 0 or 5.", rich_help_panel=HOW)] = 5,
    mode: Annotated[
        str,
        typer.Option(
            help="probability: the likeliest letter, as by convention; generate: an answer is written and read.",
            rich_help_panel=HOW,
        ),
    ] = "probability",
    scoring: Annotated[
        str,
        typer.Option(
            help="corrected; paper: S2N's markers and its reading, in which an unreadable answer is an A.",
            rich_help_panel=HOW,
        ),
    ] = "corrected",
    bits: Bits = None,
    base_url: BaseUrl = None,
    seed: Annotated[int, typer.Option(help="Of --limit and of intervals.", rich_help_panel=HOW)] = 42,
    out: Out = EVALUATIONS,
    new: New = False,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Ask a student and its adapters the questions of MMLU: what adaptation costs in knowledge.

    Accuracy and macro-F1 by subject, group and overall, by the usual prompts, and what each adapter changes of that.
    Needs: pip install '.\\[eval]' where clca's source is.
    """
    from clca.evaluation.mmlu.config import MmluConfig
    from clca.evaluation.validation import require_libraries

    require_libraries(server=base_url is not None)
    from clca.cli.views import mmlu

    asked = MmluConfig(
        student=student,
        adapters=tuple(adapter or ()),
        base_url=base_url,
        subjects=tuple(subject or ()),
        data=data,
        shots=shots,
        mode=mode,
        scoring=scoring,
        limit=limit,
        bits=bits,
        seed=seed,
        out=out.expanduser(),
        new=new,
    )
    if plan:
        mmlu.show_plan(asked, as_json=json)
    else:
        mmlu.evaluate(asked, quiet=quiet, as_json=json)

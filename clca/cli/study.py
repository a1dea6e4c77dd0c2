"""`clca study`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.options import Json, Plan, Quiet, configured
from clca.cli.paths import expanded
from clca.content.lookup import find_workspace
from clca.study.config import StudyConfig

RUN_EXAMPLES = """
Examples:

  clca study run rehearsal                  the whole chain with the simulator and the tiny student

  clca study run mine.yaml --plan           the cells, what is done, what the rest would take

  clca study run mine.yaml --jobs 2

Exit codes: 0 every cell is finished, 2 bad input or unusable folder, 3 some cells failed or were skipped,
130 interrupted. The same command resumes a study and tries failed cells again; several processes and machines that
share the folders may work on one study at once.
"""
PLAN_EXAMPLES = """
Example:

  clca study plan rehearsal
"""
STATUS_EXAMPLES = """
Example:

  clca study status rehearsal
"""
DIFF_EXAMPLES = """
Examples:

  clca study diff rehearsal mine            two studies

  clca study diff before/studies/mine studies/mine      two states of one study: a copied folder and the present one
"""
CLEAN_EXAMPLES = """
Examples:

  clca study clean rehearsal                what it made that nothing else uses

  clca study clean rehearsal --replaced --yes      delete what newer results have replaced

What uses a result is looked for in adapters/, audits/ and evaluations/ of the working directory, beside the result, and
among the studies of --out; a use elsewhere is not seen.
"""

app = typer.Typer(help="Whole experiments: carried out, resumed, compared.", no_args_is_help=True)

NAME = Annotated[str, typer.Argument(metavar="NAME|DIR", help="Study by name, or its folder.")]
OUT = Annotated[Path, typer.Option(help="Folder of the studies.")]


@app.command("run", epilog=RUN_EXAMPLES)
@configured(StudyConfig)
def run(
    config: StudyConfig, workspace: Path | None, *, plan: Plan = False, quiet: Quiet = False, json: Json = False
) -> None:
    """Carry out a study: generate, train and evaluate what is not done yet, cell by cell."""
    from clca.cli.views import study, study_plan
    from clca.study.plan import plan as make_plan

    planned = make_plan(config, workspace)
    if plan:
        study_plan.show_plan(planned, as_json=json)
        return
    raise typer.Exit(study.carry_out(planned, quiet=quiet, as_json=json))


@app.command("plan", epilog=PLAN_EXAMPLES)
@configured(StudyConfig, fields=("study", "out"))
def plan(config: StudyConfig, workspace: Path | None, *, json: Json = False) -> None:
    """Show a study's cells, which of them are done, and what the rest would take."""
    from clca.cli.views import study_plan
    from clca.study.plan import plan as make_plan

    study_plan.show_plan(make_plan(config, workspace), as_json=json)


@app.command("status", epilog=STATUS_EXAMPLES)
def status(name: NAME, out: OUT = Path("studies"), json: Json = False) -> None:
    """Show how far a study is, cell by cell."""
    from clca.cli.views import study
    from clca.study.status import study_status

    study.show_status(study_status(name, expanded(out)), as_json=json)


@app.command("diff", epilog=DIFF_EXAMPLES)
def diff(
    first: NAME,
    second: Annotated[str, typer.Argument(metavar="NAME|DIR", help="The study to compare it with.")],
    out: OUT = Path("studies"),
    json: Json = False,
) -> None:
    """Show in what two studies differ: their files, cells, settings, content and numbers."""
    from clca.cli.views import study
    from clca.study.diff import study_diff

    study.show_diff(study_diff(first, second, expanded(out)), as_json=json)


@app.command("clean", epilog=CLEAN_EXAMPLES)
def clean(
    name: NAME,
    out: OUT = Path("studies"),
    replaced: Annotated[bool, typer.Option("--replaced", help="Only what newer results have replaced.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete it.")] = False,
    json: Json = False,
) -> None:
    """Show what a study made that nothing else uses; delete it with --yes."""
    from clca.cli.views import study
    from clca.study.clean import clean_study

    made = clean_study(name, expanded(out), find_workspace(), only_replaced=replaced, delete=yes)
    study.show_clean(made, as_json=json)


@app.command("list", epilog="Example:\n\n  clca study list")
def list_studies(out: OUT = Path("studies"), json: Json = False) -> None:
    """List the studies that there are, and how far those are that were begun."""
    from clca.cli.views import study
    from clca.study.status import list_studies

    study.show_list(list_studies(expanded(out), find_workspace()), as_json=json)

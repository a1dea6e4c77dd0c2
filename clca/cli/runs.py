"""`clca show` and `clca retry`: runs that exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clca.cli.options import Json, Quiet, configured, with_flags
from clca.generation.config import GenerateConfig

if TYPE_CHECKING:
    from clca.storage.run_index import RunInfo

SHOW_EXAMPLES = """
Examples:

  clca show                          all runs

  clca show japan                    the newest run of Japan, its dialogues line by line

  clca show japan ID                 one dialogue, kept, discarded or failed, of any run of Japan

  clca show ID                       the same, of any run

  clca show generated/japan/rehearsal-s42-1a2b3c --discarded
"""
RETRY_EXAMPLES = """
Example:

  clca retry japan --failed
"""

SERVER_FIELDS = (
    "base_url",
    "partner_base_url",
    "judge_base_url",
    "localiser_base_url",
    "concurrency",
    "timeout",
    "max_http_attempts",
    "out",
)


@configured(GenerateConfig, fields=("out",))
def show(
    config: GenerateConfig,
    workspace: Path | None,
    *,
    run: Annotated[
        str | None, typer.Argument(help="Folder, name or culture of a run; or a dialogue's id, of any run.")
    ] = None,
    dialogue: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A dialogue's id, or its beginning or end.")
    ] = None,
    kept: Annotated[bool, typer.Option("--kept", help="List only kept dialogues.")] = False,
    discarded: Annotated[bool, typer.Option("--discarded", help="List only discarded dialogues.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List only failed dialogues.")] = False,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List only dialogues that somebody has removed from dialogues.jsonl.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most dialogues to list.")] = 40,
    json: Annotated[bool, typer.Option("--json", help="Print the records as they are.")] = False,
) -> None:
    """Read runs and dialogues in the terminal."""
    from clca.cli.views.dialogue import show_record
    from clca.cli.views.runs import show_dialogues, show_runs
    from clca.cli.views.selection import show_selections
    from clca.errors import NotFoundError
    from clca.generation.run_records import find_record
    from clca.storage.run_index import list_runs
    from clca.storage.run_selection import newest_run

    if run is None:
        show_runs(config.out, as_json=json)
        return
    try:
        runs = _find(run, config.out, workspace)
    except NotFoundError as unknown_run:
        runs = list_runs(config.out)
        if dialogue is not None or not runs:
            raise
        try:
            show_record(find_record(runs, run), as_json=json)
        except NotFoundError:
            raise NotFoundError(f"{unknown_run.message}; nor is there a dialogue of this id in any run") from None
        return
    if dialogue is None:
        wanted = {"kept": kept, "discarded": discarded, "failed": failed, "rejected": rejected}
        info, selection = newest_run(run, runs)
        show_selections([selection])
        chosen = [outcome for outcome, is_wanted in wanted.items() if is_wanted]
        show_dialogues(info, chosen or list(wanted), limit, as_json=json)
    else:
        show_record(find_record(runs, dialogue), as_json=json)


@with_flags(GenerateConfig, fields=SERVER_FIELDS)
def retry(
    flags: dict[str, Any],
    *,
    run: Annotated[str, typer.Argument(help="Folder, name or culture of a run.")],
    failed: Annotated[bool, typer.Option("--failed", help="Try the failed dialogues again.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Try the failed dialogues of a run again, with the run's own settings.

    Requests whose replies were invalid are sent with new seeds. Requests that the server did not answer are sent
    unchanged, from where their dialogue stopped. Servers, time-outs and attempts may differ: no record depends on them.
    """
    from clca.cli.views import generation
    from clca.cli.views.selection import show_selections
    from clca.content.lookup import find_workspace
    from clca.errors import SettingsError
    from clca.generation.plan import plan_retry
    from clca.stages import resolve_config
    from clca.storage.run_selection import newest_run

    if not failed:
        raise SettingsError("nothing selected to retry: use clca retry RUN --failed")
    workspace = find_workspace()
    changes = {name: value for name, value in flags.items() if name != "out"}
    out = resolve_config(GenerateConfig, {"out": flags["out"]} if "out" in flags else {}, workspace=workspace).out
    runs = _find(run, out, workspace)
    with_failures = [info for info in runs if info.data.get("counts", {}).get("failed")]
    if len(with_failures) > 1:
        folders = ", ".join(str(info.folder) for info in with_failures)
        raise SettingsError(f"{run} has {len(with_failures)} runs with failed dialogues: {folders}; give one of them")
    info, selection = newest_run(run, with_failures or runs)
    show_selections([selection])
    plan = plan_retry(info, changes, workspace)
    raise typer.Exit(generation.generate(plan, quiet=quiet, as_json=json))


def _find(run: str, out: Path, workspace: Path | None) -> list[RunInfo]:
    """The runs of a name, or of any name of a culture, oldest first."""
    from contextlib import suppress

    from clca.errors import NotFoundError
    from clca.generation.plan import expand_cultures
    from clca.storage.run_index import find_runs

    try:
        return find_runs(run, out)
    except NotFoundError as error:
        with suppress(NotFoundError):
            return find_runs(expand_cultures((run,), workspace)[0], out)
        raise error from None

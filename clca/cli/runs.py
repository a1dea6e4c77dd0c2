"""`clca show` and `clca retry`: runs that are there already."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from clca.storage.run_index import RunInfo

SHOW_EXAMPLES = """
Examples:

  clca show                          all runs

  clca show japan                    the newest run of Japan, its dialogues line by line

  clca show japan ID                 one dialogue, kept, discarded or failed

  clca show generated/japan/rehearsal-s42-1a2b3c --discarded
"""
RETRY_EXAMPLES = """
Example:

  clca retry japan --failed
"""

OUT = typer.Option(help="Folder of the runs. (default generated)")


def show(
    run: Annotated[str | None, typer.Argument(help="Folder, name or culture of a run.")] = None,
    dialogue: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A dialogue's id, or its beginning or end.")
    ] = None,
    kept: Annotated[bool, typer.Option("--kept", help="List only kept dialogues.")] = False,
    discarded: Annotated[bool, typer.Option("--discarded", help="List only discarded dialogues.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List only failed dialogues.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most dialogues to list.")] = 40,
    out: Annotated[Path | None, OUT] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the records as they are.")] = False,
) -> None:
    """Read runs and dialogues in the terminal."""
    from clca.cli.views import runs

    folder = _out(out)
    if run is None:
        runs.show_runs(folder, as_json=json)
        return
    info = _find(run, folder)
    outcomes = [name for name, wanted in (("kept", kept), ("discarded", discarded), ("failed", failed)) if wanted]
    if dialogue is None:
        runs.list_dialogues(info, outcomes or ["kept", "discarded", "failed"], limit, as_json=json)
    else:
        runs.show_dialogue(info, dialogue, as_json=json)


def retry(
    run: Annotated[str, typer.Argument(help="Folder, name or culture of a run.")],
    failed: Annotated[bool, typer.Option("--failed", help="Try the failed dialogues again.")] = False,
    base_url: Annotated[list[str] | None, typer.Option(help="Server of the teacher, if it has moved.")] = None,
    partner_base_url: Annotated[str | None, typer.Option(help="Server of the partner, if it has moved.")] = None,
    judge_base_url: Annotated[str | None, typer.Option(help="Server of the judge, if it has moved.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Most requests in flight.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds after which a request is given up.")] = None,
    tries: Annotated[int | None, typer.Option(help="How often a request is sent while the server fails.")] = None,
    out: Annotated[Path | None, OUT] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Try the failed dialogues of a run again, with the run's own settings.

    What failed over invalid replies is asked anew with other seeds; what the server failed is asked the same again,
    and only from where it failed. Servers and patience may be changed, for they decide no record.
    """
    from clca.cli.views import generation
    from clca.errors import SettingsError

    if not failed:
        raise SettingsError("say what to try again: clca retry RUN --failed")
    flags = {
        "base_url": tuple(base_url or ()) or None,
        "partner_base_url": partner_base_url,
        "judge_base_url": judge_base_url,
        "concurrency": concurrency,
        "timeout": timeout,
        "tries": tries,
    }
    raise typer.Exit(generation.retry(_find(run, _out(out)), flags, quiet=quiet, as_json=json))


def _find(run: str, out: Path) -> RunInfo:
    """A run by its names, or by any name of its culture."""
    from clca.cli.views.generation import expand
    from clca.content.lookup import find_workspace
    from clca.errors import NotFoundError
    from clca.storage.run_index import find_run

    try:
        return find_run(run, out)
    except NotFoundError as error:
        with suppress(NotFoundError):
            return find_run(expand([run], find_workspace())[0], out)
        raise error


def _out(out: Path | None) -> Path:
    from clca.cli.views import generation

    return out if out is not None else generation.resolve_here({})[0].out

"""The command line. Commands are thin; what they do is imported when they run.

generate -> working, planning, progress    runs -> reading    cultures -> profiles    content -> files
"""

from __future__ import annotations

import sys

import typer

from clca.cli import content, cultures, generate, runs
from clca.errors import ClcaError

app = typer.Typer(
    name="clca",
    help="Make a language model behave as people of a culture would: generate dialogues, train on them, measure it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        from clca import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


app.command(epilog=generate.EXAMPLES)(generate.generate)
app.command(epilog=runs.SHOW_EXAMPLES)(runs.show)
app.command(epilog=runs.RETRY_EXAMPLES)(runs.retry)
app.command(epilog=content.INIT_EXAMPLES)(content.init)
app.add_typer(cultures.app, name="cultures")
app.add_typer(content.app, name="content")


def main() -> None:
    """Entry point: an expected error is one line on stderr and its exit code, never a traceback."""
    try:
        app()
    except ClcaError as error:
        print(f"clca: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)

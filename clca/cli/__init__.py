"""The command line. Commands are thin; what they do is imported when they run.

generate -> working, planning, progress    runs -> reading    cultures -> profiles
models -> shelf    serve -> serving    content -> files
train -> training, forecast, launching    adapters -> rack    data -> import_report, offense_report
eval-wvs -> wvs, wvs_plan    eval-offense -> offense, matrix    eval-cspec -> specificity
eval-mmlu -> mmlu, matrix    compare -> comparing
"""

from __future__ import annotations

import os
import sys
from time import sleep
from typing import Any

import typer

from clca.cli import (
    adapters,
    compare,
    content,
    cultures,
    data,
    eval_cspec,
    eval_mmlu,
    eval_offense,
    eval_wvs,
    generate,
    models,
    runs,
    serve,
    train,
)
from clca.cli.views.screen import printable
from clca.errors import ClcaError

# Typer's own class for wrong arguments has no public name of its own: BadParameter is one of its kind.
USAGE: Any = typer.BadParameter.__base__

LAUNCHER = 10.0  # seconds in which a launcher ends the other processes once the first has failed, and more

app = typer.Typer(
    name="clca",
    help="Dialogues between people of a culture, played by language models, and students trained on them.",
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
app.command(epilog=train.EXAMPLES)(train.train)
app.command("eval-wvs", epilog=eval_wvs.EXAMPLES)(eval_wvs.eval_wvs)
app.command("eval-cspec", epilog=eval_cspec.EXAMPLES)(eval_cspec.eval_cspec)
app.command("eval-offense", epilog=eval_offense.EXAMPLES)(eval_offense.eval_offense)
app.command("eval-mmlu", epilog=eval_mmlu.EXAMPLES)(eval_mmlu.eval_mmlu)
app.command(epilog=compare.EXAMPLES)(compare.compare)
app.command("serve-teacher", epilog=serve.EXAMPLES)(serve.serve_teacher)
app.command(epilog=content.INIT_EXAMPLES)(content.init)
app.add_typer(cultures.app, name="cultures")
app.add_typer(adapters.app, name="adapters")
app.add_typer(models.app, name="models")
app.add_typer(data.app, name="data")
app.add_typer(content.app, name="content")


def main() -> None:
    """Entry point: an expected error is one line on stderr and its exit code, never a traceback."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except ClcaError as error:
        code = _refuse(error.message, error.exit_code)
    except USAGE as error:
        said = error.format_message()  # nothing, where the help was shown for want of arguments
        code = _refuse(f"{said} (see {error.ctx.command_path} --help)", 2) if said else 2
    except BrokenPipeError:  # a reader such as `head` has seen enough
        sys.stdout = None
        code = 0
    except OSError as error:
        code = _refuse(f"{error.filename or 'output'}: {error.strerror}", 2)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(message: str, code: int) -> int:
    if os.environ.get("LOCAL_RANK", "0") != "0":
        sleep(LAUNCHER)  # the first process says the same, and this one is ended: what is still here failed alone
    print(f"clca: {printable(message)}", file=sys.stderr)
    return code

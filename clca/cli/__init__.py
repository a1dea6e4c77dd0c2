"""The command line. Commands are thin, and each is loaded when it is named: parse, plan, run, view."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from time import sleep
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from clca.cli.views.screen import printable
from clca.errors import ClcaError

# Typer's own class for wrong arguments has no public name of its own: BadParameter is one of its kind.
USAGE: Any = typer.BadParameter.__base__

INTERRUPTED = 130  # exit code after Ctrl-C, as of a process that SIGINT ended

LAUNCHER = 10.0  # seconds in which a launcher ends the other processes once the first has failed, and more

COMMANDS = {
    "generate": ("generate", "generate", "EXAMPLES"),
    "show": ("runs", "show", "SHOW_EXAMPLES"),
    "retry": ("runs", "retry", "RETRY_EXAMPLES"),
    "train": ("train", "train", "EXAMPLES"),
    "eval-wvs": ("eval_wvs", "eval_wvs", "EXAMPLES"),
    "eval-offense": ("eval_offense", "eval_offense", "EXAMPLES"),
    "eval-normad": ("eval_normad", "eval_normad", "EXAMPLES"),
    "eval-mmlu": ("eval_mmlu", "eval_mmlu", "EXAMPLES"),
    "eval-cspec": ("eval_cspec", "eval_cspec", "EXAMPLES"),
    "compare": ("compare", "compare", "EXAMPLES"),
    "cultures": ("cultures", "app", ""),
    "models": ("models", "app", ""),
    "adapters": ("adapters", "app", ""),
    "data": ("data", "app", ""),
    "content": ("content", "app", ""),
    "init": ("content", "init", "INIT_EXAMPLES"),
    "serve-teacher": ("serve", "serve_teacher", "EXAMPLES"),
    "schema": ("schema", "schema", "EXAMPLES"),
}
"""Each command in the order of the help: its module, the function or Typer app there, and the name of its examples."""


class _LazyGroup(TyperGroup):
    """A group whose commands are imported when they are looked up."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute, examples = COMMANDS[cmd_name]
        module = import_module(f"clca.cli.{module_name}")
        target = getattr(module, attribute)
        root = typer.Typer(**SETTINGS)
        root.callback()(_nothing)  # so that a single command keeps its name
        if isinstance(target, typer.Typer):
            root.add_typer(target, name=cmd_name)
        else:
            root.command(cmd_name, epilog=getattr(module, examples))(target)
        return get_command(root).commands[cmd_name]  # type: ignore[attr-defined]


def _nothing() -> None:
    pass


SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": "rich",
    "pretty_exceptions_enable": False,
}
app = typer.Typer(
    name="clca",
    cls=_LazyGroup,
    help="Dialogues between people of a culture, played by language models, and students trained on them.",
    no_args_is_help=True,
    **SETTINGS,
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


def main() -> None:
    """Entry point: an expected error or an interruption is one line on stderr and an exit code, never a traceback."""
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C ends the process at once
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is ignored in background jobs of a shell
        signal.signal(signal.SIGINT, interrupt)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = _refuse("interrupted", INTERRUPTED)
    except Exception:
        if not interrupted:
            raise
        code = _refuse("interrupted", INTERRUPTED)  # a library turned the interruption into an error of its own
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run a command; returns its exit code."""
    code = 0
    command = get_command(app)
    try:
        try:
            with command.make_context("clca", arguments) as context:
                command.invoke(context)
        except typer.Exit as end:
            code = end.exit_code
        sys.stdout.flush()
    except ClcaError as error:
        return _refuse(error.message, error.exit_code)
    except USAGE as error:
        message = error.format_message()  # empty where the help was shown for want of arguments
        path = error.ctx.command_path if error.ctx is not None else _command_path(arguments)
        return _refuse(f"{message} (see {path} --help)", 2) if message else 2
    except BrokenPipeError:  # a reader such as `head` has seen enough
        sys.stdout = None
    except OSError as error:
        return _refuse(f"{error.filename or 'output'}: {error.strerror}", 2)
    return code


def _command_path(arguments: list[str]) -> str:
    return " ".join(["clca", *(name for name in arguments[:1] if name in COMMANDS)])


def _refuse(message: str, code: int) -> int:
    if os.environ.get("LOCAL_RANK", "0") != "0":
        sleep(LAUNCHER)  # the first process says the same, and this one is ended: what is still here failed alone
    print(f"clca: {printable(message)}", file=sys.stderr)
    return code

"""The command line. Commands are thin, and each is loaded when it is named: parse, plan, run, view."""

from __future__ import annotations

import errno
import os
import signal
import sys
from dataclasses import dataclass
from importlib import import_module
from time import sleep
from types import FrameType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from clca.cli.streams import give_up, prepare_streams
from clca.cli.strict_command import StrictCommand
from clca.errors import ClcaError
from clca.printable import one_line
from clca.words import beginning

# Typer's own class for wrong arguments has no public name of its own: BadParameter is one of its kind.
USAGE: Any = typer.BadParameter.__base__

INTERRUPTED = 130  # exit code after Ctrl-C, as of a process that SIGINT ended

LONGEST = 4000  # characters of an error, which may quote what a file holds

LAUNCHER = 10.0  # seconds in which a launcher ends the other processes once the first has failed, and more


@dataclass(frozen=True, slots=True)
class _Entry:
    """A command: its line in `clca --help`, its module, the function or Typer app there, the name of its examples."""

    summary: str
    module: str
    attribute: str
    examples: str = ""


COMMANDS = {
    "generate": _Entry("Generate dialogues of a culture.", "generate", "generate", "EXAMPLES"),
    "show": _Entry("Read runs and dialogues.", "runs", "show", "SHOW_EXAMPLES"),
    "inspect": _Entry("Find dialogues by what is in them.", "inspect", "inspect", "EXAMPLES"),
    "review": _Entry("Accept and reject dialogues by keys.", "review", "review", "EXAMPLES"),
    "retry": _Entry("Try the failed dialogues of a run again.", "runs", "retry", "RETRY_EXAMPLES"),
    "stats": _Entry("Measure the dialogues of runs.", "stats", "stats", "EXAMPLES"),
    "audit-judge": _Entry("Measure what the judge of runs finds.", "audit_judge", "audit_judge", "EXAMPLES"),
    "export": _Entry("Export dialogues for other trainers or the hub.", "export", "export", "EXAMPLES"),
    "train": _Entry("Train QLoRA adapters of a student.", "train", "train", "EXAMPLES"),
    "eval-wvs": _Entry("Evaluate on the World Values Survey.", "eval_wvs", "eval_wvs", "EXAMPLES"),
    "eval-offense": _Entry("Evaluate on offensiveness across cultures.", "eval_offense", "eval_offense", "EXAMPLES"),
    "eval-normad": _Entry("Evaluate on NormAd's stories of etiquette.", "eval_normad", "eval_normad", "EXAMPLES"),
    "eval-mmlu": _Entry("Evaluate on MMLU, for what was forgotten.", "eval_mmlu", "eval_mmlu", "EXAMPLES"),
    "eval-cspec": _Entry("Measure cultural specificity (C-SPEC).", "eval_cspec", "eval_cspec", "EXAMPLES"),
    "map": _Entry("Map the texts of cultures, and how far they separate.", "map", "map_sources", "EXAMPLES"),
    "compare": _Entry("Compare two evaluations on the same respondents.", "compare", "compare", "EXAMPLES"),
    "study": _Entry("Carry out a whole experiment, and resume it.", "study", "app"),
    "trace": _Entry("Show where a result comes from, and what came of it.", "trace", "trace", "EXAMPLES"),
    "report": _Entry("Make a page of results, each number with its origin.", "report", "report", "EXAMPLES"),
    "published": _Entry("Show what both papers published, and for which runs.", "published", "published", "EXAMPLES"),
    "cultures": _Entry("List cultures, with scores and descriptors.", "cultures", "app"),
    "models": _Entry("List models, and which of them fit this machine.", "models", "app"),
    "adapters": _Entry("List, inspect and merge trained adapters.", "adapters", "app"),
    "data": _Entry("Fetch and import respondents, test sets, norms and more.", "data", "app"),
    "content": _Entry("Find, check and copy content files.", "content", "app"),
    "doctor": _Entry("Show what works here, and how to mend the rest.", "doctor", "doctor", "EXAMPLES"),
    "init": _Entry("Make a workspace.", "content", "init", "INIT_EXAMPLES"),
    "serve-teacher": _Entry("Keep a vLLM server up for commands.", "serve_teacher", "serve_teacher", "EXAMPLES"),
    "cluster": _Entry("Plan replicas on many machines, and the time they take.", "cluster", "app"),
    "serve": _Entry("Submit, watch, read and review over HTTP.", "serve", "serve", "EXAMPLES"),
    "tokens": _Entry("Say who may use the service (clca serve).", "tokens", "app"),
    "schema": _Entry("Print the JSON schema of settings and results.", "schema", "schema", "EXAMPLES"),
}
"""The commands in the order of the help."""


class _LazyGroup(TyperGroup):
    """A group whose commands are imported when they are run; its help needs only their summaries."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else TyperCommand(cmd_name, help=entry.summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, arguments = super().resolve_command(ctx, args)
        return name, None if name is None else load_command(name), arguments


def load_command(name: str) -> Any:
    """The command of this name, with its module imported."""
    entry = COMMANDS[name]
    module = import_module(f"clca.cli.{entry.module}")
    target = getattr(module, entry.attribute)
    root = typer.Typer(**SETTINGS)
    root.callback()(_nothing)  # so that a single command keeps its name
    if isinstance(target, typer.Typer):
        for command in target.registered_commands:
            command.cls = StrictCommand
        root.add_typer(target, name=name)
    else:
        root.command(name, cls=StrictCommand, epilog=getattr(module, entry.examples))(target)
    return get_command(root).commands[name]  # type: ignore[attr-defined]


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
    **{**SETTINGS, "add_completion": True},
)
COMPLETE = "_CLCA_COMPLETE"  # set by the script that `clca --show-completion` prints, when a shell asks what fits


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

    prepare_streams()
    if COMPLETE in os.environ:
        get_command(app).main(prog_name="clca")  # answers, and exits
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
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of a library in Rust, which is no Exception
            raise
        code = _refuse(f"a library stopped: {error}", 1)
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
        give_up(sys.stdout)
    except SystemExit as end:
        if end.code not in (0, 1):  # Rich's, where nobody reads the help
            raise
        give_up(sys.stdout)
    except OSError as error:
        give_up(sys.stdout)
        advice = "; raise the limit of open files (ulimit -n)" if error.errno == errno.EMFILE else ""
        return _refuse(f"{error.filename or 'output'}: {error.strerror or error}{advice}", 2)
    except UnicodeEncodeError as error:  # Arrow, tokenizers and safetensors take names in UTF-8 only
        if not any("\udc80" <= character <= "\udcff" for character in error.object[error.start : error.end]):
            raise
        return _refuse(f"{error.object}: a library cannot open this path, which is not UTF-8: rename it", 2)
    return code


def _command_path(arguments: list[str]) -> str:
    return " ".join(["clca", *(name for name in arguments[:1] if name in COMMANDS)])


def _refuse(message: str, code: int) -> int:
    if os.environ.get("LOCAL_RANK", "0") != "0":
        sleep(LAUNCHER)  # the first process says the same, and this one is ended: what is still here failed alone
    try:
        print(f"clca: {beginning(one_line(message), LONGEST)}", file=sys.stderr, flush=True)
    except OSError:
        give_up(sys.stderr)
    return code

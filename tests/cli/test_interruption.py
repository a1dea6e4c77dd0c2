"""What ends a command before it is at work: one line and an exit code, 130 for Ctrl-C."""

from __future__ import annotations

import builtins
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import clca.__main__ as program
from clca import cli


@pytest.fixture(autouse=True)
def python_s_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ended(run: Callable[[], None]) -> Any:
    with pytest.raises(SystemExit) as caught:
        run()
    return caught.value.code


def ctrl_c(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_says_that_it_was_interrupted(
    command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["clca", command])
    monkeypatch.setattr(cli, "import_module", ctrl_c)
    assert ended(cli.main) == 130
    assert capfd.readouterr() == ("", "clca: interrupted\n")


def test_an_interruption_that_a_library_made_into_an_error_of_its_own_is_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> None:
        try:
            ctrl_c()
        except KeyboardInterrupt:
            raise ImportError("numpy cannot be initialised") from None

    monkeypatch.setattr("sys.argv", ["clca", "train"])
    monkeypatch.setattr(cli, "import_module", load)
    assert ended(cli.main) == 130
    assert capfd.readouterr() == ("", "clca: interrupted\n")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL, "a second Ctrl-C ends the process at once"


def test_a_path_that_a_library_cannot_open_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> None:
        "runs/a\udcff".encode()

    monkeypatch.setattr("sys.argv", ["clca", "train"])
    monkeypatch.setattr(cli, "import_module", load)
    assert ended(cli.main) == 2
    assert capfd.readouterr().err == (
        "clca: runs/a\\udcff: a library cannot open this path, which is not UTF-8: rename it\n"
    )


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        raise ImportError("broken")

    monkeypatch.setattr("sys.argv", ["clca", "train"])
    monkeypatch.setattr(cli, "import_module", load)
    with pytest.raises(ImportError, match="broken"):
        cli.main()


def test_the_import_of_the_command_line_may_be_interrupted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    load_module = builtins.__import__

    def interrupted(name: str, *rest: Any) -> Any:
        if name == "clca.cli":
            raise KeyboardInterrupt
        return load_module(name, *rest)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    assert ended(program.main) == 130
    assert capfd.readouterr() == ("", "clca: interrupted\n")


def test_an_ignored_signal_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setattr("sys.argv", ["clca", "--version"])
    assert ended(cli.main) == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

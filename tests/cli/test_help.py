"""The help of the command line."""

from __future__ import annotations

from typing import Any

import pytest
from typer.main import get_command

from clca.cli import COMMANDS, USAGE, app, load_command


def test_the_help_lists_every_command_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    app(["--help"], standalone_mode=False)
    shown = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert any(name in line and entry.summary in line for line in shown.splitlines()), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_of_its_own(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help
    assert command.help != get_command(app).get_command(None, name).help  # type: ignore[attr-defined, arg-type]


def leaves(command: Any, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """Every command below one, with the words that name it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(words, command)]
    return [leaf for name, child in inner.items() for leaf in leaves(child, (*words, name))]


EVERY_COMMAND = [leaf for name in COMMANDS for leaf in leaves(load_command(name), (name,))]


@pytest.mark.parametrize(("words", "command"), EVERY_COMMAND, ids=[" ".join(words) for words, _ in EVERY_COMMAND])
def test_no_repeated_option_is_dropped(words: tuple[str, ...], command: Any) -> None:
    """Typer takes the last value of an option that is given twice, and forgets the first."""
    for parameter in command.params:
        if parameter.param_type_name != "option" or parameter.multiple or parameter.is_flag:
            continue
        flag, values = parameter.opts[0], ["1"] * parameter.nargs
        with pytest.raises(USAGE) as caught:
            app([*words, flag, *values, flag, *values], standalone_mode=False)
        assert caught.value.format_message() == (
            f"{flag} is given 2 times and takes one value: leave one out, or repeat the command for each"
        )


@pytest.mark.parametrize("words", [words for words, _ in EVERY_COMMAND], ids=" ".join)
def test_no_name_is_cut_at_80_columns(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    app([*words, "--help"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown


def test_opposite_switches_are_refused_and_the_same_one_twice_is_not() -> None:
    with pytest.raises(USAGE, match="--thought is given 2 times"):
        app(["generate", "--thought", "--no-thought"], standalone_mode=False)
    assert app(["models", "list", "--json", "--json"], standalone_mode=False) is None

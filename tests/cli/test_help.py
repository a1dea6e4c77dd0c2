"""The help of the command line."""

from __future__ import annotations

import pytest
from typer.main import get_command

from clca.cli import COMMANDS, app, load_command


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

"""Runs in a browser: the address on the screen, until Ctrl-C."""

from __future__ import annotations

import sys
from pathlib import Path

from clca.cli.views.screen import print_json
from clca.cli.views.selection import show_selections
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.printable import one_line
from clca.progress import Note, Progress
from clca.quality.inspection.config import InspectConfig
from clca.quality.run_choice import choose_runs
from clca.service.web_inspection import require_libraries, serve_runs

TAKEN = frozenset({"run", "generated", "size"})
"""Settings that mean something here, or say only how the screen is filled."""


def inspect(config: InspectConfig, workspace: Path | None, *, as_json: bool) -> None:
    """Show the chosen runs in a browser. Raises `SettingsError` for filters: pages have their own."""
    require_libraries()
    for name, field, option in config.options():
        if name not in TAKEN and getattr(config, name) != field.default:
            flag = (option.name if option else None) or name
            raise SettingsError(f"--{flag.replace('_', '-')}: --web takes runs alone; its pages filter and search")
    runs, selections = choose_runs(config.run, config.generated, CultureCatalogue(Content(workspace)))
    show_selections(selections)

    def show(event: Progress | Note) -> None:
        if isinstance(event, Note):
            sys.stdout.write(f"{one_line(event.text)}\n")  # whole, as no console would leave a long address
            sys.stdout.flush()

    result = serve_runs(runs, show)
    if as_json:
        print_json({"requests": result.requests, "seconds": result.seconds})

"""A stage called from Python: its configuration from keyword arguments, its plan, its run, and a progress bar."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clca.content.config import StageConfig
from clca.content.lookup import find_workspace
from clca.errors import SettingsError
from clca.printable import one_line
from clca.progress import Note, ProgressCallback, ignore
from clca.stages import origins_named, resolve_config, stage


def run_stage(name: str, config: StageConfig | None, progress: bool | ProgressCallback, fields: dict[str, Any]) -> Any:
    """The result of a stage with a whole configuration, or with one from `fields` and the layers below them.

    `progress` is called with what happens; True shows a bar. Raises a `ClcaError`.
    """
    chosen, workspace = stage(name), find_workspace()
    if config is not None and not isinstance(config, chosen.config_type):
        raise SettingsError(
            f"give a {chosen.config_type.__name__} or its fields by name, as in culture='japan'; given: {config!r}"
        )
    if config is None:
        config = resolve_config(chosen.config_type, fields, os.environ, workspace, as_flags=False)
        with origins_named(chosen.config_type, fields, os.environ, workspace, as_flags=False):
            plan = chosen.plan(config, workspace)
    elif fields:
        raise SettingsError(f"give a {type(config).__name__} or its fields, not both: {', '.join(fields)}")
    else:
        plan = chosen.plan(config, workspace)
    if callable(progress):
        return chosen.run(plan, progress)
    if not progress:
        return chosen.run(plan, ignore)
    with _progress_bar() as callback:
        return chosen.run(plan, callback)


@contextmanager
def _progress_bar() -> Iterator[Callable[[Any], None]]:
    """A bar on standard error or in the notebook."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def report(event: Any) -> None:
            if isinstance(event, Note):
                bar.console.print(one_line(event.text), markup=False)
            else:
                bar.update(task, description=event.unit, completed=event.done, total=event.total)

        yield report

"""`clca train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca train --culture japan                          the rehearsal: a tiny student, on a CPU, in about a minute

  clca train --culture japan --check                  look before you spend: examples, counts, memory, time

  clca train --culture japan --student llama-3.1-8b

  clca train --all --student qwen2.5-7b --recipe wvs  one adapter after the other; repeat it to go on

  clca train --combined -c japan -c uk --student llama-3.2-1b --set lora.r=32 --set training.epochs=2

  clca train --culture japan --student llama-3.1-8b --plan         also prints the command for several GPUs

Exit codes: 0 trained, 1 out of memory or a loss that is no number, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to go on.
"""


def _folder(given: str | Path) -> Path:
    if not str(given).strip():
        raise typer.BadParameter("is empty; give a folder")
    return Path(given)


WHAT, HOW, SCREEN = "What to train on", "Student and recipe", "On screen"


def train(
    culture: Annotated[
        list[str] | None,
        typer.Option("--culture", "-c", help="Culture by name, country or ISO code; repeatable.", rich_help_panel=WHAT),
    ] = None,
    combined: Annotated[
        bool,
        typer.Option("--combined", help="One adapter over all these cultures, not one for each.", rich_help_panel=WHAT),
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Every culture there is material for, one after the other.", rich_help_panel=WHAT),
    ] = False,
    run: Annotated[
        list[str] | None,
        typer.Option(
            help="Learn from this run: folder, name or culture; repeatable. (default the newest finished one)",
            rich_help_panel=WHAT,
        ),
    ] = None,
    mix: Annotated[
        str | None,
        typer.Option(
            help="What to mix: clca, intent-only, wvs+wiki, clca:3+chat:1. (default the recipe's)", rich_help_panel=WHAT
        ),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            "--student",
            "-s",
            help="Model to train: an alias (clca models list), a hub id, a local folder, or tiny. (default the"
            " recipe's)",
            rich_help_panel=HOW,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            "-r",
            help="Recipe of trainers/, or a YAML file. (default tiny, the rehearsal; clca with --student)",
            rich_help_panel=HOW,
        ),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a key of the recipe, as in lora.r=32; repeatable.",
            metavar="KEY=VALUE",
            rich_help_panel=HOW,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(parser=_folder, metavar="DIR", help="Folder of the adapters.", rich_help_panel=HOW)
    ] = Path("adapters"),
    new: Annotated[
        bool, typer.Option("--new", help="Train another one beside an adapter that exists.", rich_help_panel=HOW)
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Decode three examples with what is trained in colour; count rows, steps, memory and time; stop.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help="Show the recipe, what it would take, and the command for several GPUs; stop.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=SCREEN)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.", rich_help_panel=SCREEN)] = False,
) -> None:
    """Train QLoRA adapters of a student on kept dialogues (or another mix): one for a culture, or one for several.

    Trained with TRL, PEFT and bitsandbytes: pip install '.\\[train]' where clca's source is.
    """
    from clca.cli.views import training
    from clca.training.plan import TrainConfig

    asked = TrainConfig(
        cultures=tuple(culture or ()),
        combined=combined,
        every=every,
        runs=tuple(run or ()),
        student=student,
        recipe=recipe,
        mix=mix,
        sets=tuple(sets or ()),
        out=out.expanduser(),
        new=new,
    )
    if plan:
        training.show_plan(asked, as_json=json)
    elif check:
        training.show_check(asked, as_json=json)
    else:
        training.train(asked, quiet=quiet, as_json=json)

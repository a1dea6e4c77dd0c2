"""`clca train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.options import SCREEN, Json, Quiet, configured
from clca.training.config import TrainConfig

EXAMPLES = """
Examples:

  clca train --culture japan                          the rehearsal: a tiny student, on a CPU, in about a minute

  clca train --culture japan --check                  without training: examples, counts, memory, time

  clca train --culture japan --student llama-3.1-8b

  clca train --all --student qwen2.5-7b --recipe wvs  one adapter after the other; repeat it to resume

  clca train --combined -c japan -c uk --student llama-3.2-1b --set lora.r=32 --set training.epochs=2

  clca train --culture japan --student llama-3.1-8b --plan         also prints the command for several GPUs

Exit codes: 0 trained, 1 out of memory or a loss that is no number, 2 bad input or unusable folder, 130 interrupted.
Run the same command again to resume.
"""


@configured(TrainConfig)
def train(
    config: TrainConfig,
    workspace: Path | None,
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Show three examples with the trained tokens in colour; count rows, steps, memory and time; stop.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help="Show the recipe, its cost, and the command for several GPUs; stop.",
            rich_help_panel=SCREEN,
        ),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train QLoRA adapters of a student on kept dialogues or another mix, one for each culture or one for several.

    Uses TRL, PEFT and bitsandbytes: pip install '.\\[train]' in clca's source folder.
    """
    from clca.cli.views import training, training_plan
    from clca.training.plan import plan as plan_training

    planned = plan_training(config, workspace, allow_unavailable=plan)
    if plan:
        training_plan.show_plan(planned, as_json=json)
    elif check:
        training_plan.show_check(planned, as_json=json)
    else:
        training.train(planned, quiet=quiet, as_json=json)

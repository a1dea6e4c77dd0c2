"""`clca generate`."""

from __future__ import annotations

from pathlib import Path

import typer

from clca.cli.options import Json, Plan, Quiet, configured
from clca.generation.config import GenerateConfig

EXAMPLES = """
Examples:

  clca generate --culture japan                       the embedded rehearsal: no GPU, no network

  clca generate --culture japan --culture uk --scenarios 20

  clca generate --culture japan --teacher llama-3.1-70b            starts vLLM, and stops it at the end

  clca generate --culture ara --teacher llama-3.1-70b --base-url http://localhost:8000/v1

  clca generate --culture mexico --teacher llama-3.1-70b --base-url http://gpu1:8000/v1
  --judge qwen2.5-32b --judge-base-url http://gpu2:8000/v1

  clca generate --culture japan --scenarios mine.jsonl --plan

  clca generate --culture japan --with mexico --scenarios 20       somebody of Japan meets somebody of Mexico

  clca generate --culture japan --scenarios 20 --kept 500          goes on until 500 are kept

Exit codes: 0 all dialogues kept or discarded, 1 the teacher was lost, 2 bad input or unusable folder,
3 finished but some dialogues failed, 4 fewer kept than --kept says, 130 interrupted. The same command resumes a run.
"""


@configured(GenerateConfig)
def generate(
    config: GenerateConfig, workspace: Path | None, *, plan: Plan = False, quiet: Quiet = False, json: Json = False
) -> None:
    """Generate dialogues of a culture: adapt scenarios, play, judge, filter, label intents.

    Settings come from flags, then CLCA_* environment variables, then clca.toml, then defaults. API keys come from
    CLCA_API_KEY (CLCA_PARTNER_API_KEY, CLCA_JUDGE_API_KEY, CLCA_LOCALISER_API_KEY, OPENAI_API_KEY).
    """
    from clca.cli.views import generation, generation_plan
    from clca.generation.plan import plan as make_plan

    planned = make_plan(config, workspace)
    if plan:
        generation_plan.show_plan(planned, as_json=json)
        return
    raise typer.Exit(generation.generate(planned, quiet=quiet, as_json=json))

"""`clca generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLES = """
Examples:

  clca generate --culture japan                       the embedded rehearsal: no GPU, no network

  clca generate --culture japan --culture uk --scenarios 20

  clca generate --culture japan --teacher llama-3.1-70b            starts vLLM, and stops it at the end

  clca generate --culture ara --teacher llama-3.1-70b --base-url http://localhost:8000/v1

  clca generate --culture mexico --teacher llama-3.1-70b --base-url http://gpu1:8000/v1
  --judge qwen2.5-32b --judge-base-url http://gpu2:8000/v1

  clca generate --culture japan --scenarios mine.jsonl --plan

Exit codes: 0 all dialogues kept or discarded, 1 the teacher was lost, 2 bad input or unusable folder,
3 finished but some dialogues failed, 130 interrupted. Run the same command again to go on.
"""

RUN, MODELS, SERVING, PLAY = "What to generate", "Teachers", "A vLLM of its own", "Role-play and filter"
SCREEN = "On screen"


def generate(
    culture: Annotated[
        list[str],
        typer.Option(
            "--culture", "-c", help="Culture by name, country or ISO code; repeatable; or 'all'.", rich_help_panel=RUN
        ),
    ],
    scenarios: Annotated[
        str | None,
        typer.Option(
            help="How many seed scenarios (default all), or a JSONL file of your own.",
            metavar="N|FILE",
            rich_help_panel=RUN,
        ),
    ] = None,
    norms: Annotated[
        int | None, typer.Option(help="How many more scenarios to write from norms. (default 0)", rich_help_panel=RUN)
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="How often each scenario is played. (default 2)", rich_help_panel=RUN)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of every random choice. (default 42)", rich_help_panel=RUN)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the runs. (default generated)", rich_help_panel=RUN)
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Begin a new run even if this one exists.", rich_help_panel=RUN)
    ] = False,
    plan: Annotated[
        bool,
        typer.Option("--plan", help="Show requests, tokens and one prompt per task; ask nothing.", rich_help_panel=RUN),
    ] = False,
    teacher: Annotated[
        str | None,
        typer.Option(
            help="Model that adapts, plays the first participant and labels intents: an alias (clca models list), a"
            " hub id or a local folder. Without --base-url it is served here. (default rehearsal)",
            rich_help_panel=MODELS,
        ),
    ] = None,
    partner: Annotated[
        str | None,
        typer.Option(help="Model that plays the second participant. (default the teacher)", rich_help_panel=MODELS),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="Model that judges. (default the teacher)", rich_help_panel=MODELS)
    ] = None,
    base_url: Annotated[
        list[str] | None,
        typer.Option(help="OpenAI-compatible server of the teacher; repeatable for replicas.", rich_help_panel=MODELS),
    ] = None,
    partner_base_url: Annotated[
        str | None, typer.Option(help="Server of the partner, if another.", rich_help_panel=MODELS)
    ] = None,
    judge_base_url: Annotated[
        str | None, typer.Option(help="Server of the judge, if another.", rich_help_panel=MODELS)
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Most requests in flight. (default 64)", rich_help_panel=MODELS)
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds after which a request is given up. (default 120)", rich_help_panel=MODELS),
    ] = None,
    tries: Annotated[
        int | None,
        typer.Option(help="How often a request is sent while the server fails. (default 5)", rich_help_panel=MODELS),
    ] = None,
    asks: Annotated[
        int | None,
        typer.Option(
            help="How often a question is asked while replies are invalid. (default 3)", rich_help_panel=MODELS
        ),
    ] = None,
    quantization: Annotated[
        str | None,
        typer.Option(help="Hold the weights in fewer bits: fp8. (default as published)", rich_help_panel=SERVING),
    ] = None,
    vllm_args: Annotated[
        str | None,
        typer.Option(help="More arguments for vllm serve, in one string.", metavar="ARGS", rich_help_panel=SERVING),
    ] = None,
    start_timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds to wait until it answers, download included. (default 3600)", rich_help_panel=SERVING
        ),
    ] = None,
    exchanges: Annotated[
        int | None,
        typer.Option(help="Most exchanges (two turns each) a dialogue has. (default 10)", rich_help_panel=PLAY),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Of the role-play. (default 1.0)", rich_help_panel=PLAY)
    ] = None,
    top_p: Annotated[float | None, typer.Option(help="Of the role-play. (default 0.7)", rich_help_panel=PLAY)] = None,
    discard: Annotated[
        str | None,
        typer.Option(
            help="Verdicts that discard a dialogue, of quality, meta, alignment. (default quality,meta)",
            rich_help_panel=PLAY,
        ),
    ] = None,
    discard_confidence: Annotated[
        str | None,
        typer.Option(help="Least confidence with which they do. (default 'very confident')", rich_help_panel=PLAY),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=SCREEN)
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.", rich_help_panel=SCREEN)] = False,
) -> None:
    """Generate dialogues of a culture: adapt scenarios, play, judge, filter, label intents.

    Settings come from flags, then CLCA_* environment variables, then clca.toml, then defaults. API keys come from
    CLCA_API_KEY (CLCA_PARTNER_API_KEY, CLCA_JUDGE_API_KEY, OPENAI_API_KEY). CLCA_VLLM is the vllm command, if it is not
    on the PATH.
    """
    flags: dict[str, Any] = {
        "teacher": teacher,
        "partner": partner,
        "judge": judge,
        "base_url": tuple(base_url or ()),
        "partner_base_url": partner_base_url,
        "judge_base_url": judge_base_url,
        "quantization": quantization,
        "vllm_args": vllm_args,
        "start_timeout": start_timeout,
        "scenarios": scenarios,
        "norms": norms,
        "samples": samples,
        "exchanges": exchanges,
        "seed": seed,
        "temperature": temperature,
        "top_p": top_p,
        "discard": discard,
        "discard_confidence": discard_confidence,
        "asks": asks,
        "concurrency": concurrency,
        "tries": tries,
        "timeout": timeout,
        "out": out,
    }
    from clca.cli.views import generation, generation_plan
    from clca.generation.plan import prepare

    settings, workspace = generation.resolve_here(flags)
    names = generation.expand(culture, workspace)
    with generation.servers_for(settings, workspace) as servers:
        prepared = [prepare(name, settings, workspace, servers) for name in names]
        if plan:
            generation_plan.show_plan(prepared, servers, as_json=json)
            return
        raise typer.Exit(generation.generate_all(prepared, servers, new=new, quiet=quiet, as_json=json))

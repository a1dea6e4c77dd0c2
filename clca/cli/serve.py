"""`clca serve-teacher`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """
Examples:

  clca serve-teacher llama-3.1-70b

  clca serve-teacher qwen2.5-32b --port 8001 --vllm-args '--max-num-seqs 512'

  CUDA_VISIBLE_DEVICES=0,1 clca serve-teacher ./my-model

Then, in another terminal: clca generate --culture japan --teacher llama-3.1-70b --base-url http://127.0.0.1:8000/v1

With CLCA_API_KEY in the environment the server asks for that key. Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 the
server died, 2 it could not be started.
"""


def serve_teacher(
    name: Annotated[str, typer.Argument(help="Alias (clca models list), hub id or local folder.")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    quantization: Annotated[
        str | None, typer.Option(help="Hold the weights in fewer bits: fp8. (default as published)")
    ] = None,
    vllm_args: Annotated[
        str | None, typer.Option(help="More arguments for vllm serve, in one string.", metavar="ARGS")
    ] = None,
    start_timeout: Annotated[
        float | None, typer.Option(help="Seconds to wait until it answers, download included. (default 3600)")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder under which its log is kept. (default generated)")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show how vLLM would be started; start nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object once it answers.")] = False,
) -> None:
    """Keep vLLM up for several commands, with the settings that clca needs, until Ctrl-C."""
    from clca.cli.views import serving

    flags = {
        "teacher": name,
        "quantization": quantization,
        "vllm_args": vllm_args,
        "start_timeout": start_timeout,
        "out": out,
    }
    serving.serve(flags, host, port, plan=plan, quiet=quiet, as_json=json)

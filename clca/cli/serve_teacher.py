"""`clca serve-teacher`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clca.cli.options import Json, Plan, Quiet, with_flags
from clca.generation.config import GenerateConfig

EXAMPLES = """
Examples:

  clca serve-teacher llama-3.1-70b

  clca serve-teacher qwen2.5-32b --port 8001 --vllm-args '--max-num-seqs 512'

  CUDA_VISIBLE_DEVICES=0,1 clca serve-teacher ./my-model

Then, in another terminal: clca generate --culture japan --teacher llama-3.1-70b --base-url http://127.0.0.1:8000/v1

With CLCA_API_KEY in the environment the server asks for that key. Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 the
server died, 2 it could not be started.
"""


@with_flags(GenerateConfig, fields=("quantization", "vllm_args", "start_timeout", "out"))
def serve_teacher(
    flags: dict[str, Any],
    *,
    name: Annotated[str, typer.Argument(help="Alias (clca models list), hub id or local folder.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    plan: Plan = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Run vLLM for several commands, with the settings that clca needs, until Ctrl-C."""
    from clca.cli.views import serving
    from clca.content.lookup import find_workspace
    from clca.generation.teacher_server import plan_teacher_server
    from clca.stages import origins_named, resolve_config

    workspace, flags = find_workspace(), {**flags, "teacher": name}
    config = resolve_config(GenerateConfig, flags, workspace=workspace)
    with origins_named(GenerateConfig, flags, workspace=workspace):
        planned = plan_teacher_server(config, host, port, workspace)
    if plan:
        serving.show_plan(planned, as_json=json)
    else:
        serving.serve_until_stopped(planned, quiet=quiet, as_json=json)

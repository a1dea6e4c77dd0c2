"""`clca serve`."""

from __future__ import annotations

from pathlib import Path

from clca.cli.options import Json, Plan, Quiet, configured
from clca.service.config import ServeConfig

EXAMPLES = """
Examples:

  clca serve                                          for this machine alone, at http://127.0.0.1:8321

  clca tokens add ana --role run && clca serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem

  clca serve --gpu-jobs 1 --cpu-jobs 4 --allow-url http://gpu1:8000/v1

  curl -H 'Content-Type: application/json' -d '{"culture": ["japan"]}' http://127.0.0.1:8321/v1/generate

It serves the folder that it is started in: its runs, and what jobs make. What a job was doing when the service ends,
however it ends, goes on when it starts again. Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 it could not be started.
"""


@configured(ServeConfig)
def serve(
    config: ServeConfig, workspace: Path | None, *, plan: Plan = False, quiet: Quiet = False, json: Json = False
) -> None:
    """Let people submit, watch, read and review over HTTP (serve-teacher serves a model)."""
    from clca.cli.views import service
    from clca.service.plan import plan as make_plan

    planned = make_plan(config, workspace)
    if plan:
        service.show_plan(planned, as_json=json)
    else:
        service.serve_until_stopped(planned, quiet=quiet, as_json=json)

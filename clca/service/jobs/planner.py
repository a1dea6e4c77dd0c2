"""Plans a configuration in a process of its own: planning may load libraries, which the service has no memory for.

    python -m clca.service.jobs.planner

Standard input holds {"stage", "config"}; standard output gets {"id", "resource", "folders", "plan"}, or {"error"}.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from clca.content.lookup import find_workspace
from clca.errors import ClcaError
from clca.service.jobs.plan_facts import folders, identity, resource, summary
from clca.stages import stage


def planned(request: Mapping[str, Any]) -> dict[str, Any]:
    """What the plan of a configuration says. Raises a `ClcaError`."""
    chosen = stage(request["stage"])
    config = chosen.config_type.model_validate(request["config"])
    plan = chosen.plan(config, find_workspace())
    return {
        "id": identity(config, plan),
        "resource": resource(config, plan),
        "folders": folders(config, plan),
        "plan": summary(config, plan),
    }


def main() -> None:
    """Answer the request on the standard input."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    request = json.load(sys.stdin)
    try:
        reply = planned(request)
    except ClcaError as error:
        reply = {"error": error.message}
    with open(answer, "w", encoding="utf-8", errors="backslashreplace") as stream:
        json.dump(reply, stream)


if __name__ == "__main__":
    main()

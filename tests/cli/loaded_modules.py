"""What commands load: `python loaded_modules.py MODULE... < CASES`, a JSON list of argument lists.

Prints for each a JSON list: the exit code, stderr, and which of the modules were imported. Each command runs in a fork
of a process that has imported the commands and the plans of all stages, which import none of the modules themselves.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

import clca.cli
from clca.stages import STAGES


def outcome(arguments: list[str], modules: list[str]) -> list[Any]:
    """Run a command in a fork."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as report:
        child = os.fork()
        if child == 0:
            os.dup2(errors.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.argv = ["clca", *arguments]
            code: object = "a traceback"
            try:
                clca.cli.main()
            except SystemExit as end:
                code = end.code
            finally:
                sys.stderr.flush()
                report.write(json.dumps([code, [name for name in modules if name in sys.modules]]).encode())
                report.flush()
                os._exit(0)
        os.waitpid(child, 0)
        errors.seek(0)
        report.seek(0)
        code, loaded = json.loads(report.read())
        return [code, errors.read().decode(), loaded]


if __name__ == "__main__":
    for command in clca.cli.COMMANDS:
        clca.cli.load_command(command)
    for stage in STAGES.values():
        assert callable(stage.plan)
    cases = json.load(sys.stdin)
    already = [name for name in sys.argv[1:] if name in sys.modules]
    assert not already, f"commands and plans import {already}"
    for case in cases:
        print(json.dumps(outcome(case, sys.argv[1:])), flush=True)

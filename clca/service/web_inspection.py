"""`clca inspect --web`: the pages of some runs, wherever these are, for whoever started it and nobody else."""

from __future__ import annotations

import getpass
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from clca.evaluation.validation import require
from clca.progress import ProgressCallback
from clca.service.access import OneTimeCode, TokenFile
from clca.service.client_fields import FieldRules
from clca.service.config import ServeConfig
from clca.service.plan import LIBRARIES, ServePlan
from clca.service.result import ServeResult
from clca.service.run import run
from clca.storage.run_index import RunInfo

UNNAMED = "local"  # reviewer whose account has no name


def require_libraries() -> None:
    """Raise `SettingsError` with the command that installs what the pages need, where it is missing."""
    require(LIBRARIES, "--web needs", extra="serve")


def serve_runs(runs: Sequence[RunInfo], progress: ProgressCallback) -> ServeResult:
    """Show runs at a free port of this machine until a signal stops it; `progress` is told the address to open.

    Dialogues may be reviewed under the name of the account. Indices are in a temporary folder, which is removed at the
    end; of the runs only their `reviews.jsonl` is written. Raises `StoreError`.
    """
    with tempfile.TemporaryDirectory(prefix="clca-inspect-") as name:
        folder = Path(name)
        tokens = TokenFile(folder)
        token = tokens.holder(tokens.add(_reviewer(), "review", None))
        assert token is not None
        config = ServeConfig(
            port=0, folder=folder, require_token=True, gpu_jobs=0, cpu_jobs=0, rate=0, free=0.0, drain=0.0
        )
        workspace = Path.cwd()
        plan = ServePlan(
            config,
            workspace,
            workspace,
            FieldRules(workspace, folder, config),
            tokens,
            notes=(),
            chosen=_named(runs),
            once=OneTimeCode(token),
        )
        return run(plan, progress)


def _named(runs: Sequence[RunInfo]) -> dict[str, Path]:
    """The folders of runs by names that fit into an address, each another one."""
    named: dict[str, Path] = {}
    for info in runs:
        culture = re.sub(r"[^a-z0-9_+-]", "-", info.culture.lower()).lstrip("_+-")[:90] or "run"
        name = re.sub(r"[^A-Za-z0-9._-]", "-", info.folder.resolve().name).lstrip("._-")[:90] or "run"
        free, number = f"{culture}/{name}", 1
        while free in named:
            number += 1
            free = f"{culture}/{name}-{number}"
        named[free] = info.folder.resolve()
    return named


def _reviewer() -> str:
    """The name of the account, as far as it fits a token's."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        return UNNAMED
    return re.sub(r"[^A-Za-z0-9_.@-]", "-", name).lstrip("_.@-")[:64] or UNNAMED

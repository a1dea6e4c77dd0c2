"""`run.json`, kept up to date while a command is at work on its run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from clca.errors import NotFoundError, StoreError
from clca.generation.judge_metrics import JudgeCalibration, measure_judge
from clca.generation.outcomes import Funnel
from clca.generation.recorded_settings import recorded_settings
from clca.generation.result import Costs, counts_of
from clca.generation.run_info import GenerationInfo, ServerInfo, SessionInfo
from clca.generation.run_plan import RunPlan
from clca.generation.scheduler import RequestCounts
from clca.generation.teachers import addresses, where_keys_go
from clca.inference.server_state import ServerState
from clca.records import Usage
from clca.storage.fingerprint import fingerprint
from clca.storage.provenance import now, versions
from clca.storage.run_dir import RunDir
from clca.storage.run_index import read_run
from clca.urls import without_credentials

LIBRARIES = ("pydantic", "jinja2", "openai", "aiohttp", "tenacity")


class RunInfoWriter:
    """Keeps the `run.json` of a run up to date during one command."""

    def __init__(self, plan: RunPlan, run_dir: RunDir) -> None:
        self._run_dir, self._started = run_dir, now()
        earlier: dict[str, Any] = {}
        with suppress(NotFoundError, StoreError):  # a new run, or one whose run.json is lost
            earlier = read_run(run_dir.folder).data
        self._sessions = earlier.get("sessions", [])
        self._keys = tuple(where_keys_go(plan.config, os.environ))
        self._fixed = {
            "run": run_dir.folder.name,
            "culture": plan.culture,
            "created": earlier.get("created", self._started),
            "rehearsed": plan.simulator is not None,
            "fingerprint": fingerprint(plan.inputs),
            "models": {
                role: {"name": address.model, "urls": [without_credentials(url) for url in address.urls]}
                for role, address in addresses(plan.config, {}).items()
            },
            "temperatures": dict(plan.temperatures),
            "settings": recorded_settings(plan.config),
            "inputs": plan.inputs,
            "content": {
                path: {"origin": used.origin, "sha256": used.digest} for path, used in sorted(plan.content.used.items())
            },
            "seeds": plan.scenarios.counts.model_dump(),
            "versions": versions(LIBRARIES),
        }

    def verdicts(self, verdicts: Mapping[str, int]) -> dict[str, int]:
        """The verdicts of this command and of those before it."""
        total = Counter(verdicts)
        for session in self._sessions:
            total.update(session.get("verdicts", {}))
        return dict(total)

    def write(
        self,
        funnel: Funnel,
        counts: RequestCounts,
        costs: Costs,
        servers: Iterable[ServerState],
        ended: str,
        *,
        verdicts: Mapping[str, int],
        calibration: JudgeCalibration | None,
    ) -> None:
        """Write `run.json`. Raises `StoreError`."""
        reply_cache = self._run_dir.reply_cache
        requests, prompt_tokens, completion_tokens = reply_cache.usage()
        metrics = measure_judge(reply_cache.outcomes_by_flaw())
        session = SessionInfo(
            started=self._started,
            **dict(costs),
            by_task=dict(counts.by_task),
            invalid_replies=dict(counts.invalid),
            servers=tuple(map(ServerInfo.of, servers)),
            keys=self._keys,
            verdicts=dict(verdicts),
            judge_calibration=calibration,
            ended=ended,
        )
        info = GenerationInfo(
            **self._fixed,
            sessions=(*self._sessions, session),
            updated=now(),
            finished=funnel.pending == 0,
            counts=counts_of(funnel),
            reasons=dict(sorted(funnel.reasons.items())),
            usage=Usage(requests=requests, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens),
            calibration=metrics if metrics.by_flaw else None,
        )
        without = {"calibration"} if info.calibration is None else set[str]()
        self._run_dir.write_info(info.model_dump(mode="json", exclude=without))

"""A run at work: dialogues generated, and `run.json` kept up to date, however it ends."""

from __future__ import annotations

import asyncio
import functools
import operator
import platform
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import ValidationError

import clca
from clca.content.parsing import validation_message
from clca.errors import ClcaError, ContentError, NotFoundError, SettingsError, StoreError
from clca.generation.config import GenerateConfig
from clca.generation.judge_metrics import calibrate
from clca.generation.pipeline import Generation, failed_question
from clca.generation.plan import GenerationPlan
from clca.generation.teachers import addresses
from clca.inference.parse_reply import INVALID
from clca.inference.protocol import ServerState, Teacher, Throughput
from clca.records import Failure
from clca.storage.fingerprint import fingerprint
from clca.storage.run_dir import RunDir
from clca.storage.run_index import RunInfo, read_run
from clca.urls import without_credentials

SAVE_EVERY = 5.0  # seconds between updates of run.json
VERSIONS = ("pydantic", "jinja2", "aiohttp")


class GenerationRun:
    """One command at work on one run. Use as `with Session(...) as session: session.work()`."""

    def __init__(self, prepared: GenerationPlan, folder: Path, *, retry: bool = False) -> None:
        self.prepared = prepared
        self.run = RunDir(folder)
        self.retried = self._retry_failed() if retry else 0
        self.generation = Generation(
            culture=prepared.culture,
            settings=prepared.settings,
            catalogue=prepared.catalogue,
            prompts=prepared.prompts,
            scenarios=prepared.scenarios,
            norms=prepared.norms,
            teachers=prepared.teachers,
            run=self.run,
        )
        self._started = monotonic()
        self._entry: dict[str, Any] = {"started": _now()}
        self._info = self._first_info()

    def __enter__(self) -> GenerationRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.run.close()

    @property
    def seconds(self) -> float:
        return monotonic() - self._started

    @property
    def finished(self) -> bool:
        return self.generation.funnel.pending == 0

    async def work(self) -> None:
        """Generate what is missing. `run.json` says how it ended, whatever happened."""
        self._save("running")
        saver = asyncio.create_task(self._keep_saving())
        fault: BaseException | None = None
        try:
            if not self.finished:
                await self._observe()
                await self.generation.generate()
                await self._observe()
        except BaseExceptionGroup as group:
            fault = first_error(group)
        except (ClcaError, asyncio.CancelledError) as error:
            fault = error
        saver.cancel()
        await self.run.drain()
        # A dialogue may have reached the disk although the task that waited for it was cancelled.
        self.generation.recount()
        ended = "finished" if self.finished else "interrupted"
        if isinstance(fault, ClcaError):
            ended = f"error: {fault}"
        try:
            self._save(ended)
        except StoreError as error:
            fault = fault or error  # the first fault is the one to tell
        if fault is not None:
            raise fault from None

    async def close(self) -> None:
        """Close the connections to the teachers."""
        async with AsyncExitStack() as stack:
            for teacher in self._teachers():
                stack.push_async_callback(teacher.close)

    def summary(self) -> dict[str, Any]:
        """What `--json` prints of the run: counts of the whole run, costs of this command."""
        funnel, tally = self.generation.funnel, self.generation.desk.tally
        return {
            "run": str(self.run.folder),
            "requested": funnel.requested,
            "kept": funnel.outcomes["kept"],
            "discarded": funnel.outcomes["discarded"],
            "failed": funnel.outcomes["failed"],
            "pending": funnel.pending,
            "requests": tally.requests,
            "cached": tally.cached,
            "prompt_tokens": tally.prompt_tokens,
            "completion_tokens": tally.completion_tokens,
            "seconds": round(self.seconds, 3),
        }

    def servers(self) -> list[ServerState]:
        """The servers behind the teachers, as they were last seen."""
        return [state for teacher in self._teachers() for state in teacher.servers]

    def throughput(self) -> Throughput | None:
        """What the servers together say they did meanwhile; None when none of them says so."""
        by_url = {server.url: server.throughput for server in self.servers() if server.throughput is not None}
        seen = list(by_url.values())  # roles with different keys may share a server
        return functools.reduce(operator.add, seen) if seen else None

    async def _observe(self) -> None:
        await asyncio.gather(*(teacher.observe() for teacher in self._teachers()))

    def _teachers(self) -> list[Teacher]:
        return list(dict.fromkeys(self.prepared.teachers.values()))

    def _retry_failed(self) -> int:
        """Make the failed dialogues pending; those with bad replies are asked with new seeds."""
        ids, anew = [], set()
        for line in self.run.failures():
            try:
                failure = Failure.model_validate_json(line)
            except ValidationError as error:
                raise ContentError(str(self.run.folder / "failed.jsonl"), None, validation_message(error)) from None
            ids.append(failure.id)
            if failure.reason in INVALID:
                anew.add(failed_question(failure))
        self.run.retry(ids, anew)
        return len(ids)

    # ------------------------------------------------------------ run.json

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            await self._observe()
            with suppress(StoreError):  # a full disk shows soon enough where it matters
                self._save("running")

    def _save(self, ended: str) -> None:
        summary, funnel = self.summary(), self.generation.funnel
        requests, prompt_tokens, completion_tokens = self.run.reply_cache.usage()
        calibration = calibrate(self.run.reply_cache.outcomes_by_flaw())
        costs = ("requests", "cached", "prompt_tokens", "completion_tokens", "seconds")
        self._entry.update(
            {key: summary[key] for key in costs},
            by_task=dict(self.generation.desk.tally.by_task),
            invalid_replies=dict(self.generation.desk.tally.invalid),
            servers=[_server(state) for state in self.servers()],
            ended=ended,
        )
        data = {
            **self._info,
            "updated": _now(),
            "finished": self.finished,
            "counts": {key: summary[key] for key in ("requested", "kept", "discarded", "failed", "pending")},
            "reasons": dict(sorted(funnel.reasons.items())),
            "usage": {
                "requests": requests,
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
            },
            "sessions": [*self._info["sessions"], self._entry],
        }
        if calibration.by_flaw:
            data["calibration"] = calibration.as_json()
        self.run.write_info(data)

    def _first_info(self) -> dict[str, Any]:
        prepared = self.prepared
        settings = prepared.settings.model_dump(mode="json")
        del settings["vllm"]  # a path of this machine
        settings["base_url"] = [without_credentials(url) for url in settings["base_url"]]
        for key in ("partner_base_url", "judge_base_url"):
            settings[key] = without_credentials(settings[key]) if settings[key] else None
        old: dict[str, Any] = {}
        with suppress(NotFoundError, StoreError):  # a new run, or one whose run.json is lost
            old = read_run(self.run.folder).data
        return {
            "run": self.run.folder.name,
            "culture": prepared.culture,
            "created": old.get("created", self._entry["started"]),
            "rehearsed": prepared.rehearsed,
            "fingerprint": fingerprint(prepared.inputs),
            "models": {
                role: {"name": address.model, "urls": [without_credentials(url) for url in address.urls]}
                for role, address in addresses(prepared.settings, {}).items()
            },
            "settings": settings,
            "inputs": prepared.inputs,
            "content": {
                path: {"origin": used.origin, "sha256": used.digest}
                for path, used in sorted(prepared.content.used.items())
            },
            "versions": _versions(),
            "sessions": old.get("sessions", []),
        }


def settings_of(run: RunInfo) -> GenerateConfig:
    """The settings that a run was made with, from its `run.json`."""
    try:
        return GenerateConfig.model_validate(run.data["settings"])
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{run.folder / 'run.json'} does not hold the settings of a run: {error}") from None


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to tell the user of several errors: the first that was meant for them."""
    flat = list(_flatten(group))
    return next((error for error in flat if isinstance(error, ClcaError)), flat[0])


def _flatten(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _flatten(inner)
    else:
        yield error


def _server(state: ServerState) -> dict[str, Any]:
    """What `run.json` says of a server: `throughput` is of all that it was asked meanwhile, by whomever."""
    found = asdict(state)
    seen = state.throughput
    if seen is not None:
        found["throughput"]["completion_tokens_per_second"] = seen.completion_tokens / seen.seconds
        found["throughput"]["prefix_cache_hit_rate"] = seen.hit_rate
        for momentary in ("running", "waiting", "pace"):
            del found["throughput"][momentary]
    return found


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "clca": clca.__version__}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

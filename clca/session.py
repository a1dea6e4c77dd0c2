"""From settings to a finished run: the content is read and checked, the run's folder found or
made, the teachers checked, the dialogues generated, and `run.json` kept up to date."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any

import clca
from clca.culture import Catalogue
from clca.errors import ClcaError, SettingsError
from clca.judging.calibration import calibrate
from clca.pipeline import Generation, Scenarios
from clca.prompts import Prompts
from clca.records import Failure, Norm
from clca.roleplay.sources import FileScenarios, SeedScenarios, load_norms
from clca.settings import INERT, REHEARSAL, GenerateSettings
from clca.store.run import Inputs, Run, RunInfo, differences, fingerprint, new_folder, read_run, runs
from clca.teacher.connect import addresses, connect
from clca.teacher.protocol import Role, Teacher
from clca.teacher.replies import INVALID
from clca.urls import without_credentials
from clca.workspace import Content

SAVE_EVERY = 5.0  # seconds between updates of run.json
VERSIONS = ("pydantic", "jinja2", "openai", "aiohttp", "tenacity")


@dataclass(slots=True)
class Prepared:
    """All that a run in one culture needs, read and checked; nothing has been asked or written."""

    culture: str
    settings: GenerateSettings
    content: Content
    catalogue: Catalogue
    prompts: Prompts
    scenarios: Scenarios
    norms: list[Norm]
    teachers: dict[Role, Teacher]
    inputs: Inputs

    @property
    def requested(self) -> int:
        return (len(self.scenarios) + len(self.norms)) * self.settings.samples

    @property
    def rehearsed(self) -> bool:
        """Whether any role is played by the embedded teacher."""
        return any(teacher.name == REHEARSAL for teacher in self.teachers.values())


def prepare(culture: str, settings: GenerateSettings, workspace: Path | None) -> Prepared:
    """Read what the run needs. Everything that is broken in it is found here."""
    from clca.preview import preview

    content = Content(workspace)
    catalogue = Catalogue(content)
    found = catalogue.find(culture)
    catalogue.culture(found)
    prompts = Prompts.load(content)
    scenarios: SeedScenarios | FileScenarios
    if isinstance(settings.scenarios, Path):
        scenarios = FileScenarios(settings.scenarios)
    else:
        scenarios = SeedScenarios(content, settings.scenarios, settings.seed)
    norms = load_norms(content, catalogue.culture(found), settings.norms, settings.seed)
    preview(catalogue, found, scenarios, norms, prompts, settings)  # renders every prompt once
    teachers = connect(settings, content)
    inputs = _inputs(found, settings, content, scenarios)
    return Prepared(found, settings, content, catalogue, prompts, scenarios, norms, teachers, inputs)


def _inputs(
    culture: str, settings: GenerateSettings, content: Content, scenarios: SeedScenarios | FileScenarios
) -> Inputs:
    """Everything that decides the records of a run; nothing that does not."""
    inputs: Inputs = {"clca": clca.__version__, "culture": culture}
    inputs.update({key: value for key, value in settings.model_dump(mode="json").items() if key not in INERT})
    inputs["partner"] = settings.partner or settings.teacher
    inputs["judge"] = settings.judge or settings.teacher
    if isinstance(scenarios, FileScenarios):
        inputs["scenarios"] = f"file {scenarios.digest}"
    for path, used in sorted(content.used.items()):
        inputs[f"content:{path}"] = used.digest
    return inputs


@dataclass(frozen=True, slots=True)
class Located:
    """Where a run lies, whether it was there already, and how its inputs differ from the last one's."""

    folder: Path
    resumed: bool
    finished: bool
    differs: list[str]


def locate(prepared: Prepared, *, new: bool) -> Located:
    """The newest run with the same inputs, or a folder for a new one."""
    out, digest = prepared.settings.out, fingerprint(prepared.inputs)
    known = list(runs(out, prepared.culture))
    same = [run for run in known if run.data.get("fingerprint") == digest]
    if same and not new:
        return Located(same[-1].folder, True, same[-1].data.get("finished") is True, [])
    differs = differences(known[-1].inputs, prepared.inputs) if known and not same else []
    folder = new_folder(out, prepared.culture, prepared.settings.teacher, prepared.settings.seed, digest)
    return Located(folder, False, False, differs)


async def check(prepared: Prepared) -> None:
    """Find out now whether the teachers can be asked."""
    for teacher in set(prepared.teachers.values()):
        await teacher.check()


# ---------------------------------------------------------------- working


class Session:
    """One command at work on one run. Use as `with Session(...) as session: session.work()`."""

    def __init__(self, prepared: Prepared, folder: Path, *, retry: bool = False) -> None:
        self.prepared = prepared
        self.run = Run(folder)
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

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.run.__exit__()

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
        ended = "interrupted"
        try:
            if not self.finished:
                await self.generation.generate()
            ended = "finished" if self.finished else "interrupted"
        except BaseExceptionGroup as group:
            error = first_error(group)
            ended = f"error: {error}"
            raise error from None
        except ClcaError as error:
            ended = f"error: {error}"
            raise
        finally:
            saver.cancel()
            try:
                await self.run.drain()
            finally:
                self._save(ended)

    async def close(self) -> None:
        for teacher in set(self.prepared.teachers.values()):
            await teacher.close()

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

    def _retry_failed(self) -> int:
        """Make the failed dialogues pending; those with bad replies are asked with new seeds."""
        ids, owners = [], set()
        for line in self.run.failures():
            failure = Failure.model_validate_json(line)
            ids.append(failure.id)
            if failure.reason in INVALID:
                scenario = failure.id.removeprefix(f"{failure.culture}-").removesuffix(f"-{failure.sample}")
                owners.add(failure.id if failure.stage not in ("adapt", "compose") else f"scenario:{scenario}")
        self.run.retry(ids, owners)
        return len(ids)

    # ------------------------------------------------------------ run.json

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            self._save("running")

    def _save(self, ended: str) -> None:
        summary, funnel = self.summary(), self.generation.funnel
        requests, prompt_tokens, completion_tokens = self.run.journal.usage()
        calibration = calibrate(self.run.journal.planted())
        costs = ("requests", "cached", "prompt_tokens", "completion_tokens", "seconds")
        self._entry.update(
            {key: summary[key] for key in costs}, by_task=self.generation.desk.tally.by_task, ended=ended
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
        if calibration.planted:
            data["calibration"] = {
                "recall": calibration.recall,
                "precision": calibration.precision,
                "planted": calibration.planted,
                "caught": calibration.caught,
                "clean": calibration.clean,
                "false_alarms": calibration.false_alarms,
                "by_flaw": {flaw: {"planted": p, "caught": c} for flaw, (p, c) in calibration.by_flaw.items()},
            }
        self.run.write_info(data)

    def _first_info(self) -> dict[str, Any]:
        prepared = self.prepared
        settings = prepared.settings.model_dump(mode="json")
        settings["base_url"] = [without_credentials(url) for url in settings["base_url"]]
        for key in ("partner_base_url", "judge_base_url"):
            settings[key] = without_credentials(settings[key]) if settings[key] else None
        old = {} if self.run.created else read_run(self.run.folder).data
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


def settings_of(run: RunInfo) -> GenerateSettings:
    """The settings that a run was made with, from its `run.json`."""
    try:
        return GenerateSettings.model_validate(run.data["settings"])
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

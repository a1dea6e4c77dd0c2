"""`clca.Client`: every function of `clca`, carried out by a service (`clca serve`) on another machine.

    gpu = clca.Client("https://gpu1:8321", token="clca_...")
    run = gpu.generate(culture="japan", teacher="llama-3.1-70b")
    for dialogue in run.dialogues(): ...

A function waits for its job, fetches the files of the result to the same paths below the working directory, and returns
what the function of `clca` returns. Whoever stops waiting loses nothing: the same call finds the same job.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from pydantic import BaseModel

from clca.client.connection import Connection
from clca.client.fetching import fetch_files
from clca.content.config import StageConfig
from clca.content.config_layers import SERVICE_TOKEN
from clca.errors import ClcaError, SettingsError
from clca.printable import one_line, printable
from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.safe_open import is_below
from clca.service.jobs.job import Job
from clca.stages import STAGES
from clca.urls import is_loopback


class JobFailed(ClcaError):
    """A job came to no result; the message is the service's."""

    exit_code = 1


class Client:
    """A service at `url`. `token` is that of `clca tokens add`, by default that in CLCA_SERVICE_TOKEN.

    Results are fetched to below `folder`, by default the working directory. `patience` is for how many seconds a
    service that does not answer is asked again, as while it is restarted. Warns where a token would cross the network
    unencrypted, to another machine by `http://`.
    """

    def __init__(self, url: str, token: str | None = None, *, folder: Path | str = ".", patience: float = 60.0) -> None:
        token = token or os.environ.get(SERVICE_TOKEN)
        self._connection = Connection(url, token, patience)
        if token and urlsplit(url).scheme == "http" and not is_loopback(url):
            warnings.warn(f"{url}: the token crosses the network unencrypted: use https://, or a tunnel", stacklevel=2)
        self._folder = Path(folder)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The function of a stage, as `generate` or `eval_wvs`: it takes the same, and returns the same."""
        stage = name.replace("_", "-")
        if stage not in STAGES:
            raise AttributeError(f"a service has no {name}; there are {', '.join(self.__dir__())}")

        def call(
            config: StageConfig | None = None,
            /,
            *,
            progress: ProgressCallback | bool = False,
            fetch: bool = True,
            **fields: Any,
        ) -> Any:
            job = self.wait(self.submit(stage, config, **fields), progress if callable(progress) else ignore)
            if fetch:
                self.fetch(job)
            return self.result(job)

        call.__name__, call.__doc__ = name, f"Carry out `clca {stage}` on the service; see `clca.{name}`."
        return call

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(stage.replace("-", "_") for stage in STAGES)})

    def submit(self, stage: str, config: StageConfig | None = None, /, **fields: Any) -> Job:
        """Submit a stage's settings; returns the job, which may be there already. Raises a `ClcaError`."""
        return self._job(self._connection.post(f"/v1/{stage}", _settings(config, fields)))

    def plan(self, stage: str, config: StageConfig | None = None, /, **fields: Any) -> dict[str, Any]:
        """What a stage would do and take, as `--plan --json` says it."""
        answer = self._connection.post(f"/v1/{stage}?plan=true", _settings(config, fields))
        with self._connection.as_a_service():
            return dict(answer["plan"])

    def job(self, job: Job | str) -> Job:
        """A job as it is now, with its result once it is completed."""
        return self._job(self._connection.get(f"/v1/jobs/{_id(job)}"))

    def jobs(self, **filters: Any) -> Iterator[Job]:
        """The jobs, the newest first; `filters` are `state` and `stage`."""
        yield from map(self._job, self._connection.pages("/v1/jobs", "jobs", filters))

    def cancel(self, job: Job | str) -> Job:
        """Cancel a job; what it has finished stays."""
        return self._job(self._connection.post(f"/v1/jobs/{_id(job)}/cancel"))

    def retry(self, job: Job | str) -> Job:
        """Queue a job again that failed or was cancelled: it goes on with what it had finished."""
        return self._job(self._connection.post(f"/v1/jobs/{_id(job)}/retry"))

    def events(self, job: Job | str, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """(number, kind, data) of what happens to a job, until it has ended; `after` is the last one that was seen."""
        yield from self._connection.events(f"/v1/jobs/{_id(job)}/events", after, lambda: self.job(job).is_ended)

    def wait(self, job: Job | str, progress: ProgressCallback = ignore) -> Job:
        """The job once it has ended. Raises `JobFailed` where it came to no result."""
        for _, kind, data in self.events(job):
            if kind == "progress" and isinstance(done := data.get("done"), int) and isinstance(data.get("total"), int):
                progress(Progress(done, data["total"], printable(str(data.get("unit", "")))))
            elif kind == "note":
                progress(Note(printable(str(data.get("text", "")))))
        ended = self.job(job)
        while not ended.is_ended:  # it was queued again in this very moment
            time.sleep(0.5)
            ended = self.job(job)
        if ended.state != "completed":
            raise JobFailed(one_line(ended.error) or f"the job {ended.id[:12]} was {ended.state}")
        return ended

    def result(self, job: Job | str) -> Any:
        """The result of a completed job, as the function of `clca` returns it. Raises `SettingsError` for another."""
        ended = job if isinstance(job, Job) and job.result is not None else self.job(job)
        if ended.result is None:
            raise SettingsError(f"the job {ended.id[:12]} is {ended.state}, and has no result")
        with self._connection.as_a_service():
            result = STAGES[ended.stage].result_type.model_validate(self._local(ended.result, ended.folders))
            for path in _paths_in(result):
                own = not path.parts or is_below(str(path)) or path.is_relative_to(self._folder)
                if not own or ".." in path.parts:
                    raise ValueError(f"its result names a path outside of it, {str(path)!r}")
        return result

    def fetch(self, job: Job | str) -> list[Path]:
        """Fetch the files of a job's results that are not here yet; returns all of them.

        Raises `StoreError` where one would replace what was not fetched from a service.
        """
        return fetch_files(self._connection, _id(job), self._folder)

    def runs(self, culture: str | None = None) -> Iterator[dict[str, Any]]:
        """The runs of the service that it can read, the newest first; `unreadable_runs` says of which it cannot."""
        yield from self._connection.pages("/v1/runs", "runs", {} if culture is None else {"culture": culture})

    def unreadable_runs(self) -> tuple[int, list[dict[str, Any]]]:
        """How many runs of the service cannot be read, and the first of them with their `name` and `error`."""
        page = self._connection.get("/v1/runs", {"size": 1})
        with self._connection.as_a_service():
            return int(page["unreadable_runs"]), [dict(run) for run in page["unreadable"]]

    def dialogues(self, run: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """The dialogues of a run, `<culture>/<run>`: id, verdict, title...; `filters` as `verdict`, `intent`, `q`."""
        yield from self._connection.pages(f"/v1/runs/{run}/dialogues", "dialogues", filters)

    def search(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """The dialogues of all runs, those of the newest first, with their `run`; `filters` as those of `dialogues`."""
        yield from self._connection.pages("/v1/dialogues", "dialogues", filters)

    def dialogue(self, run: str, dialogue: str) -> dict[str, Any]:
        """A dialogue of a run as it stands in its file, with its reviews."""
        stored: dict[str, Any] = self._connection.get(f"/v1/runs/{run}/dialogues/{quote(dialogue, safe='')}")
        return stored

    def review(self, run: str, dialogue: str, verdict: str = "", comment: str = "") -> dict[str, Any]:
        """Accept or reject a dialogue, or comment on it; returns it with its reviews."""
        review = {"verdict": verdict, "comment": comment}
        path = f"/v1/runs/{run}/dialogues/{quote(dialogue, safe='')}/reviews"
        stored: dict[str, Any] = self._connection.post(path, review)
        return stored

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def _job(self, answer: Any) -> Job:
        with self._connection.as_a_service():
            return Job.model_validate(answer)

    def _local(self, value: Any, folders: tuple[str, ...]) -> Any:
        """A result whose folders are those here."""
        if isinstance(value, str) and any(value == folder or value.startswith(f"{folder}/") for folder in folders):
            return str(self._folder / value)
        if isinstance(value, Mapping):
            return {self._local(key, folders): self._local(inner, folders) for key, inner in value.items()}
        return [self._local(inner, folders) for inner in value] if isinstance(value, list) else value


def _settings(config: StageConfig | None, fields: dict[str, Any]) -> dict[str, Any]:
    if config is None:
        return {key: _plain(value) for key, value in fields.items()}
    if fields:
        raise SettingsError(f"give a {type(config).__name__} or its fields, not both: {', '.join(fields)}")
    return config.model_dump(mode="json", exclude_unset=True)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def _paths_in(value: Any) -> Iterator[Path]:
    """The paths that a result holds, by which its own functions read files."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        yield from _paths_in([getattr(value, name) for name in type(value).model_fields])
    elif is_dataclass(value):
        yield from _paths_in([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, Mapping):
        yield from _paths_in([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _paths_in(inner)


def _id(job: Job | str) -> str:
    return job.id if isinstance(job, Job) else job

"""Runs that show no pace are refused, with the reason in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clca
from clca.errors import SettingsError
from clca.generation.pace import given_latency, given_rate, measured_pace

TOKENS = {"turn": 60.0, "judge": 30.0}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of a rehearsed run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("rehearsal"))
        run = clca.generate(culture="japan", scenarios=1, samples=1, max_exchanges=1, progress=False)
        record: dict[str, Any] = json.loads((run.folder / "run.json").read_text())
    return record


def of_a_teacher(record: dict[str, Any]) -> dict[str, Any]:
    """The record as that of a teacher on one server, which had four requests in flight and answered two a second."""
    (session,) = record["sessions"]
    server = {"url": "http://h:1", "model": "m", "root": None, "structured_outputs": True, "up": True, "losses": 0}
    counted = {"requests": 40, "seconds": 20.0, "by_task": {"turn": 20, "judge": 20}}
    session = {**session, **counted, "servers": [{**server, "throughput": None}]}
    settings = {**record["settings"], "concurrency": 4}
    return {**record, "rehearsed": False, "settings": settings, "sessions": [session]}


def stored(folder: Path, record: dict[str, Any]) -> Path:
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def test_a_request_takes_as_long_as_those_in_flight_need_at_the_rate_of_the_run(
    tmp_path: Path, rehearsal: dict[str, Any]
) -> None:
    pace = measured_pace(stored(tmp_path, of_a_teacher(rehearsal)), TOKENS, None)
    # Four in flight at two a second are two seconds each, and in proportion to the tokens of a reply.
    assert dict(pace.seconds) == pytest.approx({"turn": 2 * 60 / 45, "judge": 2 * 30 / 45})
    assert (pace.slots, pace.turns) == (4, 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: record, "it needs a run of this version, of a teacher behind a server"),
        (lambda record: {**of_a_teacher(record), "sessions": []}, "it needs a run of this version"),
        (
            lambda record: {
                **record,
                "sessions": [*of_a_teacher(record)["sessions"], {"other": 1}],
                "rehearsed": False,
            },
            "it needs a run of this version",
        ),
        (lambda record: {**of_a_teacher(record), "settings": {}}, "run.json shows no pace: settings.concurrency"),
        (lambda record: {**record, "created": 3}, "run.json shows no pace: created: Input should be a valid string"),
    ],
    ids=["rehearsed", "no command", "another version", "no concurrency", "damaged"],
)
def test_a_run_without_a_pace_is_refused(
    tmp_path: Path, rehearsal: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        measured_pace(stored(tmp_path, change(rehearsal)), TOKENS, None)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def with_session(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    teacher = of_a_teacher(record)
    return {**teacher, "sessions": [{**teacher["sessions"][0], **changes}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: {**of_a_teacher(record), "settings": {"concurrency": math.inf}}, "settings.concurrency"),
        (lambda record: {**of_a_teacher(record), "settings": {"concurrency": 10**400}}, "settings.concurrency"),
        (lambda record: with_session(record, seconds=math.inf), "those of no run"),
        (lambda record: with_session(record, seconds=-1.0), "those of no run"),
        (lambda record: with_session(record, requests=10**400), "those of no run"),
        (lambda record: with_session(record, by_task={"turn": 10**400}), "those of no run"),
        (lambda record: with_session(record, by_task={"other": 5}), "of a task of these settings"),
    ],
    ids=["endless", "large", "no end", "backwards", "many requests", "many turns", "no known task"],
)
def test_figures_that_no_run_has_are_one_line(
    tmp_path: Path, rehearsal: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    """A run of a stranger is given to `clca cluster plan --measured`."""
    text = json.dumps(change(rehearsal)).replace("Infinity", "1e400")
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(SettingsError, match=message):
        measured_pace(tmp_path, TOKENS, None)


def test_a_rate_is_shared_by_the_slots_and_a_latency_is_that_of_every_request() -> None:
    assert given_rate(30.0, TOKENS, 10).seconds == {"turn": 20.0, "judge": 10.0}
    assert given_latency(3.0, TOKENS, None).seconds == {"turn": 3.0, "judge": 3.0}

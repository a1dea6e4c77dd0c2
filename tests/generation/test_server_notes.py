"""What a server refuses in the course of a run, and how long a server on a CPU may take."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.answers import Draw, answer
from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.progress import GenerationProgress
from clca.generation.run import run
from clca.generation.teachers import connect
from clca.inference.chat_client import ChatClient
from clca.inference.vllm.manager import ServerManager
from clca.inference.vllm.server import Server
from clca.inference.vllm.teacher import VllmTeacher
from clca.progress import Note, Progress
from tests.inference.dialect_server import dialect_server
from tests.inference.dialects import Response, ServerDialect, completion, error, is_probe


def forgets_seeds(content: str, body: dict[str, Any], number: int) -> Response:
    """Takes a seed in the probe, and refuses it from the third request on, as after an update."""
    if is_probe(body):
        return completion(content)
    if number > 3 and "seed" in body:
        return error(400, "Unrecognized request argument supplied: seed")
    digest = sha256(json.dumps(body["messages"]).encode()).digest()
    task = body["response_format"]["json_schema"]["name"]
    return completion(answer(task, body["messages"], Draw(digest)))


def test_what_a_server_refuses_in_a_run_is_noted_once_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    events: list[Progress | Note] = []
    dialect = ServerDialect("forgets seeds", forgets_seeds)
    with dialect_server([dialect]) as server:
        url = server.url(dialect)
        config = GenerateConfig(
            culture=("japan",), scenarios=1, samples=2, max_exchanges=2, teacher="m", base_url=(url,)
        )
        result = run(plan(config), events.append)
    assert (result.kept, result.failed) == (2, 0)
    adjustment = "refuses seed: requests are sent without (the same seed may give other replies)"
    notes = Counter(event.text for event in events if isinstance(event, Note))
    assert notes[f"Note: {url} {adjustment}"] == 1
    (session,) = json.loads((result.runs[0].run / "run.json").read_text())["sessions"]
    assert session["servers"][0]["adjustments"] == [adjustment]
    states = [event for event in events if isinstance(event, GenerationProgress)]
    assert states[0].seconds_left is None, "before the first dialogue is finished"


class OneServer:
    """Stands in for the manager of a server that runs on the CPU, or on a GPU."""

    def __init__(self, *, on_cpu: bool) -> None:
        self._on_cpu = on_cpu

    def is_on_cpu(self, name: str) -> bool:
        return self._on_cpu


@pytest.mark.parametrize(("on_cpu", "timeout", "seconds"), [(True, 120, 1800), (True, 7200, 7200), (False, 120, 120)])
def test_requests_to_a_vllm_on_this_cpu_may_take_longer(on_cpu: bool, timeout: float, seconds: float) -> None:
    config = GenerateConfig(culture=("japan",), teacher="qwen2.5-0.5b", timeout=timeout)
    servers = cast(ServerManager, OneServer(on_cpu=on_cpu))
    teacher = connect(config, Content(), None, servers, {})["teacher"]
    assert isinstance(teacher, VllmTeacher)
    client = teacher._connect(Server("m", ["vllm"], {}, Path("log"), port=8000))
    assert isinstance(client, ChatClient)
    assert client._http.timeout == seconds

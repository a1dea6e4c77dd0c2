"""What a kill costs: nothing that was finished, and no request whose answer had arrived."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import time
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from clca.inference.protocol import Request, Sampling
from clca.inference.reply_schema import schema
from clca.schemas import (
    AdaptAnswer,
    Answer,
    MetaAnswer,
    MetaViewAnswer,
    ThoughtfulFirstTurnAnswer,
    ThoughtfulTurnAnswer,
    intent_answer,
    judge_answer,
)
from tests.cli_process import Stub, clca, last_json, only_run, sorted_files, start

CUSTOMS, TURNS = 10, 20  # of Japan; of a dialogue at most
ANSWERS: tuple[type[Answer], ...] = (
    AdaptAnswer,
    ThoughtfulFirstTurnAnswer,
    ThoughtfulTurnAnswer,
    *map(judge_answer, range(1, TURNS + 1)),
    MetaAnswer,
    MetaViewAnswer,
    intent_answer(CUSTOMS),
)
CONCURRENCY = 8


def command(url: str, **options: object) -> list[str]:
    wanted = {"scenarios": 12, "concurrency": CONCURRENCY, **options}
    flags = [part for key, value in wanted.items() for part in (f"--{key}", str(value))]
    return ["generate", "--culture", "japan", "--teacher", "stub", "--base-url", url, "--json", *flags]


def request_digest(body: dict[str, object]) -> bytes:
    """The name in the reply cache of the request that had this body."""
    task, shape = itemgetter("name", "schema")(body["response_format"]["json_schema"])  # type: ignore[index]
    (answer,) = (answer for answer in ANSWERS if schema(answer)["properties"] == shape["properties"])
    sampling = Sampling(body["temperature"], body["top_p"], body["max_tokens"], body["seed"])  # type: ignore[arg-type]
    request = Request(task, tuple(body["messages"]), answer, sampling)
    return request.digest("stub")


def cached_digests(run: Path) -> set[bytes]:
    """The digests of all replies that the reply cache holds."""
    with sqlite3.connect(run / "journal.sqlite") as db:
        return {row[0] for row in db.execute("SELECT digest FROM reply")}


@pytest.mark.parametrize("kills_in_all", [7, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_cost_only_what_was_in_flight(tmp_path: Path, kills_in_all: int) -> None:
    whole, killed, log = tmp_path / "whole", tmp_path / "killed", tmp_path / "bodies"
    whole.mkdir()
    killed.mkdir()
    options = ("--latency", "0.1", "--slots", "8", "--leave", "0.05", "--bad", "0.2", "--log", str(log))
    with Stub(*options) as stub:
        reference = last_json(clca(whole, *command(stub.url, concurrency=64)).stdout)
        once = stub.stats()["requests"]
    assert (reference["requested"], reference["failed"], reference["pending"]) == (24, 0, 0)
    log.unlink()

    draw = random.Random(20)
    kills, answered, seen = 0, set[bytes](), 0
    with Stub(*options) as stub:
        while kills < kills_in_all:
            process = start(killed, *command(stub.url))
            while stub.stats()["requests"] == seen and process.poll() is None:
                time.sleep(0.02)
            time.sleep(draw.uniform(0.0, 0.5))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if process.returncode == 0:
                break
            kills += 1
            bodies = log.read_text().splitlines()
            sent = {request_digest(json.loads(body)) for body in bodies[seen:]}
            assert not sent & answered, "a request was sent again although its answer was in the reply cache"
            answered |= cached_digests(only_run(killed))
            seen = len(bodies)
        assert kills == kills_in_all, "the run ended before it was killed often enough"
        last = last_json(clca(killed, *command(stub.url)).stdout)
        stats = stub.stats()
        sent = {request_digest(json.loads(body)) for body in log.read_text().splitlines()[seen:]}
        assert not sent & answered

    assert stats["distinct"] == once
    assert stats["repeated"] <= kills_in_all * CONCURRENCY
    assert [last[key] for key in ("requested", "kept", "discarded", "failed", "pending")] == [
        reference[key] for key in ("requested", "kept", "discarded", "failed", "pending")
    ]
    assert sorted_files(only_run(killed)) == sorted_files(only_run(whole))


def test_concurrency_does_not_change_the_records(tmp_path: Path) -> None:
    found = []
    with Stub("--latency", "0.002", "--leave", "0.05", "--bad", "0.2") as stub:
        for concurrency in (1, 64):
            folder = tmp_path / str(concurrency)
            folder.mkdir()
            done = clca(folder, *command(stub.url, scenarios=4, concurrency=concurrency))
            assert done.returncode == 0, done.stderr
            found.append(sorted_files(only_run(folder)))
    assert found[0] == found[1]
    assert sum(map(len, found[0].values())) == 8


def test_interrupt_waits_for_the_answers_under_way_and_says_how_to_go_on(tmp_path: Path) -> None:
    with Stub("--latency", "0.1") as stub:
        process = start(tmp_path, *command(stub.url, scenarios=4))
        while stub.stats()["requests"] < 20:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
        sent = stub.stats()["requests"]
        first = last_json(stdout)
        assert process.returncode == 130
        assert first["requests"] == sent, "an answer under way was not waited for"
        assert first["pending"] > 0
        assert first["requested"] == first["kept"] + first["discarded"] + first["failed"] + first["pending"]
        assert "Run the same command again to resume." in stderr

        second = last_json(clca(tmp_path, *command(stub.url, scenarios=4)).stdout)
        stats = stub.stats()
        assert second["pending"] == 0
        assert first["kept"] + first["discarded"] == 0  # so the reply cache still holds every answer
        assert second["cached"] == first["requests"]
        assert stats["repeated"] == 0


def test_second_interrupt_stops_now(tmp_path: Path) -> None:
    with Stub("--latency", "30") as stub:
        process = start(tmp_path, *command(stub.url))
        while not stub.stats()["requests"]:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert last_json(stdout)["pending"] == 24


def test_finished_run_asks_nothing_more(tmp_path: Path) -> None:
    with Stub() as stub:
        first = last_json(clca(tmp_path, *command(stub.url, scenarios=2)).stdout)
        before = stub.stats()["requests"]
        again = clca(tmp_path, *command(stub.url, scenarios=2))
        assert stub.stats()["requests"] == before
    second = last_json(again.stdout)
    assert again.returncode == 0
    assert second["requests"] == 0
    assert second["run"] == first["run"]
    assert second["kept"] == first["kept"] == 4


@pytest.mark.parametrize(
    ("option", "value", "shown"),
    [("seed", 7, "seed: 42 -> 7"), ("samples", 1, "samples: 2 -> 1"), ("exchanges", 2, "exchanges: 10 -> 2")],
)
def test_changed_input_makes_a_new_run_and_says_which(tmp_path: Path, option: str, value: int, shown: str) -> None:
    first = clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json")
    second = clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json", f"--{option}", str(value))
    assert last_json(first.stdout)["run"] != last_json(second.stdout)["run"]
    assert shown in second.stderr


def test_new_forces_a_run_of_its_own(tmp_path: Path) -> None:
    first = last_json(clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json").stdout)
    second = last_json(clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json", "--new").stdout)
    assert second["run"] == first["run"] + "-2"
    files = [sorted_files(tmp_path / summary["run"]) for summary in (first, second)]
    assert without_run(files[0]) == without_run(files[1])


def without_run(files: dict[str, list[bytes]]) -> dict[str, list[dict[str, Any]]]:
    """The records by file, without the run that each names."""
    return {name: [{**json.loads(line), "run": ""} for line in lines] for name, lines in files.items()}


def test_changed_prompt_makes_a_new_run(tmp_path: Path) -> None:
    clca(tmp_path, "init", ".")
    first = last_json(clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json").stdout)
    clca(tmp_path, "content", "copy", "prompts/turn.j2")
    same = last_json(clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json").stdout)
    assert same["run"] == first["run"], "a copy with the same content is the same input"
    prompt = tmp_path / "prompts" / "turn.j2"
    prompt.write_text(prompt.read_text().replace("Talk as people talk", "Talk as people do"))
    changed = clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--json")
    assert "prompts/turn.j2 has changed" in changed.stderr
    assert last_json(changed.stdout)["run"] != first["run"]

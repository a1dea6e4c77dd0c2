"""Several servers of one model, of which some fail: what a run asks of each, and what becomes of it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli_process import Stub, clca, last_json, only_run, records, sorted_files, start
from tests.inference.vllm.commands import until


def command(*urls: str, scenarios: int = 6, concurrency: int = 8, more: tuple[str, ...] = ()) -> list[str]:
    """One dialogue of two exchanges a scenario."""
    servers = [word for url in urls for word in ("--base-url", url)]
    size = ("--scenarios", str(scenarios), "--samples", "1", "--exchanges", "2", "--concurrency", str(concurrency))
    return ["generate", "--culture", "japan", "--teacher", "stub", *servers, *size, "--json", *more]


def finish(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    """Exit code, summary and error output of a command that is under way."""
    stdout, stderr = process.communicate(timeout=300)
    assert "Traceback" not in stderr
    return process.returncode, last_json(stdout), stderr


def port(stub: Stub) -> str:
    return stub.url.split(":")[2].split("/")[0]


def servers(folder: Path) -> list[dict[str, Any]]:
    """What `run.json` says of the servers of the last command."""
    session = json.loads((only_run(folder) / "run.json").read_text())["sessions"][-1]
    found: list[dict[str, Any]] = session["servers"]
    return found


def bodies(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def dialogues_at(folder: Path, *logs: Path) -> list[set[str]]:
    """The dialogues of which each server was asked anything; the text of a setting tells them apart.

    An adaptation is not of a dialogue, though its request holds the setting, too.
    """
    settings = {one["id"]: one["scenario"]["setting"] for one in records(only_run(folder))}
    found = []
    for log in logs:
        played = [body for body in bodies(log) if body["response_format"]["json_schema"]["name"] != "adapt"]
        asked = "\n".join(message["content"] for body in played for message in body["messages"])
        found.append({name for name, setting in settings.items() if setting in asked})
    return found


# ---------------------------------------------------------------- sound replicas


def test_a_dialogue_stays_at_one_server_and_dialogues_spread_evenly(tmp_path: Path) -> None:
    logs = (tmp_path / "a.log", tmp_path / "b.log")
    with Stub("--latency", "0.02", "--log", str(logs[0])) as a, Stub("--latency", "0.02", "--log", str(logs[1])) as b:
        summary = last_json(clca(tmp_path, *command(a.url, b.url, scenarios=20)).stdout)
    assert summary["kept"] == 20
    at_a, at_b = dialogues_at(tmp_path, *logs)
    assert at_a | at_b == {one["id"] for one in records(only_run(tmp_path))}
    assert at_a & at_b == set(), "all requests of a dialogue go to the server that knows its beginning"
    assert 7 <= len(at_a) <= 13


def test_a_slow_server_gets_fewer_dialogues(tmp_path: Path) -> None:
    logs = (tmp_path / "fast.log", tmp_path / "slow.log")
    with Stub("--latency", "0.01", "--log", str(logs[0])) as a, Stub("--latency", "0.2", "--log", str(logs[1])) as b:
        summary = last_json(clca(tmp_path, *command(a.url, b.url, scenarios=30, concurrency=4)).stdout)
    assert summary["kept"] == 30
    fast, slow = dialogues_at(tmp_path, *logs)
    assert 1 <= len(slow) < len(fast) / 2


def test_every_request_tells_a_router_whose_it_is(tmp_path: Path) -> None:
    with Stub() as stub:
        clca(tmp_path, *command(stub.url, scenarios=2))
        sessions = stub.sessions()
    run = only_run(tmp_path)
    dialogues = {record["id"]: record["usage"]["requests"] for record in records(run)}
    scenarios = {f"scenario:{record['scenario']['id']}" for record in records(run)}
    assert {name: number for name, number in sessions.items() if name in dialogues} == dialogues
    assert sessions.keys() - dialogues.keys() == scenarios


def test_the_dialogues_of_a_server_that_becomes_ten_times_slower_move_to_the_other(tmp_path: Path) -> None:
    with Stub("--latency", "0.2") as a, Stub("--latency", "0.2", "--slow-after", "12") as b:
        summary = last_json(clca(tmp_path, *command(a.url, b.url, scenarios=8)).stdout)
        moved = a.sessions().keys() & b.sessions().keys()
    assert (summary["kept"], summary["failed"]) == (8, 0)
    assert [(state["slowdowns"], state["losses"]) for state in servers(tmp_path)] == [(0, 0), (1, 0)]
    assert moved & {record["id"] for record in records(only_run(tmp_path))}


# ---------------------------------------------------------------- replicas that are lost


def test_a_server_that_is_killed_in_the_middle_costs_nothing_and_leaves_no_trace_in_the_records(
    tmp_path: Path,
) -> None:
    whole, dying = tmp_path / "whole", tmp_path / "dying"
    whole.mkdir()
    dying.mkdir()
    with Stub("--latency", "0.05") as a, Stub("--latency", "0.05") as b:
        assert clca(whole, *command(a.url)).returncode == 0
        process = start(dying, *command(a.url, b.url))
        until(lambda: b.stats()["requests"] >= 8, 30)
        b.stop()
        code, summary, _ = finish(process)
    assert code == 0
    assert (summary["kept"], summary["failed"], summary["pending"]) == (6, 0, 0)
    assert [(state["up"], state["losses"]) for state in servers(dying)] == [(True, 0), (False, 1)]
    assert sorted_files(only_run(dying)) == sorted_files(only_run(whole))


def test_when_all_are_killed_the_run_stops_and_the_next_command_goes_on(tmp_path: Path) -> None:
    with Stub("--latency", "0.1") as a, Stub("--latency", "0.1") as b:
        urls = (a.url, b.url)
        process = start(tmp_path, *command(*urls, more=("--tries", "2")))
        until(lambda: a.stats()["requests"] + b.stats()["requests"] >= 15, 30)
        a.stop()
        b.stop()
        code, lost, stderr = finish(process)
        ports = (port(a), port(b))
    assert code == 1
    (line,) = (line for line in stderr.splitlines() if line.startswith("clca: "))
    gone = (
        r"clca: the 2 servers of stub no longer answer"
        r" \((cannot connect to|http://127\.0\.0\.1:\d+/v1 broke the connection)"
    )
    assert re.match(gone, line), line
    assert line.endswith("): start them again and repeat the command to resume")
    assert (lost["failed"], lost["pending"]) == (0, 6)
    with Stub("--port", ports[0]), Stub("--port", ports[1]):
        done = clca(tmp_path, *command(*urls, more=("--tries", "2")))
    assert done.returncode == 0, done.stderr
    assert last_json(done.stdout)["kept"] == 6
    assert last_json(done.stdout)["cached"] > 0


def test_a_server_that_is_down_at_the_start_is_noted_and_done_without(tmp_path: Path) -> None:
    with Stub() as gone:
        url = gone.url
    with Stub() as sound:
        done = clca(tmp_path, *command(url, sound.url))
    assert done.returncode == 0, done.stderr
    assert f"Note: cannot connect to {url}: " in done.stderr
    assert "continuing without it" in " ".join(done.stderr.split())
    assert last_json(done.stdout)["kept"] == 6


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    with Stub("--latency", "0.4") as a, Stub("--latency", "0.1") as b:
        process = start(tmp_path, *command(a.url, b.url, scenarios=52))
        until(lambda: b.stats()["requests"] >= 6, 30)
        b.stop()
        time.sleep(2)  # longer than a lost connection waits for another try, which finds nobody
        with Stub("--latency", "0.1", "--port", port(b)) as again:
            until(lambda: again.stats()["requests"] >= 10, 30)
            process.send_signal(signal.SIGINT)
            code, summary, _ = finish(process)
    assert (code, summary["failed"]) == (130, 0)
    assert [(state["up"], state["losses"]) for state in servers(tmp_path)] == [(True, 0), (True, 1)]


def test_a_server_that_was_down_at_the_start_is_used_once_it_is_up(tmp_path: Path) -> None:
    """It was never asked what it calls the model; the others were."""
    names = ("--models", "meta-llama/Llama-3.1-70B-Instruct")
    with Stub(*names) as later:
        pass
    with Stub(*names, "--latency", "0.1") as sound:
        words = command(sound.url, later.url, scenarios=52)
        process = start(tmp_path, *["llama-3.1-70b" if word == "stub" else word for word in words])
        until(lambda: sound.stats()["requests"] >= 6, 30)
        with Stub(*names, "--latency", "0.1", "--port", port(later)) as up:
            until(lambda: up.stats()["requests"] >= 10, 30)
            process.send_signal(signal.SIGINT)
            code, summary, _ = finish(process)
    assert (code, summary["failed"]) == (130, 0)
    assert [state["up"] for state in servers(tmp_path)] == [True, True]


# ---------------------------------------------------------------- replicas that refuse


class Front:
    """Passes requests on to a stub, until it is told to refuse them with a status."""

    def __init__(self, stub: Stub) -> None:
        self.refusal: int | None = None
        self.refused = 0
        self.passes: int | None = None
        self.turn = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.pass_on(None)

            def do_POST(self) -> None:
                self.pass_on(self.rfile.read(int(self.headers["Content-Length"])))

            def pass_on(self, body: bytes | None) -> None:
                if body is not None and outer.passes is not None:
                    with outer.turn:  # nothing is under way when the first request is refused
                        if outer.passes == 0:
                            outer.refusal = outer.later
                        elif outer.passes is not None:
                            outer.passes -= 1
                        self.answer(body)
                else:
                    self.answer(body)

            def answer(self, body: bytes | None) -> None:
                if outer.refusal is not None:
                    outer.refused += 1
                    self.say(outer.refusal, b'{"error": {"message": "not any more"}}')
                    return
                asked = urllib.request.Request(stub.url.removesuffix("/v1") + self.path, body)
                asked.add_header("Content-Type", "application/json")
                try:
                    with urllib.request.urlopen(asked, timeout=30) as response:
                        self.say(200, response.read())
                except urllib.error.HTTPError as error:
                    with error:
                        self.say(error.code, error.read())

            def say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def refuse_after(self, requests: int, status: int) -> None:
        """Pass on that many requests, of which two at most are of the check at the start, and refuse all others."""
        self.later, self.passes = status, requests

    def accept(self) -> None:
        with self.turn:
            self.passes = self.refusal = None

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def stubs() -> Iterator[tuple[Stub, Front]]:
    """A stub, and another behind a front."""
    with Stub("--latency", "0.05") as plain, Stub("--latency", "0.05") as behind:
        front = Front(behind)
        yield plain, front
        front.close()


@pytest.mark.parametrize("status", [401, 404])
def test_a_server_that_refuses_from_some_time_on_is_left(
    tmp_path: Path, stubs: tuple[Stub, Front], status: int
) -> None:
    plain, front = stubs
    front.refuse_after(6, status)
    code, summary, _ = finish(start(tmp_path, *command(plain.url, front.url)))
    assert code == 0
    assert (summary["kept"], summary["failed"]) == (6, 0)
    assert front.refused > 0
    assert [state["up"] for state in servers(tmp_path)] == [True, False]


def test_when_the_last_one_refuses_the_run_stops(tmp_path: Path, stubs: tuple[Stub, Front]) -> None:
    plain, front = stubs
    process = start(tmp_path, *command(plain.url, front.url, more=("--tries", "2")))
    until(lambda: plain.stats()["requests"] >= 6, 30)
    plain.stop()
    front.refusal = 401
    code, summary, stderr = finish(process)
    assert code == 1
    assert (summary["failed"], summary["pending"]) == (0, 6)
    assert (
        "no longer accepts the key (401): not any more" in stderr or "the 2 servers of stub no longer answer" in stderr
    )


def test_a_server_that_only_fails_is_left_after_some_patience(tmp_path: Path, stubs: tuple[Stub, Front]) -> None:
    """There are more dialogues than are in flight, so that new ones go on being given to it."""
    plain, front = stubs
    front.refuse_after(6, 500)
    code, summary, _ = finish(start(tmp_path, *command(plain.url, front.url, scenarios=24)))
    assert code == 0
    assert (summary["kept"], summary["failed"]) == (24, 0)
    assert front.refused >= 3
    sound, failing = (state["losses"] for state in servers(tmp_path))
    assert sound == 0
    assert failing in (1, 2)  # a reply that comes after the third refusal brings it back once


def test_a_busy_server_is_waited_for_not_left(tmp_path: Path, stubs: tuple[Stub, Front]) -> None:
    plain, front = stubs
    front.refuse_after(6, 429)
    process = start(tmp_path, *command(plain.url, front.url))
    until(lambda: front.refused >= 3, 60)
    front.accept()
    code, summary, _ = finish(process)
    assert code == 0
    assert (summary["kept"], summary["failed"]) == (6, 0)
    assert [(state["up"], state["losses"]) for state in servers(tmp_path)] == 2 * [(True, 0)]


# ---------------------------------------------------------------- servers that hang, are busy, or lie behind a proxy


def test_a_server_that_hangs_as_a_whole_stops_the_run_and_leaves_its_dialogues_pending(tmp_path: Path) -> None:
    with Stub("--latency", "0.05") as stub:
        process = start(tmp_path, *command(stub.url, scenarios=20, concurrency=4, more=("--timeout", "1")))
        until(lambda: stub.stats()["requests"] > 10)
        stub.signal(signal.SIGSTOP)
        code, summary, stderr = finish(process)
        stub.signal(signal.SIGCONT)
        assert code == 1
        assert (
            "the server of stub no longer answers (no answer within 2 s): start it again and repeat the command"
            in stderr
        )
        assert summary["pending"] > 0
        assert last_json(clca(tmp_path, *command(stub.url, scenarios=20)).stdout)["pending"] == 0


def test_a_busy_server_hands_its_dialogues_to_an_idle_one(tmp_path: Path) -> None:
    with Stub("--fault", "429:1", "--retry-after", "1000") as busy, Stub() as idle:
        began = time.monotonic()
        summary = last_json(clca(tmp_path, *command(busy.url, idle.url)).stdout)
        assert time.monotonic() - began < 300, "nobody waits for the busy one"
    assert (summary["kept"], summary["failed"]) == (6, 0)


def test_a_server_that_only_hangs_on_questions_fails_nothing_beside_a_sound_one(tmp_path: Path) -> None:
    with Stub("--fault", "hang:1") as hanging, Stub() as sound:
        summary = last_json(
            clca(tmp_path, *command(hanging.url, sound.url, scenarios=2, more=("--timeout", "1"))).stdout
        )
    assert (summary["kept"], summary["failed"]) == (2, 0)


def test_a_replica_that_is_broken_at_the_start_is_done_without(tmp_path: Path) -> None:
    with Stub() as sound:
        gateway = Front(sound)
        gateway.refusal = 502
        done = clca(tmp_path, *command(gateway.url, sound.url))
        gateway.close()
    assert last_json(done.stdout)["kept"] == 6
    assert f"Note: {gateway.url} answers 502" in done.stderr


def test_no_proxy_stands_between_clca_and_its_own_machine(tmp_path: Path) -> None:
    with Stub() as stub:
        done = clca(tmp_path, *command(stub.url), http_proxy="http://127.0.0.1:1", all_proxy="socks5://127.0.0.1:1")
    assert last_json(done.stdout)["kept"] == 6, done.stderr


def test_a_proxy_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    done = clca(tmp_path, *command("http://model.invalid/v1"), all_proxy="socks5://127.0.0.1:1")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert line.startswith("clca: the proxy that the environment names cannot be used: ")


def test_a_proxy_that_is_not_there_is_said_to_be_in_the_way(tmp_path: Path) -> None:
    done = clca(tmp_path, *command("http://model.invalid/v1"), http_proxy="http://127.0.0.1:1")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert "cannot connect to http://model.invalid/v1: " in line
    assert "through the proxy that the environment names" in line

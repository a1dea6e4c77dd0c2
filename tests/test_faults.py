"""A server that does everything wrong: every dialogue ends with a reason, none hangs, none is lost."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.cli_process import Stub, clca, last_json, only_run, records, start

REQUESTED = 6


def command(url: str, *more: str, exchanges: int = 3) -> list[str]:
    server = ["--teacher", "stub", "--base-url", url]
    return [
        "generate",
        "--culture",
        "japan",
        *server,
        "--scenarios",
        "3",
        "--exchanges",
        str(exchanges),
        "--json",
        *more,
    ]


def balance(summary: dict[str, int]) -> tuple[int, int]:
    """(requested, all that became of them)."""
    return summary["requested"], sum(summary[key] for key in ("kept", "discarded", "failed", "pending"))


@pytest.mark.parametrize(
    ("fault", "reason", "detail"),
    [
        ("500", "server error", "HTTP 500"),
        ("429", "server busy", "HTTP 429"),
        ("reset", "connection lost", ""),
        ("body", "connection lost", ""),
        ("hang", "time-out", "no answer within 2 s; the server is up: raise --timeout"),
        ("badbody", "malformed response", "not a completion"),
        ("cutjson", "not JSON", "EOF"),
        ("length", "cut off", "token limit"),
        ("empty", "empty reply", ""),
        ("schema", "outside the schema", "unexpected: unknown key"),
    ],
)
def test_fault_that_never_ends_fails_each_dialogue_with_its_reason(
    tmp_path: Path, fault: str, reason: str, detail: str
) -> None:
    with Stub("--fault", f"{fault}:1") as stub:
        done = clca(tmp_path, *command(stub.url, "--tries", "2", "--timeout", "1"))
    assert done.returncode == 3, done.stderr
    summary = last_json(done.stdout)
    assert (summary["failed"], summary["pending"]) == (REQUESTED, 0)
    failed = records(only_run(tmp_path), "failed.jsonl")
    assert [one["stage"] for one in failed] == ["adapt"] * REQUESTED
    assert {one["reason"] for one in failed} == {reason}
    assert all(detail in one["detail"] for one in failed)
    assert all(one["scenario"]["participants"] for one in failed), "what was to be played is kept"


@pytest.mark.parametrize("fault", ["500", "429", "reset", "body", "badbody", "cutjson", "length", "empty", "schema"])
def test_fault_that_passes_costs_nothing_but_time(tmp_path: Path, fault: str) -> None:
    """A fifth of all bodies fail at their first attempt; every dialogue is finished all the same."""
    with Stub("--fault", f"{fault}:0.2", "--fault-once") as stub:
        summary = last_json(clca(tmp_path, *command(stub.url, "--asks", "8")).stdout)
    assert (summary["kept"], summary["failed"]) == (REQUESTED, 0)


def test_mixed_faults_leave_a_whole_balance(tmp_path: Path) -> None:
    kinds = ("500", "429", "reset", "body", "hang", "badbody", "cutjson", "length", "empty", "schema")
    faults = [part for kind in kinds for part in ("--fault", f"{kind}:0.012")]
    with Stub(*faults, "--leave", "0.1", "--bad", "0.3") as stub:
        done = clca(tmp_path, *command(stub.url, "--tries", "2", "--timeout", "1", "--asks", "2"))
    summary = last_json(done.stdout)
    assert summary["pending"] == 0
    assert balance(summary) == (REQUESTED, REQUESTED)
    run = only_run(tmp_path)
    counts = {name: len(records(run, f"{name}.jsonl")) for name in ("dialogues", "discarded", "failed")}
    assert counts == {"dialogues": summary["kept"], "discarded": summary["discarded"], "failed": summary["failed"]}


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """Every first attempt is turned away for two seconds: nobody comes back before that.

    One dialogue of two turns is a chain of six questions; own back-off would take 9 seconds at most.
    """
    with Stub("--fault", "429:1", "--fault-once", "--retry-after", "2") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        run = ("--scenarios", "1", "--samples", "1", "--exchanges", "1", "--json")
        begun = time.monotonic()
        summary = last_json(clca(tmp_path, "generate", "--culture", "japan", *server, *run).stdout)
        seconds = time.monotonic() - begun
    assert summary["kept"] == 1
    assert seconds > 6 * 2


def test_interrupt_ends_the_wait_for_another_try(tmp_path: Path) -> None:
    with Stub("--fault", "429:1", "--retry-after", "50") as stub:
        process = start(tmp_path, *command(stub.url))
        while not stub.stats()["requests"]:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (last_json(stdout)["pending"], last_json(stdout)["failed"]) == (REQUESTED, 0)


def test_prompt_too_long_fails_its_dialogue_and_the_run_goes_on(tmp_path: Path) -> None:
    with Stub("--context", "1300") as stub:
        done = clca(tmp_path, *command(stub.url, exchanges=10))
    assert done.returncode == 3
    failed = records(only_run(tmp_path), "failed.jsonl")
    assert {one["reason"] for one in failed} == {"prompt too long"}
    assert any(one["stage"] != "adapt" and one["turns"] for one in failed), "the turns so far are kept"


def test_server_without_structured_outputs_is_asked_in_words(tmp_path: Path) -> None:
    with Stub("--no-schema") as stub:
        summary = last_json(clca(tmp_path, *command(stub.url)).stdout)
    assert (summary["kept"], summary["failed"]) == (REQUESTED, 0)


def test_lost_server_stops_the_run_which_then_goes_on(tmp_path: Path) -> None:
    with Stub("--latency", "0.1") as stub:
        port = stub.url.split(":")[2].split("/")[0]
        process = start(tmp_path, *command(stub.url, "--tries", "2"))
        while stub.stats()["requests"] < 20:
            time.sleep(0.02)
        stub.stop()
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the server of stub no longer answers" in stderr
    assert stderr.count("\n") < 15, "no traceback"
    first = last_json(stdout)
    assert balance(first) == (REQUESTED, REQUESTED)
    assert (first["failed"], first["pending"]) == (0, REQUESTED)
    with Stub("--port", port) as again:
        second = last_json(clca(tmp_path, *command(again.url, "--tries", "2")).stdout)
    assert (second["kept"], second["pending"]) == (REQUESTED, 0)
    assert second["cached"] > 0


def test_retry_asks_bad_replies_anew(tmp_path: Path) -> None:
    with Stub("--fault", "schema:1") as stub:
        assert clca(tmp_path, *command(stub.url, "--asks", "1")).returncode == 3
    assert len(records(only_run(tmp_path), "failed.jsonl")) == REQUESTED
    with Stub() as stub:
        done = clca(tmp_path, "retry", "japan", "--failed", "--base-url", stub.url, "--json")
    assert done.returncode == 0, done.stderr
    assert last_json(done.stdout)["kept"] == REQUESTED
    assert records(only_run(tmp_path), "failed.jsonl") == []
    assert len(records(only_run(tmp_path))) == REQUESTED


def test_retry_finds_the_run_below_out(tmp_path: Path) -> None:
    with Stub() as stub:
        assert clca(tmp_path, *command(stub.url, "--out", "runs")).returncode == 0
        done = clca(tmp_path, "retry", "japan", "--failed", "--out", "runs", "--base-url", stub.url, "--json")
    assert done.returncode == 0, done.stderr
    assert (last_json(done.stdout)["kept"], last_json(done.stdout)["failed"]) == (REQUESTED, 0)
    assert clca(tmp_path, "retry", "japan", "--failed", "--out", "").returncode == 2


def test_retry_pays_only_for_what_was_not_answered(tmp_path: Path) -> None:
    """The server loses every judgement; tried again on a sound one, no turn is asked a second time."""
    with Stub() as sound, Stub("--fault", "500:1") as broken:
        judge = ("--judge", "stub", "--judge-base-url", broken.url, "--tries", "1")
        assert clca(tmp_path, *command(sound.url, *judge)).returncode == 3
        failed = records(only_run(tmp_path), "failed.jsonl")
        assert {one["stage"] for one in failed} == {"judge"}
        before = sound.stats()["by_task"]
        done = clca(tmp_path, "retry", "japan", "--failed", "--judge-base-url", sound.url, "--tries", "3", "--json")
        after = sound.stats()["by_task"]
    summary = last_json(done.stdout)
    assert (summary["kept"], summary["failed"]) == (REQUESTED, 0)
    assert (after["turn"], after["adapt"]) == (before["turn"], before["adapt"])
    assert summary["cached"] == before["turn"] + before["adapt"]


def test_keys_reach_no_file_and_no_screen(tmp_path: Path) -> None:
    secret = "sk-do-not-tell-anyone-123456"
    with Stub("--key", secret) as stub:
        done = clca(tmp_path, *command(stub.url), CLCA_API_KEY=secret)
        wrong = clca(tmp_path, *command(stub.url, "--new"), CLCA_API_KEY="sk-wrong-key-654321")
        torn = clca(tmp_path, *command(stub.url, "--new"), CLCA_API_KEY="top-key\x01-with-control")
        in_url = clca(tmp_path, *command(stub.url.replace("http://", "http://user:hunter2@")))
    assert done.returncode == 0, done.stderr
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1].startswith(f"clca: {stub.url} refuses the key (401)")
    assert in_url.returncode == 2
    assert "a URL must not hold a user or password" in in_url.stderr
    assert torn.stderr == ("clca: CLCA_API_KEY: the key holds characters that an HTTP header cannot carry\n")
    shown = "".join(one.stdout + one.stderr for one in (done, wrong, torn, in_url))
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for word in (secret, "sk-wrong-key-654321", "top-key", "hunter2"):
        assert word not in shown
        assert word.encode() not in written


@pytest.mark.parametrize("size", [3_000, 60_000, 200_000])
def test_full_disk_leaves_whole_lines_and_the_run_goes_on(tmp_path: Path, size: int) -> None:
    """No file may grow beyond `size` bytes: the kernel refuses what goes over, as on a full disk."""
    args = ("generate", "--culture", "japan", "--scenarios", "40", "--json")

    full = start(tmp_path, *args, surroundings={"file_size": size})
    _, stderr = full.communicate(timeout=60)
    assert full.returncode == 2
    assert "Traceback" not in stderr
    assert stderr.strip().splitlines()[-1].startswith("clca: cannot ")
    for file in tmp_path.rglob("*.jsonl"):
        data = file.read_bytes()
        assert data == b"" or data.endswith(b"\n")
    done = clca(tmp_path, *args)
    assert done.returncode == 0, done.stderr
    assert balance(last_json(done.stdout)) == (80, 80)
    ids = [one["id"] for name in ("dialogues.jsonl", "discarded.jsonl") for one in records(only_run(tmp_path), name)]
    assert len(ids) == len(set(ids)) == 80

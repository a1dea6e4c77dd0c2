"""`python -m benchmarks replay`, with the stub in place of vLLM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import replay
from tests.cli_process import Stub

SMALL = ("--model", "stub", "--scenarios", "2", "--samples", "1", "--exchanges", "2", "--concurrency", "4")


def test_the_requests_of_a_run_are_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Stub("--latency", "0.02", "--metrics") as stub:
        code = replay.main([*SMALL, "--base-url", stub.url, "--json", "figures.json"])
        stats = stub.stats()
    listed = json.loads(Path("figures.json").read_text())["figures"]
    figures = {(each["part"], each["what"]): each["value"] for each in listed}
    requests = figures["run of clca", "requests sent"]
    assert requests == figures["run of clca", "requests"] == figures["bare client, the same bodies", "requests"]
    assert stats["distinct"] == requests + 1  # and the one that warms the server up
    assert stats["repeated"] == requests
    assert figures["run of clca", "requests per kept dialogue"] == requests / 2
    ratio = figures["compared", "seconds of the run over those of the bare client"]
    assert ratio > 0
    assert code == int(ratio > replay.TARGET)
    assert ("MISSED" if code else "met") in capsys.readouterr().out


def test_a_server_that_keeps_its_prefix_cache_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Stub() as stub, pytest.raises(SystemExit, match="VLLM_SERVER_DEV_MODE=1"):
        replay.main([*SMALL, "--base-url", stub.url])

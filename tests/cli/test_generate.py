"""`clca generate`, as scripts and people see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from clca.content.lookup import Content
from clca.generation.scenarios import SeedScenarios
from tests.cli_process import Stub, clca, environment, last_json, only_run, records

KEYS = ["run", "requested", "kept", "discarded", "failed", "rejected", "pending"]
RECORD = ["id", "culture", "sample", "scenario", "turns", "ended", "judgement", "verdict", "reason"]
RECORD += ["teacher", "partner", "judge", "seed", "usage", "planted", "run", "localiser", "ratings"]
COSTS = ["requests", "cached", "prompt_tokens", "completion_tokens", "seconds", "invalid_replies"]
COSTS += ["judge_calibration", "wanted"]


def test_json_and_records_have_the_keys_that_scripts_rely_on(tmp_path: Path) -> None:
    done = clca(tmp_path, "generate", "--culture", "japan", "--json")
    assert done.returncode == 0, done.stderr
    summary = last_json(done.stdout)
    assert list(summary) == KEYS + COSTS
    assert summary["requested"] == 2 * len(SeedScenarios(Content(), None, 42, ("japan",)))
    run = tmp_path / summary["run"]
    kept, discarded = records(run), records(run, "discarded.jsonl")
    assert (len(kept), len(discarded)) == (summary["kept"], summary["discarded"])
    assert kept
    assert discarded
    for record in kept + discarded:
        assert list(record) == RECORD
        assert record["run"] == f"japan/{run.name}"
        assert set(record["scenario"]) == {
            *("id", "setting", "relationship", "source", "participants", "breach", "opens", "origin", "license")
        }
        for person in record["scenario"]["participants"]:
            assert list(person) == ["name", "age", "gender", "occupation", "background", "goal", "secret", "culture"]
        assert (record["culture"], record["seed"], record["teacher"]) == ("japan", 42, "rehearsal")
        assert 1 <= len(record["turns"]) <= 20
        if record["ended"] != "degenerate":
            assert set(record["judgement"]) == {"quality", "alignment", "meta", "counted", "answered", "sides"}
            assert record["judgement"]["meta"]["critique"]
    for record in kept:
        assert (record["verdict"], record["reason"]) == ("kept", "")
        assert all(turn["intent"]["relevance"] in ("generic", "cultural") for turn in record["turns"])
        assert all(turn["intent"]["text"] and turn["thought"] for turn in record["turns"])
    for record in discarded:
        assert record["verdict"] == "discarded"
        assert record["reason"]
        assert all("intent" not in turn for turn in record["turns"])


def test_usage_adds_up(tmp_path: Path) -> None:
    """What the records cost, and the adaptation of each scenario, is what the run cost."""
    with Stub("--bad", "0.2") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        summary = last_json(clca(tmp_path, "generate", "--culture", "uk", *server, "--scenarios", "5", "--json").stdout)
        assert stub.stats()["requests"] == summary["requests"]
    run = only_run(tmp_path, "uk")
    every = records(run) + records(run, "discarded.jsonl")
    info = json.loads((run / "run.json").read_text())
    assert info["seeds"]["own"] == 1, "which nobody has to adapt"
    assert sum(one["usage"]["requests"] for one in every) + 4 == summary["requests"]
    assert info["usage"] == {key: summary[key] for key in ("requests", "prompt_tokens", "completion_tokens")}
    assert info["counts"]["kept"] == summary["kept"]
    assert info["models"]["teacher"] == {"name": "stub", "urls": [stub.url]}
    assert info["content"]["prompts/turn.j2"]["origin"] == "package"


def test_three_models_at_three_servers(tmp_path: Path) -> None:
    with Stub("--models", "a") as one, Stub("--models", "b") as two, Stub("--models", "c") as three:
        done = clca(
            tmp_path,
            *("generate", "--culture", "uk", "--scenarios", "2", "--exchanges", "3", "--json"),
            *("--teacher", "a", "--base-url", one.url),
            *("--partner", "b", "--partner-base-url", two.url),
            *("--judge", "c", "--judge-base-url", three.url),
        )
        asked = [stub.stats()["by_task"] for stub in (one, two, three)]
    assert done.returncode == 0, done.stderr
    assert asked == [{"adapt": 2, "turn": 12, "intent": 24}, {"turn": 12}, {"judge": 4, "meta": 8}]
    record = records(only_run(tmp_path, "uk"))[0]
    assert (record["teacher"], record["partner"], record["judge"]) == ("a", "b", "c")


def test_rehearsed_dialogues_judged_by_a_real_server(tmp_path: Path) -> None:
    with Stub() as stub:
        done = clca(
            tmp_path,
            *("generate", "--culture", "uk", "--scenarios", "2", "--json"),
            *("--judge", "stub", "--judge-base-url", stub.url),
        )
        assert set(stub.stats()["by_task"]) == {"judge", "meta"}
    assert last_json(done.stdout)["kept"] + last_json(done.stdout)["discarded"] == 4


def test_replicas_share_the_dialogues(tmp_path: Path) -> None:
    with Stub() as one, Stub() as two:
        urls = ("--base-url", one.url, "--base-url", two.url)
        done = clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "6", "--teacher", "stub", *urls, "--json")
        asked = [stub.stats()["requests"] for stub in (one, two)]
    assert min(asked) > 0
    assert sum(asked) == last_json(done.stdout)["requests"]


def test_several_cultures_in_one_command(tmp_path: Path) -> None:
    names = ("--culture", "JPN", "--culture", "Bengali", "--culture", "japan")
    done = clca(tmp_path, "generate", *names, "--scenarios", "2", "--json", "--quiet")
    assert done.stderr == ""
    total = last_json(done.stdout)
    assert [Path(run["run"]).parent.name for run in total["runs"]] == ["japan", "bangladesh"]
    assert total["requested"] == 8
    for key in KEYS[1:]:
        assert total[key] == sum(run[key] for run in total["runs"])


def test_language_of_two_countries_is_played_in_both(tmp_path: Path) -> None:
    clca(tmp_path, "generate", "--culture", "arabic", "--scenarios", "20", "--samples", "1")
    run = only_run(tmp_path, "ara")
    names = {one["scenario"]["participants"][0]["name"] for one in records(run)}
    info = json.loads((run / "run.json").read_text())
    assert {"personas/cultures/iraq.yaml", "personas/cultures/jordan.yaml"} <= set(info["content"])
    assert len(names) > 8


def test_norms_become_scenarios(tmp_path: Path) -> None:
    done = clca(tmp_path, "generate", "--culture", "japan", "--scenarios", "1", "--norms", "6", "--json")
    assert last_json(done.stdout)["requested"] == 14
    sources = {one["scenario"]["source"] for one in records(only_run(tmp_path))}
    assert sum(source.startswith("norm:japan-") for source in sources) >= 4
    assert "seed" in sources


def test_own_scenarios_are_played_in_the_culture(tmp_path: Path) -> None:
    person = {"age": 40, "gender": "female", "occupation": "baker", "background": "Runs a bakery.", "secret": ""}
    own = {
        "id": "own-1",
        "setting": "A bakery before dawn.",
        "relationship": "colleague",
        "participants": [
            {"name": "Ann Lee", "goal": "Get Joe to open earlier", **person},
            {"name": "Joe Ray", "goal": "Sleep until six", **person, "gender": "male"},
        ],
    }
    (tmp_path / "mine.jsonl").write_text(json.dumps(own) + "\n")
    done = clca(tmp_path, "generate", "--culture", "japan", "--scenarios", "mine.jsonl", "--json")
    summary = last_json(done.stdout)
    assert (summary["requested"], summary["failed"]) == (2, 0)
    run = only_run(tmp_path)
    for record in records(run) + records(run, "discarded.jsonl"):
        assert record["scenario"]["participants"][0]["name"] not in ("Ann Lee", "Joe Ray")
        assert record["scenario"]["source"] == "file"


def test_plan_asks_nothing_and_bounds_the_run(tmp_path: Path) -> None:
    with Stub() as stub:
        args = ("generate", "--culture", "uk", "--scenarios", "3", "--teacher", "stub", "--base-url", stub.url)
        plan = clca(tmp_path, *args, "--plan", "--json")
        assert stub.stats()["requests"] == 0
        shown = clca(tmp_path, *args, "--plan")
        run = last_json(clca(tmp_path, *args, "--json").stdout)
    planned = last_json(plan.stdout)
    assert planned["run"] == run["run"]
    assert planned["requested"] == run["requested"] == 6
    assert planned["seeds"] == {"neutral": 3, "own": 0, "skipped": 0, "family": 0}
    assert "Scenarios: 3 of no culture" in shown.stdout
    assert planned["requests"] == 3 + 6 * 20 + 6 + 2 * 6 + 6 * 20
    assert run["requests"] == planned["requests"], "the stub's dialogues run their full length and are kept"
    assert set(planned["tasks"]) == {"adapt", "turn", "judge", "meta", "intent"}
    for task in planned["tasks"].values():
        assert task["messages"][0]["role"] == "system"
    for words in ("You localise social scenarios", "Your secret, which only you", "You judge dialogues", "at most"):
        assert words in shown.stdout


def test_discard_rule_can_be_changed(tmp_path: Path) -> None:
    with Stub("--bad", "1") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        args = ("generate", "--culture", "uk", "--scenarios", "2", "--exchanges", "2", "--json", *server)
        paper = last_json(clca(tmp_path, *args).stdout)
        lenient = last_json(clca(tmp_path, *args, "--discard", "alignment").stdout)
    assert paper["kept"] == 0
    assert lenient["kept"] == 4, "the stub finds every dialogue bad, but in line with the culture"


def test_progress_shows_the_funnel_in_a_terminal(tmp_path: Path) -> None:
    """stderr is a terminal of 160 columns, where rich draws the bar and the line beside it."""
    ours, theirs = os.openpty()
    with Stub("--latency", "0.05") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        process = subprocess.Popen(
            [sys.executable, "-m", "clca", "generate", "--culture", "uk", "--scenarios", "2", *server],
            cwd=tmp_path,
            env=environment(TERM="xterm", COLUMNS="160"),
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the terminal is gone once the process is
            while piece := os.read(ours, 65536):
                shown += piece
        assert process.wait(timeout=30) == 0
    os.close(ours)
    words = shown.decode()
    for part in ("uk 0/4", "under way 4", "asking ", " requests/s", " tokens/s"):
        assert part in words
    assert words.count("requested") == 1


def test_progress_is_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    with Stub("--latency", "0.5") as stub:
        server = ("--teacher", "stub", "--base-url", stub.url)
        done = clca(tmp_path, "generate", "--culture", "uk", "--scenarios", "1", "--exchanges", "10", *server)
    lines = [line for line in done.stderr.splitlines() if line.startswith("uk 0/2 · ")]
    assert lines, "a line every ten seconds"

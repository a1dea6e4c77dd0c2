"""Whole runs of `clca generate` over a real vLLM that runs already."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clca.errors import FailureKind
from clca.inference.reply_schema import schema, separated
from clca.schemas import AdaptAnswer, JudgeAnswer, MetaAnswer, MetaViewAnswer, TurnAnswer, intent_answer
from tests.cli_process import clca, last_json, only_run, records, start
from tests.vllm.servers import Server

REASONS = {FailureKind.INVALID_CONTENT.value, FailureKind.FAILED_CHECK.value}  # of noise within the syntax
SMALL = ("--scenarios", "2", "--samples", "2", "--concurrency", "16", "--no-calibrate", "--json")


def generate(folder: Path, *servers: Server, options: tuple[str, ...] = SMALL) -> tuple[int, dict[str, Any], str]:
    """Exit code, summary and screen of a run in that folder."""
    done = clca(folder, *command(*servers), *options)
    return done.returncode, last_json(done.stdout), done.stderr


def command(*servers: Server) -> tuple[str, ...]:
    urls = [word for server in servers for word in ("--base-url", server.url)]
    # A model of random weights keeps no scenario whole: code alone adapts it.
    return ("generate", "--culture", "japan", "--teacher", servers[0].model, "--adaptation", "code", *urls)


def info(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((only_run(folder) / "run.json").read_text())
    return data


@pytest.fixture(scope="module")
def run(vllm: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One run of ten-exchange dialogues, which several tests look at."""
    folder = tmp_path_factory.mktemp("run")
    code, summary, screen = generate(folder, vllm)
    assert code in (0, 3), screen
    return folder, summary


def test_every_dialogue_ends_as_kept_discarded_or_failed(run: tuple[Path, dict[str, Any]]) -> None:
    """Whole sentences of noise pass the checks of a turn; no intent of it begins with a name and "wants"."""
    folder, summary = run
    assert summary["requested"] == 4 == summary["kept"] + summary["discarded"] + summary["failed"]
    ended = only_run(folder)
    discarded, failed = records(ended, "discarded.jsonl"), records(ended, "failed.jsonl")
    judged = [one for one in discarded if one["judgement"]] + [one for one in failed if one["stage"] == "intent"]
    assert judged, [record["reason"] for record in discarded + failed]


def test_a_dialogue_has_half_of_its_twenty_turns_at_least(run: tuple[Path, dict[str, Any]]) -> None:
    """What the next test's hit rate is of. Noise ends other dialogues early, on each kind of processor others."""
    folder, _ = run
    files = ("dialogues.jsonl", "discarded.jsonl", "failed.jsonl")
    turns = [len(record["turns"]) for name in files for record in records(only_run(folder), name)]
    assert max(turns) >= 10, turns


def test_the_prefix_cache_serves_most_of_the_prompts(run: tuple[Path, dict[str, Any]]) -> None:
    folder, summary = run
    (server,) = info(folder)["sessions"][-1]["servers"]
    seen = server["throughput"]
    assert seen["prompt_tokens"] == pytest.approx(summary["prompt_tokens"], rel=0.02)  # and the probe of the start
    assert seen["completion_tokens"] == pytest.approx(summary["completion_tokens"], rel=0.02)
    assert seen["prefix_cache_hit_rate"] >= 0.6


def test_every_reply_of_the_run_is_json(run: tuple[Path, dict[str, Any]]) -> None:
    """A random model runs into the bounds of its texts, and contradicts itself; it cannot leave the syntax."""
    kinds = set(info(run[0])["sessions"][-1]["invalid_replies"])
    assert not kinds & {kind.value for kind in (FailureKind.INVALID_JSON, FailureKind.TRUNCATED)}, kinds


def test_the_run_notes_what_served_it(run: tuple[Path, dict[str, Any]], vllm: Server, tiny_model: Path) -> None:
    (server,) = info(run[0])["sessions"][-1]["servers"]
    assert (server["url"], server["model"], server["root"]) == (vllm.url, vllm.model, str(tiny_model))
    assert server["structured_outputs"] is True
    assert (server["up"], server["losses"]) == (True, 0)


def test_the_same_seed_gives_the_same_records(run: tuple[Path, dict[str, Any]], vllm: Server, tmp_path: Path) -> None:
    options = ("--scenarios", "2", "--samples", "2", "--concurrency", "3", "--no-calibrate", "--json")
    generate(tmp_path, vllm, options=options)
    assert without_costs(tmp_path) == without_costs(run[0])


def without_costs(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The records of a run by file, in order of their ids."""
    found = {}
    for name in ("dialogues.jsonl", "discarded.jsonl", "failed.jsonl"):
        found[name] = sorted(records(only_run(folder), name), key=lambda record: str(record["id"]))
    return found


REPLIES = 4
TASKS = {
    "adapt": AdaptAnswer,
    "turn": TurnAnswer,
    "judge": JudgeAnswer,
    "view": MetaViewAnswer,
    "meta": MetaAnswer,
    "intent": intent_answer(8),
}


@pytest.mark.parametrize("task", TASKS)
def test_every_reply_is_whole_json(vllm: Server, task: str) -> None:
    """Straight from the server: what the schema bounds ends, and parses, whatever the model would rather say."""
    shape = {"type": "json_schema", "json_schema": {"name": task, "schema": separated(schema(TASKS[task]))}}
    ends: Counter[str] = Counter()
    for seed in range(REPLIES):
        messages = [{"role": "user", "content": f"Please do your {task}."}]
        answer = vllm.ask(messages=messages, response_format=shape, max_tokens=2000, temperature=1.0, seed=seed)
        (choice,) = answer["choices"]
        text = choice["message"]["content"]
        json.loads(text)
        assert re.match(r'\{"\w+": \S', text), "separators are those of the schema"
        ends[choice["finish_reason"]] += 1
    assert ends == {"stop": REPLIES}


def test_a_prompt_longer_than_the_context_fails_its_dialogue_only(vllm: Server, tmp_path: Path) -> None:
    clca(tmp_path, "init", ".")
    clca(tmp_path, "content", "copy", "prompts/turn.j2")
    prompt = tmp_path / "prompts" / "turn.j2"
    heard = "{% block heard %}\n"
    prompt.write_text(prompt.read_text().replace(heard, heard + "The room is quiet. " * 80))
    options = ("--scenarios", "4", "--samples", "1", "--concurrency", "8", "--json")
    code, summary, _ = generate(tmp_path, vllm, options=options)
    failed = records(only_run(tmp_path), "failed.jsonl")
    assert (code, summary["pending"]) == (3, 0)
    too_long = [one for one in failed if one["reason"] == "prompt too long"]
    assert too_long
    assert all("4096" in one["detail"] and len(one["turns"]) > 4 for one in too_long)


# ---------------------------------------------------------------- servers that die


def answered(run: Path) -> int:
    """Replies that have been committed so far."""
    try:
        with sqlite3.connect(f"file:{run / 'journal.sqlite'}?mode=ro", uri=True) as db:
            (number,) = db.execute("SELECT count(*) FROM reply").fetchone()
            return int(number)
    except sqlite3.OperationalError:
        return 0


def all_answered(folder: Path) -> int:
    return sum(answered(file.parent) for file in folder.glob("generated/*/*/journal.sqlite"))


def wait_for_replies(folder: Path, seconds: float = 300.0) -> None:
    """Until 20 replies have been committed."""
    until = time.monotonic() + seconds
    while all_answered(folder) < 20:
        assert time.monotonic() < until, "no replies"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["Worker", "main"])
def test_a_server_that_dies_ends_the_run_which_goes_on_with_another(
    run: tuple[Path, dict[str, Any]], vllm: Server, vllm_command: str, tiny_model: Path, tmp_path: Path, victim: str
) -> None:
    whole, summary = run
    with Server(vllm_command, tiny_model, tmp_path / victim) as server:
        process = start(tmp_path, *command(server), *SMALL)
        wait_for_replies(tmp_path)
        server.kill(victim)
        stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 1, stderr
    (line,) = [line for line in stderr.splitlines() if line.startswith("clca: ")]
    assert "the server of tiny no longer answers" in line
    assert "repeat the command to resume" in line
    assert last_json(stdout)["pending"] > 0
    assert {one["reason"] for one in records(only_run(tmp_path), "failed.jsonl")} <= REASONS
    _, ended, _ = generate(tmp_path, vllm)
    assert ended["pending"] == 0
    assert without_costs(tmp_path) == without_costs(whole)
    sessions = info(tmp_path)["sessions"]
    assert len(sessions) == 2
    # Nothing that was answered is asked again: both together asked no more than one undisturbed run.
    assert sum(session["requests"] for session in sessions) == summary["requests"]


@pytest.mark.slow
def test_two_replicas_of_which_one_is_killed(
    run: tuple[Path, dict[str, Any]], vllm: Server, vllm_command: str, tiny_model: Path, tmp_path: Path
) -> None:
    with Server(vllm_command, tiny_model, tmp_path / "second") as second:
        process = start(tmp_path, *command(vllm, second), *SMALL)
        wait_for_replies(tmp_path)
        second.kill("main")
        stdout, stderr = process.communicate(timeout=600)
    assert process.returncode in (0, 3), stderr
    ended = last_json(stdout)
    assert ended["pending"] == 0
    assert without_costs(tmp_path) == without_costs(run[0])
    first, lost = info(tmp_path)["sessions"][-1]["servers"]
    assert (first["up"], lost["up"], lost["losses"]) == (True, False, 1)

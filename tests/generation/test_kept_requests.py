"""Requests that are kept with their replies, and those that are made again from the record."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from clca.cli import app
from clca.content.lookup import Content
from clca.errors import NotFoundError, StoreError
from clca.generation.config import GenerateConfig
from clca.generation.plan import plan
from clca.generation.run import run
from clca.generation.scheduler import RequestScheduler
from clca.quality.inspection.replay import replay
from clca.records import Dialogue
from clca.storage.kept_requests import FILE, KeptRequest, RequestFile, kept_requests
from clca.storage.reply_cache import ReplyCache
from clca.storage.run_index import RunInfo, read_run
from tests.generation.test_scheduler import GOOD, Scripted, task_request
from tests.security.test_shown_text import ATTACKS, check


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with its requests."""
    out = tmp_path_factory.mktemp("made")
    config = GenerateConfig(
        culture=("japan",), scenarios=2, samples=1, max_exchanges=3, out=out, keep_requests=True, calibrate=False
    )
    assert run(plan(config)).requested == 2
    (folder,) = (out / "japan").iterdir()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "japan" / made.name)


def dialogues(folder: Path) -> list[Dialogue]:
    text = "".join((folder / name).read_text() for name in ("dialogues.jsonl", "discarded.jsonl"))
    return [Dialogue.model_validate_json(line) for line in text.splitlines()]


def rewritten(folder: Path, **changes: Any) -> RunInfo:
    """The run, whose `run.json` says something else."""
    info = read_run(folder)
    (folder / "run.json").write_text(json.dumps({**info.data, **changes}))
    return read_run(folder)


def test_every_request_that_was_answered_is_kept_with_its_reply(made: Path) -> None:
    kept = [KeptRequest.model_validate_json(line) for line in (made / FILE).read_text().splitlines()]
    assert {request.task for request in kept} >= {"adapt", "turn", "judge"}
    usage = read_run(made).data["usage"]
    assert len(kept) == usage["requests"]
    assert sum(request.reply.prompt_tokens for request in kept if request.reply) == usage["prompt_tokens"]


def test_a_request_made_again_is_the_one_that_was_sent(made: Path, folder: Path) -> None:
    (folder / FILE).unlink()
    for dialogue in dialogues(made):
        for turn, taken in enumerate(dialogue.turns, start=1):
            kept = replay([read_run(made)], dialogue.id, turn)
            again = replay([read_run(folder)], dialogue.id, turn)
            assert (kept.source, again.source) == ("kept", "rebuilt")
            (request,) = again.requests
            assert request == kept.requests[0].model_copy(update={"reply": None})
            reply = kept.requests[-1].reply
            assert reply is not None
            assert json.loads(reply.text)["text"] == taken.text
            assert "Its raw reply was not kept" in again.note


def test_what_may_not_be_as_it_was_is_not_made_again(folder: Path, tmp_path: Path) -> None:
    (folder / FILE).unlink()
    first, data = dialogues(folder)[0], read_run(folder).data
    inputs = data["inputs"]
    workspace = tmp_path / "workspace"
    (workspace / "prompts").mkdir(parents=True)
    (workspace / "clca.toml").touch()
    prompt = Content(None).text("prompts/turn.j2")
    (workspace / "prompts" / "turn.j2").write_text(prompt.replace("You are", "You play", 1))
    with pytest.raises(NotFoundError, match=r"cannot be made again: prompts/turn\.j2 has changed since"):
        replay([read_run(folder)], first.id, 1, workspace)
    for changes, why in (
        ({"inputs": {**inputs, "clca": "0.0.1"}}, r"it was made by clca 0\.0\.1"),
        ({"inputs": {}}, "it was made by clca of an unknown version"),
        ({"temperatures": {}}, "its temperature is not recorded"),
    ):
        with pytest.raises(NotFoundError, match=f"{why} .clca generate --keep-requests keeps them"):
            replay([rewritten(folder, **{**data, **changes})], first.id, 1)
    run_again = rewritten(folder, **data)
    (folder / "discarded.jsonl").write_text("")
    for culture, why in (("spa", "the country that it was played in"), ("japan+mexico", "prompts of two cultures")):
        line = first.model_copy(update={"culture": culture}).model_dump_json()
        (folder / "dialogues.jsonl").write_text(line + "\n")
        with pytest.raises(NotFoundError, match=why):
            replay([run_again], first.id, 1)
    with pytest.raises(NotFoundError, match=r"has no turn 99: it has \d+, counted from 1"):
        replay([run_again], first.id, 99)


@pytest.mark.parametrize("turn", ["x", 5, None, ["x"]])
def test_a_turn_that_is_none_is_one_line(folder: Path, turn: object) -> None:
    (record, *_) = dialogues(folder)
    name = "dialogues.jsonl" if record.verdict == "kept" else "discarded.jsonl"
    (folder / name).write_text(json.dumps({**record.model_dump(mode="json"), "turns": [turn]}) + "\n")
    with pytest.raises(StoreError, match=r"is not formed as a dialogue: turn 1 is no object"):
        replay([read_run(folder)], record.id, 1)


def test_keeping_requests_makes_no_other_run(made: Path) -> None:
    config = GenerateConfig(culture=("japan",), scenarios=2, samples=1, max_exchanges=3, out=made.parents[1])
    (again,) = plan(config).runs
    assert (again.folder, again.finished) == (made, True)


def test_replies_without_an_answer_are_kept_too_and_a_cached_one_again(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path / "journal.sqlite")
    for texts in (["no JSON", GOOD], []):  # the second time the cache answers
        teacher, file = Scripted(*texts), RequestFile(tmp_path)
        scheduler = RequestScheduler(
            {"teacher": teacher},  # type: ignore[dict-item]
            cache,
            concurrency=1,
            max_attempts=3,
            seed=42,
            requests=file,
        )
        asyncio.run(scheduler.client("one").request(task_request(4)))
        file.close()
        assert len(teacher.asked) == len(texts)
    cache.close()
    assert len((tmp_path / FILE).read_text().splitlines()) == 4
    first, second = kept_requests(tmp_path, "one", "intent", 4)
    assert (first.attempt, second.attempt) == (0, 1)
    assert first.seed != second.seed
    assert first.reply is not None
    assert first.reply.text == "no JSON"
    assert list(kept_requests(tmp_path, "one", "intent", 5)) == []
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole + whole[:100])
    RequestFile(tmp_path).close()
    assert (tmp_path / FILE).read_bytes() == whole


def test_the_screen_shows_prompt_schema_seed_and_reply(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue = dialogues(folder)[0]
    app(["inspect", str(folder), "--replay", dialogue.id, "2"], standalone_mode=False)
    shown = capsys.readouterr().out
    (request,) = kept_requests(folder, dialogue.id, "turn", 1)
    assert request.reply is not None
    for text in (*(message["content"] for message in request.messages), request.reply.text, str(request.seed)):
        assert text in shown
    assert '"maxLength": 241' in shown
    app(["inspect", str(folder), "--replay", dialogue.id, "2", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["requests"] == [request.model_dump(mode="json")]


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_hostile_text_is_inert(attack: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue, text = dialogues(folder)[0], ATTACKS[attack]
    (request,) = kept_requests(folder, dialogue.id, "turn", 0)
    assert request.reply is not None
    bad = request.model_copy(
        update={
            "teacher": text,
            "messages": ({"role": text, "content": text},),
            "reply": request.reply.model_copy(update={"text": text, "finish_reason": text}),
        }
    )
    file = RequestFile(folder)
    (folder / FILE).write_bytes(b"")
    file.add(bad)
    file.close()
    for arguments in ([], ["--json"]):
        app(["inspect", str(folder), "--replay", dialogue.id, "1", *arguments], standalone_mode=False)
        shown = capsys.readouterr().out
        assert shown
        check(shown)

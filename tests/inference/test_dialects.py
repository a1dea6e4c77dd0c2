"""Every dialect of `dialects.py`, run through a generation's requests and through an evaluation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from clca.errors import ClcaError, InvalidReply, RequestError
from clca.evaluation.classification.answering import TaskAnswering
from clca.evaluation.classification.prediction_dir import TaskPredictionDir
from clca.evaluation.classification.request_group import System
from clca.generation.scheduler import RequestScheduler
from clca.inference.api_model import ApiModel
from clca.inference.api_prompts import Wording
from clca.inference.chat_client import ChatClient
from clca.inference.parse_reply import INVALID
from clca.inference.protocol import TaskRequest
from clca.storage.reply_cache import ReplyCache
from tests.evaluation.classification.tasks import Numbered
from tests.inference.dialect_server import DialectServer, dialect_server
from tests.inference.dialects import DIALECTS, GreetingAnswer, Outcome, ServerDialect, is_probe

ATTEMPTS = 3
QUESTION = TaskRequest(
    "intent",
    "teacher",
    ({"role": "system", "content": "You are polite."}, {"role": "user", "content": "Greet me as JSON."}),
    GreetingAnswer,
    max_tokens=100,
    temperature=0.0,
)
BASE = (System("base", ""),)


@pytest.fixture(scope="module")
def served() -> Iterator[DialectServer]:
    with dialect_server(DIALECTS) as server:
        yield server


@pytest.fixture
def server(served: DialectServer, monkeypatch: pytest.MonkeyPatch) -> DialectServer:
    """The server, asked nothing so far; failed requests are repeated at once."""
    monkeypatch.setattr("clca.inference.retry.MAX_BACKOFF", 0.0)
    monkeypatch.setattr("clca.inference.retry.random", lambda: 0.0)
    served.bodies.clear()
    return served


def check(outcome: Outcome, server: DialectServer, failure: str | None, error: str, notes: list[str]) -> None:
    """That a dialect led to what the table says."""
    probes = sum(map(is_probe, server.bodies))
    assert (probes, len(server.bodies) - probes) == outcome.requests, [list(body) for body in server.bodies]
    assert failure == outcome.failure
    if outcome.error is None:
        assert error == ""
    else:
        assert outcome.error in error
        assert "\n" not in error
    for note in outcome.notes:
        assert any(note in told for told in notes), notes
    if not outcome.notes:
        assert notes == []


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_in_a_generation(server: DialectServer, dialect: ServerDialect, tmp_path: Path) -> None:
    notices: list[str] = []
    failure: str | None = None
    error = ""

    async def run() -> None:
        nonlocal failure
        teacher = ChatClient("m", [server.url(dialect)], key="k", concurrency=2, timeout=10.0, max_attempts=ATTEMPTS)
        reply_cache = ReplyCache(tmp_path / "journal.sqlite")
        try:
            notices.extend(await teacher.check())
            roles = {"teacher": teacher, "partner": teacher, "judge": teacher}
            scheduler = RequestScheduler(
                roles,
                reply_cache,
                concurrency=2,
                max_attempts=ATTEMPTS,
                seed=1,  # type: ignore[arg-type]
            )
            try:
                answer = await scheduler.client("one").request(QUESTION)
                assert answer.greeting == "good morning"
            except RequestError as request_error:
                failure = request_error.kind
                if isinstance(request_error, InvalidReply):
                    assert failure in INVALID, "tried again with other seeds by `clca retry`"
                    assert scheduler.counts.invalid == {failure: ATTEMPTS}
            (state,) = teacher.servers
            recorded = [f"{state.url} {adjustment}" for adjustment in state.adjustments]
            assert {note for note in notices if "schema" not in note} <= set(recorded)
            notices.extend(note for note in recorded if note not in notices)
        finally:
            reply_cache.close()
            await teacher.close()

    try:
        asyncio.run(run())
    except ClcaError as raised:
        error = raised.message
    check(dialect.generation, server, failure, error, notices)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_in_an_evaluation(server: DialectServer, dialect: ServerDialect, tmp_path: Path) -> None:
    expected = dialect.evaluation
    model = ApiModel(server.url(dialect), base="m", mode="generate", max_attempts=ATTEMPTS, wording=Wording())
    task, failure, error = Numbered("japan", 1), None, ""
    with TaskPredictionDir(tmp_path, [task], BASE) as folder:
        work = TaskAnswering(folder, [task], BASE, lambda progress: None)
        try:
            work.answer_pending(model)
        except ClcaError as raised:
            error = raised.message
        (failure,) = folder.failures or (None,)
        answers = [(choice.label, choice.reply) for choice in folder.predictions()]
        stored = folder.finished
    if expected.failure is None and expected.error is None:
        assert answers == [("NOT", "2")]
        assert stored
    else:
        assert answers == []
        assert not stored, "a later run asks again"
    if expected.failure is not None:
        assert error.startswith(f"no question was answered, of 1 that were asked ({failure} 1)")
        error = ""
    notes = [note for note in model.notes if not note.startswith("Requests repeated")]
    check(expected, server, failure, error, notes)

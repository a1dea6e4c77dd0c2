"""An evaluation that asks servers which come and go."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from clca.inference.api_errors import ServerLost
from clca.inference.api_model import ApiModel
from clca.inference.requests import Answer, Question, RequestGroup
from tests.inference.stub_model import Answered, Answering, chat

GROUPS = [
    RequestGroup(
        "", f"You are respondent {number}.", tuple(Question(f"{number}: {text}?", ("1", "2")) for text in "abcdefgh")
    )
    for number in range(24)
]


class Servers:
    """Servers that tests start and end; `fault` says why there will be no more."""

    shown, key, start_timeout = "the replicas of m", "sekrit", 300.0

    def __init__(self) -> None:
        self.urls: Sequence[str] = []
        self.fault = ""


def says_what_it_was_asked(body: dict[str, Any], number: int) -> Answered:
    return 200, chat(body["messages"][-1]["content"]), {}


def predicted(
    servers: Servers | str, after: int = -1, then: Any = None, **options: Any
) -> tuple[dict[str, Any], ApiModel]:
    """The answers by system text, and the model; `then` is called once so many groups are answered."""
    answers: dict[str, Any] = {}

    def take(group: RequestGroup, given: Sequence[Answer]) -> None:
        answers[group.system] = [answer.reply for answer in given]
        if len(answers) == after:
            then()

    model = ApiModel(servers, base="m", mode="generate", key="sekrit", concurrency=8, **options)
    model.predict(GROUPS, take)
    return answers, model


def asked(server: Answering) -> set[str]:
    """The system texts of what a server was asked."""
    return {body["messages"][0]["content"] for body in server.bodies} - {"You are a friend."}


EXPECTED = {group.system: [question.text for question in group.questions] for group in GROUPS}


def test_groups_spread_over_replicas_each_staying_at_one_and_the_answers_are_those_of_one_server() -> None:
    servers = Servers()
    with Answering(says_what_it_was_asked, 0.002) as a, Answering(says_what_it_was_asked, 0.002) as b:
        servers.urls = [a.url, b.url]
        answers, model = predicted(servers)
    with Answering(says_what_it_was_asked) as only:
        assert answers == predicted(only.url)[0] == EXPECTED
    assert asked(a) & asked(b) == set()
    assert 6 <= len(asked(a)) <= 18
    assert a.keys == b.keys == {"Bearer sekrit"}
    assert model.notes == ()


def test_what_a_lost_replica_was_asked_moves_to_the_others_and_the_loss_is_noted() -> None:
    servers = Servers()
    with Answering(says_what_it_was_asked, 0.002) as a, ExitStack() as stack:
        b = stack.enter_context(Answering(says_what_it_was_asked, 0.002))
        servers.urls = [a.url, b.url]
        answers, model = predicted(servers, 4, stack.close)
    assert answers == EXPECTED
    assert model.notes == ("1 replica was lost on the way, and the requests moved to others.",)


def test_a_replica_that_comes_up_later_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.inference.api_connection.WATCH_INTERVAL", 0.01)
    servers = Servers()
    with Answering(says_what_it_was_asked, 0.02) as a, Answering(says_what_it_was_asked, 0.02) as b:
        servers.urls = [a.url]
        answers, _ = predicted(servers, 2, lambda: setattr(servers, "urls", [a.url, b.url]))
    assert answers == EXPECTED
    assert asked(b)


def test_while_all_are_lost_requests_wait_for_one_that_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.inference.api_connection.WATCH_INTERVAL", 0.01)
    monkeypatch.setattr("clca.inference.retry.MAX_BACKOFF", 0.0)
    monkeypatch.setattr("clca.inference.retry.random", lambda: 0.0)
    servers = Servers()
    with Answering(says_what_it_was_asked) as b, ExitStack() as stack:
        a = stack.enter_context(Answering(says_what_it_was_asked, 0.002))
        servers.urls = [a.url]

        def lose() -> None:
            stack.close()
            servers.urls = []
            threading.Timer(0.5, lambda: setattr(servers, "urls", [b.url])).start()

        answers, model = predicted(servers, 3, lose, max_attempts=2)
    assert answers == EXPECTED
    assert asked(b)
    assert model.losses == 1


def test_when_there_will_be_no_replica_any_more_it_ends_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.inference.api_connection.WATCH_INTERVAL", 0.01)
    servers = Servers()
    with Answering(says_what_it_was_asked, 0.002) as a:
        servers.urls = [a.url]
        with pytest.raises(ServerLost) as caught:
            predicted(servers, 3, lambda: setattr(servers, "fault", "the Ray cluster at auto was lost"))
    assert caught.value.message == "the Ray cluster at auto was lost: start one and repeat the command to resume"
    assert caught.value.exit_code == 1

from __future__ import annotations

from clca.inference.requests import Question, RequestGroup
from clca.inference.sessions import SESSION_QUESTIONS, Sessions


def group(system: str, adapter: str = "", questions: int = 8) -> RequestGroup:
    return RequestGroup(adapter, system, (Question("?", ("1", "2")),) * questions)


def test_groups_that_begin_alike_share_a_session_until_it_is_full() -> None:
    sessions = Sessions()
    named = [sessions.of(group("You are a friend.")) for _ in range(2 * SESSION_QUESTIONS // 8)]
    assert len(set(named[: SESSION_QUESTIONS // 8])) == len(set(named[SESSION_QUESTIONS // 8 :])) == 1
    assert len(set(named)) == 2


def test_another_beginning_or_adapter_is_another_session() -> None:
    sessions = Sessions()
    groups = [group("A"), group("B"), group("A", "turkey"), group("", "turkey")]
    assert len({sessions.of(one) for one in groups}) == 4


def test_a_group_is_never_divided_and_the_next_one_begins_anew() -> None:
    sessions = Sessions()
    assert sessions.of(group("A", questions=5 * SESSION_QUESTIONS)) != sessions.of(group("A"))


def test_the_same_groups_have_the_same_sessions_in_every_run() -> None:
    groups = [group("A"), group("B"), group("A", questions=40), group("A")]
    assert list(map(Sessions().of, groups)) == list(map(Sessions().of, groups))

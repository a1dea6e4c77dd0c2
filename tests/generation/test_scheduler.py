"""The scheduler: reply cache first, a bounded number at once, and another seed when a reply is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clca.errors import FailedCheck, InvalidReply, RunStopped
from clca.generation.scheduler import RETRY_TEMPERATURE, RETRY_TOP_P, RequestScheduler, retry_key
from clca.inference.protocol import Mistake, Request, TaskRequest
from clca.schemas import IntentAnswer, Reply
from clca.storage.reply_cache import ReplyCache

GOOD = '{"intent": "to greet", "custom": 0}'


class Scripted:
    """A teacher that gives the replies of a list, one after another, and keeps what it was asked."""

    name = "scripted"

    def __init__(self, *texts: str, during: Callable[[], None] = lambda: None) -> None:
        self.texts = list(texts)
        self.asked: list[Request] = []
        self.at_once = self.most_at_once = 0
        self._during = during

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self._during()
        self.at_once -= 1
        return Reply(self.texts.pop(0) if self.texts else GOOD, "stop", 10, 3)

    async def check(self) -> None: ...

    def stop(self) -> None: ...

    async def close(self) -> None: ...


def task_request(step: int = 0) -> TaskRequest[IntentAnswer]:
    messages = ({"role": "user", "content": f"question {step}"},)
    return TaskRequest("intent", "teacher", messages, IntentAnswer, max_tokens=100, step=step)


@pytest.fixture
def reply_cache(tmp_path: Path) -> Iterator[ReplyCache]:
    reply_cache = ReplyCache(tmp_path / "journal.sqlite")
    yield reply_cache
    reply_cache.close()


def make(
    reply_cache: ReplyCache, teacher: Scripted, *, concurrency: int = 4, max_attempts: int = 3, seed: int = 42
) -> RequestScheduler:
    teachers = {"teacher": teacher, "partner": teacher, "judge": teacher}
    limits = {"concurrency": concurrency, "max_attempts": max_attempts}
    return RequestScheduler(teachers, reply_cache, seed=seed, **limits)  # type: ignore[arg-type]


def test_reply_is_cached_before_it_is_used(reply_cache: ReplyCache) -> None:
    teacher = Scripted("not JSON at all")
    client = make(reply_cache, teacher, max_attempts=1).client("one")
    with pytest.raises(InvalidReply, match="not JSON"):
        asyncio.run(client.request(task_request()))
    (reply,) = reply_cache.replies("one").values()
    assert reply.text == "not JSON at all"


def test_answered_question_is_not_asked_again(reply_cache: ReplyCache) -> None:
    asyncio.run(make(reply_cache, Scripted()).client("one").request(task_request()))
    again = Scripted()
    second = make(reply_cache, again)
    client = second.client("one")
    answer = asyncio.run(client.request(task_request()))
    assert answer.intent == "to greet"
    assert again.asked == []
    assert (second.counts.requests, second.counts.cached) == (0, 1)
    assert client.usage.model_dump() == {"requests": 1, "prompt_tokens": 10, "completion_tokens": 3}


def test_bad_replies_are_asked_again_with_other_seeds_a_bounded_number_of_times(reply_cache: ReplyCache) -> None:
    teacher = Scripted("", "{}", GOOD)
    client = make(reply_cache, teacher).client("one")
    assert asyncio.run(client.request(task_request())).custom == 0
    assert len({request.sampling.seed for request in teacher.asked}) == 3
    assert client.usage.requests == 3, "what was paid for is counted"
    hopeless = Scripted("", "{}", '{"intent": 1}')
    with pytest.raises(InvalidReply, match="outside the schema"):
        asyncio.run(make(reply_cache, hopeless).client("two").request(task_request()))
    assert len(hopeless.asked) == 3


def test_seed_depends_on_what_is_asked_and_on_nothing_else(reply_cache: ReplyCache) -> None:
    first, second = make(reply_cache, Scripted()), make(reply_cache, Scripted(), concurrency=1)
    assert first.seed("one", "turn", 3, 0) == second.seed("one", "turn", 3, 0)
    others = [("two", "turn", 3, 0), ("one", "intent", 3, 0), ("one", "turn", 4, 0), ("one", "turn", 3, 1)]
    assert len({first.seed(*other) for other in others} | {first.seed("one", "turn", 3, 0)}) == 5
    assert first.seed("one", "turn", 3, 0) != make(reply_cache, Scripted(), seed=43).seed("one", "turn", 3, 0)


def test_retried_task_goes_on_where_its_attempts_ended(reply_cache: ReplyCache) -> None:
    fresh = make(reply_cache, Scripted())
    reply_cache.retry([], [retry_key("one", "turn")], 0)
    retried = make(reply_cache, Scripted())
    assert retried.seed("one", "turn", 0, 0) == fresh.seed("one", "turn", 0, 3)
    assert retried.seed("one", "intent", 0, 0) == fresh.seed("one", "intent", 0, 0)
    assert retried.seed("two", "turn", 0, 0) == fresh.seed("two", "turn", 0, 0)


def test_only_what_is_asked_again_is_asked_at_a_temperature(reply_cache: ReplyCache) -> None:
    """At 0 another seed changes nothing."""
    teacher = Scripted("", GOOD)
    asyncio.run(make(reply_cache, teacher).client("one").request(task_request()))
    assert [request.sampling.temperature for request in teacher.asked] == [0.0, RETRY_TEMPERATURE]
    reply_cache.retry([], [retry_key("two", "intent"), retry_key("three", "turn")], 0)
    anew = Scripted()
    scheduler = make(reply_cache, anew)
    for owner in ("two", "three"):
        asyncio.run(scheduler.client(owner).request(task_request()))
    assert [request.sampling.temperature for request in anew.asked] == [RETRY_TEMPERATURE, 0.0]


def test_what_is_asked_again_is_drawn_from_a_wider_nucleus(reply_cache: ReplyCache) -> None:
    teacher = Scripted("", GOOD, "", GOOD)
    client = make(reply_cache, teacher).client("one")
    for top_p in (0.7, 1.0):
        asyncio.run(client.request(replace(task_request(), top_p=top_p)))
    assert [request.sampling.top_p for request in teacher.asked] == [0.7, RETRY_TOP_P, 1.0, 1.0]


def test_no_more_than_the_given_number_is_in_flight(reply_cache: ReplyCache) -> None:
    teacher = Scripted()

    async def many() -> None:
        client = make(reply_cache, teacher, concurrency=4).client("one")
        await asyncio.gather(*(client.request(task_request(step)) for step in range(20)))

    asyncio.run(many())
    assert len(teacher.asked) == 20
    assert teacher.most_at_once == 4


def test_stopping_lets_what_is_in_flight_end_and_asks_nothing_more(reply_cache: ReplyCache) -> None:
    def stop() -> None:
        scheduler.stop()

    teacher = Scripted(during=stop)
    scheduler = make(reply_cache, teacher, concurrency=2)

    async def many() -> list[object]:
        client = scheduler.client("one")
        return await asyncio.gather(*(client.request(task_request(step)) for step in range(6)), return_exceptions=True)

    results = asyncio.run(many())
    assert len(teacher.asked) == 2
    assert sum(isinstance(result, IntentAnswer) for result in results) == 2
    assert sum(isinstance(result, RunStopped) for result in results) == 4
    assert len(reply_cache.replies("one")) == 2


def test_check_beyond_the_schema_counts_as_a_bad_reply(reply_cache: ReplyCache) -> None:
    teacher = Scripted(GOOD, '{"intent": "to part", "custom": 0}')
    asked = task_request()
    strict = TaskRequest(
        asked.task,
        asked.role,
        asked.messages,
        asked.answer,
        asked.max_tokens,
        check=lambda answer: "a greeting" if "greet" in answer.intent else None,
    )
    assert asyncio.run(make(reply_cache, teacher).client("one").request(strict)).intent == "to part"


def test_a_named_mistake_is_counted_under_its_name_and_comes_with_the_answer(reply_cache: ReplyCache) -> None:
    scheduler = make(reply_cache, Scripted(), max_attempts=2)
    strict = replace(task_request(), check=lambda answer: Mistake("a greeting", repr(answer.intent)))
    with pytest.raises(FailedCheck, match="failed a check: a greeting: 'to greet'") as caught:
        asyncio.run(scheduler.client("one").request(strict))
    assert (caught.value.mistake, caught.value.answer) == ("a greeting", IntentAnswer(intent="to greet", custom=0))
    assert scheduler.counts.invalid == {"a greeting": 2}


def test_a_reply_in_plain_text_is_read_by_the_request(reply_cache: ReplyCache) -> None:
    teacher = Scripted("to greet")
    plain = replace(task_request(), read=lambda text: IntentAnswer(intent=text, custom=0), stop=("\n",))
    assert asyncio.run(make(reply_cache, teacher).client("one").request(plain)).intent == "to greet"
    assert [(request.form, request.stop) for request in teacher.asked] == [("text", ("\n",))]


def test_what_failed_a_check_is_asked_again_with_a_word_on_the_mistake(reply_cache: ReplyCache) -> None:
    teacher = Scripted("not JSON", GOOD, '{"intent": "to part", "custom": 0}')
    strict = replace(
        task_request(),
        check=lambda answer: Mistake("a greeting", "hello") if "greet" in answer.intent else None,
        again=lambda mistake: f"It was {mistake.name}: {mistake.detail}.",
    )
    assert asyncio.run(make(reply_cache, teacher).client("one").request(strict)).intent == "to part"
    asked = [request.messages[-1]["content"] for request in teacher.asked]
    assert asked == ["question 0", "question 0", "question 0\n\nIt was a greeting: hello."]

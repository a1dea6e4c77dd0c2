"""The judges are asked about the items, pass by pass; every reply is kept, so that nothing is asked twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TypeVar

from clca.errors import RequestError, RunStopped
from clca.generation.judge import judge
from clca.generation.scheduler import RequestScheduler
from clca.generation.session import first_error
from clca.generation.teachers import connect, where_keys_go
from clca.inference.protocol import Role, TaskClient, TaskRequest, Teacher
from clca.inference.vllm.manager import ServerManager
from clca.progress import Note, Progress, ProgressCallback
from clca.quality.audit.items import Item
from clca.quality.audit.judges import FIRST, SECOND, roles
from clca.quality.audit.plan import AuditPlan
from clca.records import Judgement
from clca.schemas import Answer
from clca.seeding import derive
from clca.storage.reply_cache import ReplyCache

A = TypeVar("A", bound=Answer)
REPLIES = "replies.sqlite"
MAIN = "main"
SECOND_JUDGE = "second judge"


@dataclass(frozen=True, slots=True)
class Pass:
    """One round of judgements: by whom, of which items, at which temperature, with which seed."""

    name: str
    role: Role
    items: Sequence[Item]
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The judgements of a pass by item; why there is none, in the word of the fault, for the others."""

    judgements: Mapping[str, Judgement]
    unanswered: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """All passes by name, and what they took. With `stopped` some items were not asked."""

    passes: Mapping[str, Verdicts]
    requests: int
    cached: int
    prompt_tokens: int
    completion_tokens: int
    stopped: bool


def passes(plan: AuditPlan) -> list[Pass]:
    """The rounds of judgements of a plan, the judge's own as it judges runs first."""
    config, measured = plan.config, plan.measured
    rounds = [Pass(MAIN, FIRST, plan.items, 0.0, config.seed)]
    for number in range(1, config.repeats + 1):
        seed = derive(config.seed, "repeat", number)
        rounds.append(Pass(f"repeat {number}", FIRST, measured, config.repeat_temperature, seed))
    if config.second_judge:  # its seed is another, so that it gets no reply of a first judge of the same name
        rounds.append(Pass(SECOND_JUDGE, SECOND, measured, 0.0, derive(config.seed, SECOND_JUDGE)))
    return rounds


@dataclass(frozen=True, slots=True)
class _Warm:
    """Sends the requests of a judge at a temperature of at least its own."""

    client: TaskClient
    temperature: float

    async def request(self, task_request: TaskRequest[A]) -> A:
        """The validated answer."""
        warmer = max(task_request.temperature, self.temperature)
        return await self.client.request(replace(task_request, temperature=warmer))


async def ask(
    plan: AuditPlan,
    servers: ServerManager,
    progress: ProgressCallback,
    on_stop: Callable[[Callable[[], None]], None],
) -> Asked:
    """Ask the judges for all judgements of a plan. `on_stop` is told what ends it early.

    Raises `TeacherError` when no request can be answered, `TeacherLost` when a judge was lost on the way, `StoreError`.
    """
    generation, chosen = plan.generation, roles(plan.config)
    teachers = connect(generation, plan.content, plan.simulator, servers, os.environ, chosen)
    async with AsyncExitStack() as stack:
        for teacher in dict.fromkeys(teachers.values()):
            stack.push_async_callback(teacher.close)
        for notice in where_keys_go(generation, os.environ, chosen):
            progress(Note(notice))
        for teacher in dict.fromkeys(teachers.values()):
            for notice in await teacher.check():
                progress(Note(f"Note: {notice}"))
        cache = ReplyCache(plan.folder / REPLIES)
        stack.callback(cache.close)
        return await _ask_all(plan, teachers, cache, progress, on_stop)


async def _ask_all(
    plan: AuditPlan,
    teachers: Mapping[Role, Teacher],
    cache: ReplyCache,
    progress: ProgressCallback,
    on_stop: Callable[[Callable[[], None]], None],
) -> Asked:
    rounds, done = passes(plan), 0
    schedulers = [
        RequestScheduler(
            {"judge": teachers[each.role]},
            cache,
            concurrency=plan.generation.concurrency,
            max_attempts=plan.generation.max_reply_attempts,
            seed=each.seed,
        )
        for each in rounds
    ]

    def stop() -> None:
        for scheduler in schedulers:
            scheduler.stop()

    on_stop(stop)

    async def judged(item: Item, each: Pass, scheduler: RequestScheduler) -> Judgement | str | None:
        nonlocal done
        client = _Warm(scheduler.client(item.id), each.temperature)
        try:
            return await judge(plan.culture(item), item.scenario, item.turns, plan.prompts_of(item), client, plan.marks)
        except RequestError as error:
            return str(error.kind)
        except RunStopped:
            return None
        finally:
            done += 1
            progress(Progress(done, plan.judgements, "judgements"))

    answers: dict[str, Verdicts] = {}
    for each, scheduler in zip(rounds, schedulers, strict=True):
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {item.id: group.create_task(judged(item, each, scheduler)) for item in each.items}
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None
        results = {name: task.result() for name, task in tasks.items()}
        answers[each.name] = Verdicts(
            {name: result for name, result in results.items() if isinstance(result, Judgement)},
            {name: result for name, result in results.items() if isinstance(result, str)},
        )
    counts = [scheduler.counts for scheduler in schedulers]
    return Asked(
        answers,
        requests=sum(count.requests for count in counts),
        cached=sum(count.cached for count in counts),
        prompt_tokens=sum(count.prompt_tokens for count in counts),
        completion_tokens=sum(count.completion_tokens for count in counts),
        stopped=any(scheduler.stopping for scheduler in schedulers),
    )

"""The request scheduler: every request of a run goes through it.

It looks into the reply cache, keeps to the number of requests allowed in flight, commits each reply before it is used,
and sends a request again, with a new seed, when its reply holds no valid answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from clca.errors import FailedCheck, FailureKind, InvalidReply, RunStopped
from clca.generation.priority_semaphore import PrioritySemaphore
from clca.inference.parse_reply import parse
from clca.inference.protocol import Mistake, Request, Role, Sampling, TaskName, TaskRequest, Teacher
from clca.inference.reply_schema import schema
from clca.records import Usage
from clca.schemas import Answer, Reply
from clca.seeding import derive
from clca.storage.kept_requests import KeptReply, KeptRequest, RequestFile, kept_reply
from clca.storage.reply_cache import ReplyCache

A = TypeVar("A", bound=Answer)


RETRY_TEMPERATURE = 0.7
"""Least temperature of a request that is sent again: at 0 a new seed would change nothing."""
RETRY_TOP_P = 0.95
"""Least top_p of a request that is sent again: a narrow nucleus gives much the same reply for another seed."""


@dataclass(slots=True)
class RequestCounts:
    """What one command requested: `requests` were answered by a teacher, `cached` by the reply cache.

    `running` are in flight. `invalid` counts replies without a valid answer by kind of fault, or by the check that they
    failed. Requests that a server failed are in none.
    """

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    running: int = 0
    by_task: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)


class RequestScheduler:
    """Shared by all dialogues of a run. At most `concurrency` requests are in flight.

    A request is sent at most `max_attempts` times while its replies are invalid. `requests` takes all of them.
    """

    def __init__(
        self,
        teachers: Mapping[Role, Teacher],
        reply_cache: ReplyCache,
        *,
        concurrency: int,
        max_attempts: int,
        seed: int,
        requests: RequestFile | None = None,
    ) -> None:
        self.teachers = teachers
        self.counts = RequestCounts()
        self.stopping = False
        self.max_attempts = max_attempts
        self._reply_cache = reply_cache
        self._slots = PrioritySemaphore(concurrency)
        self._ages = count()
        self._seed = seed
        self._retries = reply_cache.retries()
        self._requests = requests

    def stop(self) -> None:
        """Send nothing more; what is in flight is still answered and cached."""
        self.stopping = True
        for teacher in self.teachers.values():
            teacher.stop()

    def client(self, owner: str) -> DialogueClient:
        """A client for one dialogue, or for what the samples of a scenario share."""
        dialogue_seed = derive(self._seed, owner, "play", self.retries(owner, "turn"))
        return DialogueClient(self, owner, next(self._ages), self._reply_cache.replies(owner), dialogue_seed)

    def retries(self, owner: str, task: TaskName) -> int:
        """How often requests of that task and owner were retried by `clca retry` because all replies were invalid."""
        return self._retries.get(retry_key(owner, task), 0)

    def seed(self, owner: str, task: TaskName, step: int, attempt: int) -> int:
        """The seed of one request; a retried task continues where its attempts ended."""
        return derive(self._seed, owner, task, step, attempt + self.retries(owner, task) * self.max_attempts)

    async def reply(self, role: Role, request: Request, age: int, cached: dict[bytes, Reply]) -> Reply:
        """A reply to the request, from `cached` or from the teacher of that role. Raises `RunStopped`.

        Of the requests that wait for a slot, those of the oldest dialogues go first: in order of arrival all dialogues
        would advance together, and a server's prefix cache would have to hold them all. Intents come last. Nothing
        waits for them, and they can all be sent at once: they fill the slots that the turns, each of which waits for
        the one before it, leave free.
        """
        teacher = self.teachers[role]
        key = request.digest(teacher.name)
        counts = self.counts
        reply = cached.get(key)
        if reply is not None:
            counts.cached += 1
            return reply
        async with self._slots.slot((request.task == "intent", age)):
            if self.stopping:
                raise RunStopped
            counts.running += 1
            try:
                reply = await teacher.answer(request)
            finally:
                counts.running -= 1
            self._reply_cache.put(request.owner, key, reply)
        cached[key] = reply
        counts.requests += 1
        counts.prompt_tokens += reply.prompt_tokens
        counts.completion_tokens += reply.completion_tokens
        counts.by_task[request.task] += 1
        return reply

    def keep(self, task_request: TaskRequest[A], request: Request, attempt: int, reply: Reply) -> None:
        """Write a request and its reply to the file of requests, if there is one."""
        if self._requests is None:
            return
        teacher = self.teachers[task_request.role].name
        self._requests.add(kept_request(task_request, request, attempt, teacher, kept_reply(reply)))


def kept_request(
    task_request: TaskRequest[A], request: Request, attempt: int, teacher: str, reply: KeptReply | None
) -> KeptRequest:
    """An attempt at a task's request as it is kept, with its reply, None where that is not known."""
    sampling = request.sampling
    return KeptRequest(
        owner=request.owner,
        task=request.task,
        step=task_request.step,
        attempt=attempt,
        role=task_request.role,
        teacher=teacher,
        messages=request.messages,
        json_schema=schema(request.answer) if request.form == "json" else None,
        stop=request.stop,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
        digest=request.digest(teacher).hex(),
        reply=reply,
    )


def retry_key(owner: str, task: str) -> str:
    """The key under which retries are counted; the two stages of the judge count as one."""
    return f"{owner} {'judge' if task == 'meta' else task}"


def read_answer(reply: Reply, task_request: TaskRequest[A]) -> A:
    """The answer in a reply, which has passed the checks of the request.

    Raises `InvalidReply` where there is none, `FailedCheck` where a check found a mistake.
    """
    answer = parse(reply, task_request.answer, task_request.read)
    mistake = task_request.check(answer) if task_request.check is not None else None
    if isinstance(mistake, Mistake):
        raise FailedCheck(mistake.name, mistake.detail, answer)
    if mistake is not None:
        raise InvalidReply(FailureKind.INVALID_CONTENT, mistake)
    return answer


class DialogueClient:
    """Sends the requests of one owner. `replies` are all it got so far, invalid ones included."""

    def __init__(
        self, scheduler: RequestScheduler, owner: str, age: int, cached: dict[bytes, Reply], dialogue_seed: int
    ) -> None:
        self._scheduler, self._owner, self._age, self._cached = scheduler, owner, age, cached
        self._dialogue_seed = dialogue_seed
        self.replies: list[Reply] = []

    @property
    def usage(self) -> Usage:
        """What the replies cost."""
        return Usage(
            requests=len(self.replies),
            prompt_tokens=sum(reply.prompt_tokens for reply in self.replies),
            completion_tokens=sum(reply.completion_tokens for reply in self.replies),
        )

    async def request(self, task_request: TaskRequest[A]) -> A:
        """The answer to a request. Raises the fault of the last reply when a bounded number of them are invalid."""
        scheduler, task = self._scheduler, task_request.task
        fault: InvalidReply | None = None
        for attempt in range(scheduler.max_attempts):
            retried = attempt > 0 or scheduler.retries(self._owner, task) > 0
            temperature = task_request.temperature
            sampling = Sampling(
                temperature=max(temperature, RETRY_TEMPERATURE) if retried else temperature,
                top_p=max(task_request.top_p, RETRY_TOP_P) if retried else task_request.top_p,
                max_tokens=task_request.max_tokens,
                seed=scheduler.seed(self._owner, task, task_request.step, attempt),
            )
            asked = task_request
            if isinstance(fault, FailedCheck):
                asked = task_request.after(Mistake(fault.mistake, fault.mistake_detail))
            request = asked.seeded(sampling, self._owner, self._dialogue_seed)
            try:
                reply = await scheduler.reply(task_request.role, request, self._age, self._cached)
                self.replies.append(reply)
                scheduler.keep(task_request, request, attempt, reply)
                return read_answer(reply, task_request)
            except InvalidReply as error:
                fault = error
                scheduler.counts.invalid[error.counted_as] += 1
        assert fault is not None
        raise fault

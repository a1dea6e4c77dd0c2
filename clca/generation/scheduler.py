"""The desk: where every question of a run is asked.

It looks into the reply cache, keeps to the number of requests allowed in flight, commits each reply
before it is used, and asks again, with a new seed, when a reply is no answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from clca.errors import FailureKind, InvalidReply, RunStopped
from clca.generation.priority_semaphore import PrioritySemaphore
from clca.inference.parse_reply import parse
from clca.inference.protocol import Request, Role, Sampling, TaskName, TaskRequest, Teacher
from clca.records import Usage
from clca.schemas import Answer, Reply
from clca.seeding import derive
from clca.storage.reply_cache import ReplyCache

A = TypeVar("A", bound=Answer)


AGAIN_TEMPERATURE = 0.7
"""Least temperature of a question that is asked again: at 0 a new seed would change nothing."""


@dataclass(slots=True)
class Tally:
    """What one command asked: `requests` were answered by a teacher, `cached` by the reply cache.

    `invalid` counts, by kind of fault, replies that answered no question. Requests that a server failed
    are in none.
    """

    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    running: int = 0
    by_task: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)


class RequestScheduler:
    """Shared by all dialogues of a run."""

    def __init__(
        self,
        teachers: Mapping[Role, Teacher],
        reply_cache: ReplyCache,
        *,
        concurrency: int,
        asks: int,
        seed: int,
        retries: Mapping[str, int],
    ) -> None:
        self.teachers = teachers
        self.tally = Tally()
        self.stopping = False
        self._reply_cache = reply_cache
        self._gate = PrioritySemaphore(concurrency)
        self._ages = count()
        self.asks = asks
        self._seed = seed
        self._retries = retries

    def stop(self) -> None:
        """Ask nothing more; what is in flight is still answered and cached."""
        self.stopping = True
        for teacher in self.teachers.values():
            teacher.stop()

    def clerk(self, owner: str) -> DialogueClient:
        """The desk's face to one dialogue (or to one scenario's adaptation)."""
        dialogue_seed = derive(self._seed, owner, "play", self.retries(owner, "turn"))
        return DialogueClient(self, owner, next(self._ages), self._reply_cache.replies(owner), dialogue_seed)

    def retries(self, owner: str, task: TaskName) -> int:
        """How often questions of that task were asked anew for that owner because they had failed."""
        return self._retries.get(retry_key(owner, task), 0)

    def seed(self, owner: str, task: TaskName, step: int, attempt: int) -> int:
        """The seed of one request; a retried task goes on where its attempts ended."""
        return derive(self._seed, owner, task, step, attempt + self.retries(owner, task) * self.asks)

    async def reply(self, role: Role, request: Request, age: int, known: dict[bytes, Reply]) -> Reply:
        """A reply to the request, from the reply cache or from the teacher of that role.

        Of the requests that wait for a slot, those of the oldest dialogues go first: in order of
        arrival all dialogues would advance together, and a server's prefix cache would have to hold
        them all. Intents come last. Nothing waits for them, and they can all be asked at once: they
        fill the slots that the turns, each of which waits for the one before it, leave free.
        """
        teacher = self.teachers[role]
        key = request.digest(teacher.name)
        tally = self.tally
        reply = known.get(key)
        if reply is not None:
            tally.cached += 1
            return reply
        async with self._gate.slot((request.task == "intent", age)):
            if self.stopping:
                raise RunStopped
            tally.running += 1
            try:
                reply = await teacher.answer(request)
            finally:
                tally.running -= 1
            self._reply_cache.put(request.owner, key, reply)
        known[key] = reply
        tally.requests += 1
        tally.prompt_tokens += reply.prompt_tokens
        tally.completion_tokens += reply.completion_tokens
        tally.by_task[request.task] += 1
        return reply


def retry_key(owner: str, task: str) -> str:
    """What retries are counted under; the two stages of the judge count as one."""
    return f"{owner} {'judge' if task == 'meta' else task}"


class DialogueClient:
    """Sends the requests of one owner. `replies` are all it got so far, invalid ones included."""

    def __init__(
        self, desk: RequestScheduler, owner: str, age: int, known: dict[bytes, Reply], dialogue_seed: int
    ) -> None:
        self._desk, self._owner, self._age, self._known = desk, owner, age, known
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

    async def request(self, question: TaskRequest[A]) -> A:
        """The answer to a request. Raises the fault of the last reply when a bounded number of them are invalid."""
        desk = self._desk
        fault: InvalidReply | None = None
        for attempt in range(desk.asks):
            again = attempt > 0 or desk.retries(self._owner, question.task) > 0
            sampling = Sampling(
                temperature=max(question.temperature, AGAIN_TEMPERATURE) if again else question.temperature,
                top_p=question.top_p,
                max_tokens=question.max_tokens,
                seed=desk.seed(self._owner, question.task, question.step, attempt),
            )
            request = question.seeded(sampling, self._owner, self._dialogue_seed)
            try:
                reply = await desk.reply(question.role, request, self._age, self._known)
                self.replies.append(reply)
                answer = parse(reply, question.answer)
                if question.check is not None and (wrong := question.check(answer)) is not None:
                    raise InvalidReply(FailureKind.INVALID_CONTENT, wrong)
            except InvalidReply as error:
                fault = error
                desk.tally.invalid[error.kind] += 1
                continue
            return answer
        assert fault is not None
        raise fault

"""The protocol of a teacher: it answers typed requests, with JSON text or with plain text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic_core import to_json

from clca.inference.reply_schema import schema
from clca.inference.server_state import ServerState
from clca.records import Alignment, Culture, Gender, Norm, Quality, Scenario, Turn
from clca.schemas import Answer, Reply

__all__ = [
    "AssignedNames",
    "Message",
    "Mistake",
    "Reply",
    "Request",
    "Role",
    "Sampling",
    "SimulatorHints",
    "TaskClient",
    "TaskName",
    "TaskRequest",
    "Teacher",
]

TaskName = Literal["adapt", "compose", "turn", "judge", "meta", "rate", "intent"]
Role = Literal["teacher", "partner", "judge", "localiser"]
Form = Literal["json", "text"]
"""The form of a reply: JSON that fits a schema, or plain text."""
Message = dict[str, str]
AssignedNames = tuple[tuple[Gender, str], ...]
"""The genders and full names of a new scenario's two people."""

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters: `max_tokens` bounds the reply; `seed` differs from request to request."""

    temperature: float
    top_p: float
    max_tokens: int
    seed: int


@dataclass(frozen=True, slots=True)
class SimulatorHints:
    """What the simulator needs beyond messages and schema. No other teacher reads it, and no digest covers it.

    `subject` is the scenario, or the norm to compose one from, for the people called `names`. `turns` are those so far,
    oldest first, and `side` (0 or 1) takes the next one. `verdict` is what the first stage of the judge said.
    `dialogue_seed` is the same for all requests of a dialogue.
    """

    culture: Culture
    subject: Scenario | Norm
    names: AssignedNames = ()
    turns: tuple[Turn, ...] = ()
    side: int = 0
    verdict: tuple[Quality, Alignment] | None = None
    dialogue_seed: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a teacher, which should reply with JSON that fits the schema of `answer`.

    Where the `form` is text, the reply is plain text, which ends before any of the `stop` sequences. `owner` is the
    dialogue or scenario that the request is for; the requests of one owner share a prefix.
    """

    task: TaskName
    messages: tuple[Message, ...]
    answer: type[Answer]
    sampling: Sampling
    owner: str = ""
    hints: SimulatorHints | None = None
    form: Form = "json"
    stop: tuple[str, ...] = ()

    def digest(self, teacher: str) -> bytes:
        """The key of the request in the reply cache: the SHA-256 of all that decides the reply of this teacher."""
        sampling = self.sampling
        deciding: list[Any] = [
            teacher,
            self.task,
            self.messages,
            sampling.temperature,
            sampling.top_p,
            sampling.max_tokens,
            sampling.seed,
        ]
        if self.form == "text":
            deciding.append(self.stop)
        return hashlib.sha256(_schema_digest(self.answer) + to_json(deciding)).digest()


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with an answer that fits its schema; `name` is counted, `detail` quotes the fault."""

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TaskRequest(Generic[A]):
    """A request without a seed, as a stage hands it to a `TaskClient`.

    `role` names the teacher that answers it; `step` tells the requests of one task and one owner apart.
    `check` returns what is wrong with an answer beyond its schema, or None; a plain text counts as a fault of the
    schema. `read` makes the answer of a reply in plain text, and raises `ValueError` where there is none; without it
    the reply is JSON. `stop` are the sequences that end a reply in plain text. `again` words what is added to the last
    message when an answer is requested again after a check has found a mistake.
    """

    task: TaskName
    role: Role
    messages: tuple[Message, ...]
    answer: type[A]
    max_tokens: int
    step: int = 0
    temperature: float = 0.0
    top_p: float = 1.0
    check: Callable[[A], Mistake | str | None] | None = None
    hints: SimulatorHints | None = None
    read: Callable[[str], A] | None = None
    stop: tuple[str, ...] = ()
    again: Callable[[Mistake], str] | None = None

    @property
    def form(self) -> Form:
        """The form that the reply is to have."""
        return "json" if self.read is None else "text"

    def after(self, mistake: Mistake) -> TaskRequest[A]:
        """The same request with a word on the mistake in the last answer, where `again` has one."""
        if self.again is None:
            return self
        *earlier, last = self.messages
        content = f"{last['content']}\n\n{self.again(mistake)}"
        return replace(self, messages=(*earlier, {"role": last["role"], "content": content}))

    def seeded(self, sampling: Sampling, owner: str, dialogue_seed: int) -> Request:
        """The request that a teacher gets."""
        hints = None if self.hints is None else replace(self.hints, dialogue_seed=dialogue_seed)
        return Request(self.task, self.messages, self.answer, sampling, owner, hints, self.form, self.stop)


class TaskClient(Protocol):
    """Answers the requests of a stage."""

    async def request(self, task_request: TaskRequest[A]) -> A:
        """The validated answer. Raises `RequestError` when there is none, `RunStopped` when the run is stopping."""


class Teacher(Protocol):
    """Answers requests. `name` is its name in records."""

    @property
    def name(self) -> str: ...

    async def answer(self, request: Request) -> Reply:
        """The raw reply. Raises `RequestError` when this request fails, `TeacherLost` when every request would."""

    async def check(self) -> list[str]:
        """Notices for the user. Raises `TeacherError` when no request could be answered."""

    def stop(self) -> None:
        """Retry nothing any more: a request that would be retried raises `RunStopped`."""

    async def observe(self) -> None:
        """Update the figures of `servers`."""

    @property
    def servers(self) -> Sequence[ServerState]:
        """The servers behind the teacher; none for the simulator."""

    async def close(self) -> None: ...


@lru_cache
def _schema_digest(answer: type[Answer]) -> bytes:
    return hashlib.sha256(json.dumps(schema(answer), sort_keys=True).encode()).digest()

"""The protocol of a teacher: it answers typed requests, with JSON text or with plain text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic_core import to_json

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
    "ServerState",
    "SimulatorHints",
    "TaskClient",
    "TaskName",
    "TaskRequest",
    "Teacher",
    "Throughput",
    "schema",
]

TaskName = Literal["adapt", "compose", "turn", "judge", "meta", "intent"]
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


@dataclass(frozen=True, slots=True)
class Throughput:
    """A server's own figures for the `seconds` in which it was observed, whoever sent the requests.

    `running` and `waiting` are the requests at the last observation, `most_running` and `most_waiting` the highest of
    all; `pace` is completion tokens per second between the last two observations. `cache_queries` and `cache_hits`
    count prompt tokens looked up and found in the prefix cache.
    """

    seconds: float
    running: int
    waiting: int
    most_running: int
    most_waiting: int
    prompt_tokens: int
    completion_tokens: int
    cache_queries: int
    cache_hits: int
    pace: float

    @property
    def hit_rate(self) -> float | None:
        """Share of prompt tokens served from the prefix cache, 0 to 1; None where none was looked up."""
        return self.cache_hits / self.cache_queries if self.cache_queries else None

    def __add__(self, other: Throughput) -> Throughput:
        """The figures of two servers together."""
        return Throughput(
            max(self.seconds, other.seconds),
            self.running + other.running,
            self.waiting + other.waiting,
            self.most_running + other.most_running,
            self.most_waiting + other.most_waiting,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cache_queries + other.cache_queries,
            self.cache_hits + other.cache_hits,
            self.pace + other.pace,
        )


@dataclass(frozen=True, slots=True)
class ServerState:
    """A server behind a teacher. `losses` counts how often it failed while it was in use.

    `adjustments` say, each in a sentence without its subject, what the server gets otherwise than it should.
    """

    url: str
    model: str
    root: str | None
    structured_outputs: bool
    up: bool
    losses: int
    throughput: Throughput | None
    adjustments: tuple[str, ...] = ()


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


SEPARATORS = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""Those of `json.dumps`, in which the history of a dialogue is written, too."""


def separated(json_schema: Mapping[str, Any], separators: Mapping[str, Any] = SEPARATORS) -> dict[str, Any]:
    """A JSON schema with the separators of its replies, for servers that keep to schemas by `guidance`.

    Without them a model writes as much white space as it likes. No digest covers them.
    """
    return {**json_schema, "x-guidance": separators}


@lru_cache
def schema(answer: type[Answer]) -> dict[str, Any]:
    """The JSON schema of an answer, as servers get it.

    Every text may be one character longer than the answer allows: a server that constrains replies to the schema cuts
    a text at the limit, and the extra character makes the cut text invalid instead of complete.
    """
    json_schema = answer.model_json_schema()
    for node in _objects(json_schema):
        if "maxLength" in node:
            node["maxLength"] += 1
    return json_schema


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON value, nested ones included."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _objects(child)


@lru_cache
def _schema_digest(answer: type[Answer]) -> bytes:
    return hashlib.sha256(json.dumps(schema(answer), sort_keys=True).encode()).digest()

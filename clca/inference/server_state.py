"""What is known of a server behind a teacher: its own figures, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass


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
    """A server behind a teacher. `losses` counts how often it failed while it was in use, `slowdowns` how often its
    dialogues were moved to others because it was much slower than they.

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
    slowdowns: int = 0

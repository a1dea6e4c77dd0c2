"""How long a request of each task takes at a replica: from a rate or a latency that is given, or from a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import SettingsError
from clca.generation.run_info import GenerationInfo, SessionInfo
from clca.storage.run_index import INFO, read_run

SLOTS = 128
"""Requests that a replica answers at once where nothing else is known."""
MOST, LONGEST = 2**53, 1e9  # of a count, whole in all programs; seconds of a command, thirty years


@dataclass(frozen=True, slots=True)
class Pace:
    """Mean seconds for which a request of each task holds one of a replica's `slots`, and in words where from.

    `turns` and `kept` are the mean length of a dialogue and the share that gets intents where a run has shown them;
    else every dialogue has its full length and is kept.
    """

    seconds: Mapping[str, float]
    slots: int
    source: str
    turns: float | None = None
    kept: float | None = None


def given_latency(seconds: float, tokens: Mapping[str, float], slots: int | None) -> Pace:
    """Every request takes so many seconds, however long its reply. `tokens` are those of a reply by task."""
    slots = slots or SLOTS
    return Pace(dict.fromkeys(tokens, seconds), slots, f"{seconds:g} s a request, {slots} at once at each replica")


def given_rate(rate: float, tokens: Mapping[str, float], slots: int | None) -> Pace:
    """A replica writes `rate` tokens a second with all slots at work, of which each has an equal part."""
    slots = slots or SLOTS
    seconds = {task: count * slots / rate for task, count in tokens.items()}
    return Pace(seconds, slots, f"{rate:g} reply tokens a second at each replica, {slots} requests at once")


def measured_pace(folder: Path, tokens: Mapping[str, float], slots: int | None) -> Pace:
    """The pace of a run of `clca generate`, by Little's law: a request takes in flight × seconds / requests.

    The requests in flight at a server are the most that it says it ran, or its share of `concurrency`: a run that was
    too short to keep them in flight shows a slower pace than its servers have. With other `slots` at a replica its
    tokens a second stay the same. Raises `NotFoundError`, `StoreError`, and `SettingsError` for a run that shows no
    pace, as one on which another version of clca worked that recorded other figures.
    """
    data = read_run(folder).data
    try:
        info = GenerationInfo.model_validate(data)
    except ValidationError as error:
        raise SettingsError(f"{folder / INFO} shows no pace: {validation_message(error, GenerationInfo)}") from None
    concurrency = info.settings.get("concurrency")
    if not isinstance(concurrency, int) or not 0 < concurrency < MOST:
        raise SettingsError(f"{folder / INFO} shows no pace: settings.concurrency is no number of requests")
    known = [session for session in info.sessions if isinstance(session, SessionInfo)]
    sessions = [session for session in known if session.requests and session.servers and session.seconds]
    counts = [count for session in sessions for count in (session.requests, *session.by_task.values())]
    has_counts = all(0 <= count < MOST for count in counts)
    if not has_counts or not all(0 < session.seconds <= LONGEST for session in sessions):
        raise SettingsError(f"{folder / INFO} shows no pace: its requests and seconds are those of no run")
    by_task = sum((Counter(session.by_task) for session in sessions), Counter[str]())
    finished = info.counts.kept + info.counts.discarded + info.counts.failed + info.counts.rejected
    if info.rehearsed or not finished or not by_task.total() or len(known) < len(info.sessions):
        raise SettingsError(
            f"{folder} shows no pace: it needs a run of this version, of a teacher behind a server, with finished"
            " dialogues"
        )
    in_flight = max(_in_flight(session, concurrency) for session in sessions)
    requests = sum(session.requests for session in sessions)
    rate = requests / sum(session.seconds * len(session.servers) for session in sessions)  # at each server
    mean_tokens = sum(tokens.get(task, 0.0) * number for task, number in by_task.items()) / by_task.total()
    if not 0 < mean_tokens < MOST:
        raise SettingsError(f"{folder / INFO} shows no pace: none of its requests is of a task of these settings")
    chosen = slots or max(1, round(in_flight))
    mean = chosen / rate
    return Pace(
        {task: mean * count / mean_tokens for task, count in tokens.items()},
        chosen,
        f"{folder}: {rate:.3g} requests a second at each server, {in_flight:.0f} at once",
        turns=by_task["turn"] / finished,
        kept=(info.counts.kept + info.counts.rejected) / finished,
    )


def _in_flight(session: SessionInfo, concurrency: int) -> float:
    """Requests in flight at each server of a session."""
    share = concurrency / len(session.servers)
    throughputs = [server.throughput for server in session.servers if server.throughput is not None]
    most = max((throughput.most_running for throughput in throughputs), default=0)
    return min(share, most) if most else share

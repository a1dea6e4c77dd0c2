"""What `clca` and the supervisor of its replicas tell each other: JSON, one object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the supervisor starts: replicas of `models` on the cluster at `address`, which ask clients for `token`.

    At most `most` replicas of each, or as many as there is room for; each has `cpus` CPUs beside its GPUs.
    `settings` are those of vLLM. With `look` nothing is started: the nodes are described, and it ends.
    """

    address: str
    models: tuple[str, ...]
    token: str = field(repr=False)
    settings: VllmSettings
    most: int | None = None
    cpus: int = 1
    look: bool = False


@dataclass(frozen=True, slots=True)
class NodeAdapter:
    """An adapter that replicas serve beside their model: its folder on the node, and the SHA-256 of its weights."""

    folder: str
    sha256: str


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """How vLLM is started on a node; paths are looked for there, and times are in seconds.

    A node without one of the `adapters` serves nothing.
    """

    workspace: str | None = None
    executable: str | None = None
    quantization: str | None = None
    extra_arguments: str = ""
    max_model_len: int = 16_384
    start_timeout: float = 3600.0
    adapters: tuple[NodeAdapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """What a node has for a replica of a model: `gpus` it takes, and `most` that the memory holds.

    `device` is what it would run on, in words. `obstacle` says why the node cannot serve the model, or is "".
    """

    model: str
    gpus: int = 0
    most: int = 0
    device: str = ""
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it was found: what Ray may give away there, and its rooms."""

    id: str
    host: str
    address: str
    gpus: int
    cpus: int
    rooms: tuple[Room, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A replica of a model on a node."""

    node: str
    model: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The nodes of the cluster, and the replicas that have room there."""

    nodes: tuple[Node, ...]
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Up:
    """A replica answers. `number` names it in this command."""

    number: int
    model: str
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Down:
    """A replica is no more."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What is being done, for the screen."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The supervisor gives up."""

    error: str


Event = Planned | Up | Down | Step | Failed
_EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Planned, Up, Down, Step, Failed)}


def event_line(event: Event) -> str:
    """An event as one line."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}) + "\n"


def read_event(line: str) -> Event:
    """The event of a line. Raises `ValueError` for any other text."""
    try:
        data: dict[str, Any] = json.loads(line)
        kind = _EVENTS[data.pop("event")]
        if kind is Planned:
            return Planned(tuple(map(_node, data["nodes"])), tuple(Share(**share) for share in data["shares"]))
        return kind(**data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an event: {error}") from None


def wanted_line(wanted: Wanted) -> str:
    """What is wanted as one line, token included: it goes through a pipe."""
    return json.dumps(asdict(wanted)) + "\n"


def read_wanted(line: str) -> Wanted:
    """What is wanted by a line."""
    data: dict[str, Any] = json.loads(line)
    settings = data.pop("settings")
    adapters = tuple(NodeAdapter(**adapter) for adapter in settings.pop("adapters"))
    return Wanted(**{**data, "models": tuple(data["models"])}, settings=VllmSettings(**settings, adapters=adapters))


def _node(data: dict[str, Any]) -> Node:
    return Node(**{**data, "rooms": tuple(Room(**room) for room in data["rooms"])})

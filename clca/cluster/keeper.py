"""Keeps replicas up: starts what has room, starts again what was lost, uses nodes that join."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

from clca.cluster.messages import Down, Event, Node, Room, Share, Step, Up, Wanted
from clca.cluster.nodes import NODE_ID, WORKER_ENVIRONMENT, alive, begin_look, cause
from clca.cluster.placement import missing, rooms_of
from clca.cluster.replica import Replica

FIND_EVERY = 2.0  # seconds between looks at which nodes there are
BEAT_EVERY = 2.0  # seconds between signs of life
STAGGER = 1.0  # seconds between starts on one node
MAX_FAILURES = 3  # starts in a row that fail on a node, after which it rests
REST = 120.0  # seconds
STOP_SECONDS = 20.0


@dataclass(eq=False)
class Kept:
    """A replica: it waits for its placement group, then starts, then is up. `ref` is what it waits for."""

    number: int
    share: Share
    group: Any
    ref: Any
    actor: Any = None
    state: Literal["placing", "placed", "starting", "up"] = "placing"


class Keeper:
    """The replicas of one command; `tell` takes what becomes of them. `hopeless` says why none can be started."""

    def __init__(self, wanted: Wanted, tell: Callable[[Event], None]) -> None:
        self.hopeless = ""
        self._wanted, self._tell = wanted, tell
        self._nodes: dict[str, Node] = {}
        self._looks: dict[Any, Node] = {}
        self._kept: list[Kept] = []
        self._count = 0
        self._found = 0.0
        self._last_start: dict[str, float] = {}
        self._failures: Counter[str] = Counter()
        self._rests: dict[str, float] = {}
        self._over = threading.Event()
        threading.Thread(target=self._keep_beating, daemon=True).start()

    @property
    def nodes(self) -> list[Node]:
        """The nodes that were looked at."""
        return list(self._nodes.values())

    @property
    def looking(self) -> bool:
        """Whether a node has not said yet what it has."""
        return bool(self._looks)

    def missing(self) -> list[Share]:
        """The replicas that there is room for beside those that are kept."""
        now = monotonic()
        nodes = [node for node in self.nodes if self._rests.get(node.id, 0.0) <= now]
        shares = [kept.share for kept in self._kept]
        return missing(nodes, self._wanted.models, shares, cpus=self._wanted.cpus, most=self._wanted.most)

    def round(self, seconds: float) -> None:
        """Start what is missing, then wait so long for news."""
        if monotonic() - self._found >= FIND_EVERY:
            self.find_nodes()
        for share in self.missing():
            self._place(share)
        for kept in self._kept:
            if kept.state == "placed" and self._may_start(kept):
                self._start(kept)
        self.wait(seconds)

    def find_nodes(self) -> None:
        """Look at nodes that joined, forget those that are gone."""
        self._found = monotonic()
        there = {node.id: node for node in alive()}
        for id in self._nodes.keys() - there.keys():
            del self._nodes[id]
            for kept in [kept for kept in self._kept if kept.share.node == id]:
                self._lose(kept, "its node was lost")
        known = self._nodes.keys() | {node.id for node in self._looks.values()}
        for id in there.keys() - known:
            self._looks[begin_look(there[id], self._wanted.models, self._wanted.settings)] = there[id]

    def wait(self, seconds: float) -> None:
        """Wait so long for news, and take it."""
        import ray

        refs = [*self._looks, *(kept.ref for kept in self._kept if kept.ref is not None)]
        if not refs:
            self._over.wait(seconds)
            return
        ready, _ = ray.wait(refs, num_returns=1, timeout=seconds)
        for ref in ready:
            if ref in self._looks:
                self._take_look(ref)
            elif kept := next((kept for kept in self._kept if kept.ref is ref), None):
                self._take_news(kept)

    def stop(self) -> None:
        """End all replicas; returns when their processes are gone, or after a while."""
        import ray

        self._over.set()
        with suppress(Exception):  # what cannot be reached ends with its lease
            ends = [kept.actor.stop.remote() for kept in self._kept if kept.actor is not None]
            if ends:
                ray.wait(ends, num_returns=len(ends), timeout=STOP_SECONDS)
        for kept in self._kept:
            self._free(kept)

    # ------------------------------------------------------------ one replica

    def _place(self, share: Share) -> None:
        from ray.util.placement_group import placement_group

        node, room = self._nodes[share.node], rooms_of(self.nodes, share.model)[share.node]
        bundle = {"CPU": float(self._wanted.cpus), **({"GPU": float(room.gpus)} if room.gpus else {})}
        group = placement_group([bundle], strategy="STRICT_PACK", bundle_label_selector=[{NODE_ID: node.id}])
        self._count += 1
        self._kept.append(Kept(self._count, share, group, group.ready()))

    def _may_start(self, kept: Kept) -> bool:
        """Whether it is its turn: the first replica of a model on a node reads the weights for all others there."""
        beside = [other for other in self._kept if other.share == kept.share]
        if not any(other.state == "up" for other in beside) and any(other.state == "starting" for other in beside):
            return False
        return monotonic() - self._last_start.get(kept.share.node, 0.0) >= STAGGER

    def _start(self, kept: Kept) -> None:
        import ray
        from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

        share, wanted = kept.share, self._wanted
        node, room = self._nodes[share.node], rooms_of(self.nodes, share.model)[share.node]
        actor = ray.remote(Replica).options(
            num_cpus=wanted.cpus,
            num_gpus=room.gpus,
            max_concurrency=4,
            runtime_env={"env_vars": WORKER_ENVIRONMENT},
            scheduling_strategy=PlacementGroupSchedulingStrategy(kept.group),
        )
        kept.actor = actor.remote(share.model, wanted.settings, wanted.token, node.address)
        kept.ref, kept.state = kept.actor.start.remote(), "starting"
        self._last_start[share.node] = monotonic()
        self._tell(Step(f"{share.model} on {node.host} ({room.device})"))

    def _take_look(self, ref: Any) -> None:
        import ray

        node = self._looks.pop(ref)
        try:
            host, rooms = ray.get(ref)
            self._nodes[node.id] = replace(node, host=host, rooms=rooms)
        except Exception as error:  # whatever Ray raises is of that node
            rooms = tuple(Room(model, obstacle=cause(error)) for model in self._wanted.models)
            self._nodes[node.id] = replace(node, rooms=rooms)

    def _take_news(self, kept: Kept) -> None:
        import ray

        try:
            news = ray.get(kept.ref)
        except Exception as error:  # whatever Ray raises is of that replica
            self._lose(kept, cause(error))
            return
        if kept.state == "placing":
            kept.ref, kept.state = None, "placed"
        elif kept.state == "starting":
            url, fault = news
            if fault:
                self._lose(kept, fault)
                return
            kept.ref, kept.state = kept.actor.watch.remote(), "up"
            self._failures[kept.share.node] = 0
            self._tell(Up(kept.number, kept.share.model, url, self._nodes[kept.share.node].host))
        else:
            self._lose(kept, f"vLLM ended: {news}")

    def _lose(self, kept: Kept, reason: str) -> None:
        """Give up a replica; a node where starts fail again and again rests."""
        node = kept.share.node
        self._kept.remove(kept)
        self._free(kept)
        if kept.state == "up":
            self._tell(Down(kept.number, reason))
            return
        self._failures[node] += 1
        host = self._nodes[node].host if node in self._nodes else node
        self._tell(Step(f"{kept.share.model} did not start on {host}: {reason}"))
        if self._failures[node] >= MAX_FAILURES:
            self._failures[node] = 0
            self._rests[node] = monotonic() + REST
        if not self._kept and not self.missing():
            self.hopeless = f"no replica could be started; on {host}: {reason}"

    def _free(self, kept: Kept) -> None:
        import ray
        from ray.util.placement_group import remove_placement_group

        with suppress(Exception):  # it may be gone
            if kept.actor is not None:
                ray.kill(kept.actor)
            remove_placement_group(kept.group)

    def _keep_beating(self) -> None:
        """Tell the replicas that they are wanted, and see that the others end by themselves."""
        while not self._over.wait(BEAT_EVERY):
            for kept in list(self._kept):
                if kept.actor is not None:
                    with suppress(Exception):  # its end is noticed elsewhere
                        kept.actor.beat.remote()

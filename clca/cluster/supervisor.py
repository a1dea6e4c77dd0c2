"""The process that keeps the replicas of one command up: `python -m clca.cluster.supervisor`, started by `clca`.

Its first line of input says what is wanted; when its input ends, so does it, with all replicas. It writes events. Ray
lives here and not in `clca` itself: its client ends its process when the head of the cluster is lost.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from time import monotonic, sleep
from typing import TextIO

from clca.cluster.keeper import STOP_SECONDS, Keeper
from clca.cluster.messages import Event, Failed, Planned, Wanted, event_line, read_wanted
from clca.cluster.nodes import cause, connect
from clca.cluster.placement import refusal
from clca.errors import ClcaError

LOOK_SECONDS = 120.0  # for all nodes to say what they have
LAST_SECONDS = 30.0  # from the end of the input to that of this process
ROUND = 0.5  # seconds between rounds


class Supervisor:
    """Carries out what is wanted until `closing` is set; `tell` takes the events."""

    def __init__(self, wanted: Wanted, output: TextIO) -> None:
        self.closing = threading.Event()
        self._wanted, self._output = wanted, output

    def run(self) -> None:
        """Returns when the input ended or nothing can be started."""
        try:
            connect(self._wanted.address)
        except ClcaError as error:
            self.tell(Failed(str(error)))
            return
        keeper = Keeper(self._wanted, self.tell)
        try:
            self._look(keeper)
            if refused := next(filter(None, self._refusals(keeper)), None):
                self.tell(Failed(refused))
                return
            self.tell(Planned(tuple(keeper.nodes), tuple(keeper.missing())))
            while not (self._wanted.look or self.closing.is_set()):
                keeper.round(ROUND)
                if keeper.hopeless:
                    self.tell(Failed(keeper.hopeless))
                    return
        except Exception as error:  # of Ray: the cluster is no longer there
            self.tell(Failed(f"the Ray cluster at {self._wanted.address} was lost ({cause(error)})"))
        finally:
            stopping = threading.Thread(target=keeper.stop, daemon=True)
            stopping.start()
            stopping.join(STOP_SECONDS)

    def tell(self, event: Event) -> None:
        """Write an event."""
        with suppress(OSError):
            self._output.write(event_line(event))
            self._output.flush()

    def _look(self, keeper: Keeper) -> None:
        until = monotonic() + LOOK_SECONDS
        keeper.find_nodes()
        while keeper.looking and monotonic() < until and not self.closing.is_set():
            keeper.wait(ROUND)

    def _refusals(self, keeper: Keeper) -> list[str]:
        return [refusal(keeper.nodes, model, self._wanted.cpus) for model in self._wanted.models]


def main() -> None:
    """Serve one command."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # of a cluster that is started here
    # What Ray and its processes print goes to stderr; the events have a stream of their own.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    line = sys.stdin.readline()
    if not line:
        return
    supervisor = Supervisor(read_wanted(line), output)

    def close_with_input() -> None:
        sys.stdin.read()
        supervisor.closing.set()
        sleep(LAST_SECONDS)
        os._exit(1)  # it hangs in Ray; the replicas end with their lease

    threading.Thread(target=close_with_input, daemon=True).start()
    supervisor.run()
    output.close()
    os._exit(0)  # Ray's own end takes seconds, and has nothing left to do


if __name__ == "__main__":
    main()

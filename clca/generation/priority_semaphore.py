"""A bounded number of requests in flight, and an order among those that wait."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from types import TracebackType

Rank = tuple[int, int]


class PrioritySemaphore:
    """`async with gate.slot(rank)`: of those who wait, the lowest rank is let in next."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    def slot(self, rank: Rank) -> _Slot:
        return _Slot(self, rank)

    async def enter(self, rank: Rank) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # it was let in just as it gave up
            raise

    def leave(self) -> None:
        while self._waiting:
            _, _, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)  # the slot passes from hand to hand
                return
        self._free += 1


class _Slot:
    __slots__ = ("_gate", "_rank")

    def __init__(self, gate: PrioritySemaphore, rank: Rank) -> None:
        self._gate, self._rank = gate, rank

    async def __aenter__(self) -> None:
        await self._gate.enter(self._rank)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gate.leave()

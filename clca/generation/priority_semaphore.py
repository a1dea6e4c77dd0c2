"""A semaphore whose slots go to the waiter of the lowest rank."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from types import TracebackType

Rank = tuple[int, int]


class PrioritySemaphore:
    """`async with semaphore.slot(rank)`: of those who wait, the lowest rank enters next."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    def slot(self, rank: Rank) -> _Slot:
        """A context that holds one of the slots; waiting callers get theirs by priority."""
        return _Slot(self, rank)

    async def acquire(self, rank: Rank) -> None:
        """Take a slot, after all waiters of a lower rank, and after those of the same rank that came before."""
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # it was given the slot just as it was cancelled
            raise

    def release(self) -> None:
        """Give the slot to the next waiter, if there is one."""
        while self._waiting:
            _, _, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class _Slot:
    __slots__ = ("_rank", "_semaphore")

    def __init__(self, semaphore: PrioritySemaphore, rank: Rank) -> None:
        self._semaphore, self._rank = semaphore, rank

    async def __aenter__(self) -> None:
        await self._semaphore.acquire(self._rank)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._semaphore.release()

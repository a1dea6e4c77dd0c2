"""A bounded number at once, the lowest rank next."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from clca.generation.priority_semaphore import PrioritySemaphore, Rank

ranks = st.tuples(st.integers(0, 1), st.integers(0, 5))


async def through(semaphore: PrioritySemaphore, rank: Rank, served: list[Rank]) -> None:
    async with semaphore.slot(rank):
        served.append(rank)
        await asyncio.sleep(0)


def order(asked: list[Rank], slots: int) -> list[Rank]:
    """The order in which requests that all arrive at once are served."""
    served: list[Rank] = []

    async def run() -> None:
        semaphore = PrioritySemaphore(slots)
        await asyncio.gather(*(through(semaphore, rank, served) for rank in asked))

    asyncio.run(run())
    return served


@given(st.lists(ranks, min_size=1, max_size=30))
def test_who_finds_a_free_slot_takes_it_and_the_others_go_by_rank(asked: list[Rank]) -> None:
    assert order(asked, 1) == [asked[0], *sorted(asked[1:])]


@given(st.lists(ranks, max_size=30), st.integers(1, 8))
def test_never_more_at_once_than_there_are_slots_and_everyone_gets_one(asked: list[Rank], slots: int) -> None:
    inside, most = 0, 0

    async def visit(semaphore: PrioritySemaphore, rank: Rank) -> None:
        nonlocal inside, most
        async with semaphore.slot(rank):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def run() -> None:
        semaphore = PrioritySemaphore(slots)
        await asyncio.gather(*(visit(semaphore, rank) for rank in asked))

    asyncio.run(run())
    assert most == min(slots, len(asked))


def test_equal_ranks_go_in_order_of_arrival() -> None:
    async def run() -> list[int]:
        semaphore, served = PrioritySemaphore(1), []

        async def visit(number: int) -> None:
            async with semaphore.slot((0, 0)):
                served.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(visit(number) for number in range(6)))
        return served

    assert asyncio.run(run()) == [0, 1, 2, 3, 4, 5]


@given(st.integers(1, 4), st.lists(st.booleans(), min_size=1, max_size=20))
def test_whoever_gives_up_waiting_takes_no_slot_along(slots: int, gives_up: list[bool]) -> None:
    async def run() -> int:
        semaphore = PrioritySemaphore(slots)
        release = asyncio.Event()

        async def hold() -> None:
            async with semaphore.slot((0, 0)):
                await release.wait()

        holding = [asyncio.create_task(hold()) for _ in range(slots)]
        await asyncio.sleep(0)
        served: list[Rank] = []
        waiting = [asyncio.create_task(through(semaphore, (0, n), served)) for n in range(len(gives_up))]
        await asyncio.sleep(0)
        release.set()
        for task, stops in zip(waiting, gives_up, strict=True):
            if stops:
                task.cancel()
        await asyncio.gather(*holding, *waiting, return_exceptions=True)
        # Every slot is free again: as many as there are can be taken at once.
        again = [asyncio.create_task(semaphore.acquire((0, 0))) for _ in range(slots)]
        await asyncio.wait_for(asyncio.gather(*again), 1)
        return len(served)

    assert asyncio.run(run()) == gives_up.count(False)

"""Whether another dialogue of a run may be begun."""

from __future__ import annotations

import asyncio

from clca.generation.outcomes import Funnel


class Gate:
    """Lets dialogues begin as the `KeptTarget` of their funnel says; without a target, all of them.

    It counts those under way in the funnel.
    """

    def __init__(self, funnel: Funnel) -> None:
        self._funnel, self._begun = funnel, funnel.finished
        self._ended = asyncio.Event()

    async def opens(self) -> bool:
        """Wait until another dialogue may begin; False once none may."""
        funnel, target = self._funnel, self._funnel.target
        while target is not None:
            if funnel.outcomes["kept"] >= target.kept or self._begun >= target.most:
                return False
            if funnel.outcomes["kept"] + funnel.under_way < target.kept:
                break
            self._ended.clear()
            await self._ended.wait()
        return True

    def begin(self, dialogues: int) -> None:
        """Count dialogues that begin."""
        self._begun += dialogues
        self._funnel.under_way += dialogues

    def end(self, dialogues: int, _: object = None) -> None:
        """Count dialogues that have ended, or were given up."""
        self._funnel.under_way -= dialogues
        self._ended.set()

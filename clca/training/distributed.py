"""The processes that train one adapter: one alone, or those that `accelerate launch` started."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from clca.errors import ClcaError

T = TypeVar("T")


@cache
def join(*, cpu: bool) -> Any:
    """This process's part in the launch (accelerate's `PartialState`), left in order when the process ends.

    Gloo's threads abort a process that ends without.
    """
    from accelerate import PartialState

    processes = PartialState(cpu=cpu)  # the first call decides for all
    if processes.num_processes > 1:
        atexit.register(processes.destroy_process_group)
    return processes


def each(brought: T) -> list[T]:
    """What each process brings, in the order of their ranks."""
    from accelerate.utils import gather_object

    return list(gather_object([brought]))


def once(work: Callable[[], T], *, on_each_machine: bool = False) -> T:
    """What the first process makes, for all; a fault of it is raised in all, as none is to wait for ever.

    With `on_each_machine` the first process of each machine works.
    """
    from accelerate import PartialState

    processes = PartialState()
    made, fault = None, None
    if processes.is_local_main_process if on_each_machine else processes.is_main_process:
        try:
            made = work()
        except ClcaError as error:
            fault = error
    brought = each((made, None if fault is None else fault.message))
    if fault is not None:
        raise fault
    for _, message in brought:
        if message is not None:
            raise ClcaError(message)
    first: T = brought[0][0]  # type: ignore[assignment]
    return first

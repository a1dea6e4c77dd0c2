"""What needs no server; whole servers, sound and faulty, are in `tests/test_faults.py`."""

from __future__ import annotations

import asyncio

import pytest

from clca.errors import Stopped
from clca.inference.chat_client import OpenAICompatible


def test_error_texts_lose_the_key() -> None:
    teacher = OpenAICompatible("m", ["http://h/v1"], key="sekrit-key", concurrency=1, timeout=1, tries=1)
    said = teacher._clean("Incorrect API key provided:\n sekrit-key, also sk-abcdef123456 and sk-proj-***89ab")
    assert said == "Incorrect API key provided: [key], also [key] and [key]"


def test_stop_ends_the_wait_for_another_try() -> None:
    async def wait() -> None:
        teacher = OpenAICompatible("m", ["http://h/v1"], key="k", concurrency=1, timeout=1, tries=1)
        asyncio.get_running_loop().call_later(0.01, teacher.stop)
        await teacher._sleep(60)

    with pytest.raises(Stopped):
        asyncio.run(asyncio.wait_for(wait(), 5))

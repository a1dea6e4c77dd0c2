"""How many connections a limit of open files leaves room for."""

from __future__ import annotations

import resource

import pytest

from clca.inference import open_files
from clca.inference.open_files import CLIENTS, SPARE, possible_connections, too_few

OPEN = 10


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The soft and the hard limit of a process with `OPEN` open files."""
    limits = [64, 64]
    monkeypatch.setattr(open_files, "_open_files", lambda: OPEN)
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.__setitem__(slice(None), new))
    return limits


def test_the_own_limit_is_raised_as_far_as_needed(limits: list[int]) -> None:
    limits[1] = 100_000
    assert possible_connections(64) == 64
    assert limits == [OPEN + SPARE + CLIENTS * 64, 100_000]
    assert too_few(64) == ""


def test_below_a_hard_limit_three_clients_share_what_is_left(limits: list[int]) -> None:
    possible = (64 - OPEN - SPARE) // CLIENTS
    assert possible_connections(64) == possible
    assert possible_connections(3) == 3
    assert too_few(64) == (
        f"Note: at most {possible} requests are in flight, not 64: too few files may be open; raise the limit with"
        " ulimit -n"
    )


def test_one_connection_is_always_tried(limits: list[int]) -> None:
    limits[:] = [8, 8]
    assert possible_connections(64) == 1


def test_no_limit_is_no_limit(limits: list[int]) -> None:
    limits[:] = [resource.RLIM_INFINITY, resource.RLIM_INFINITY]
    assert possible_connections(5000) == 5000

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.served import SMALL, Served, serving


@pytest.fixture(scope="session")
def teacher_port() -> int:
    """A free port, at which a test may have a teacher that the service is allowed to ask."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, cache_home: Path, teacher_port: int) -> Iterator[Served]:
    """A service that all tests may ask, and none may stop. It has made the run of `finished`."""
    options = ("--rate", "0", "--cpu-jobs", "1", "--allow-url", f"http://127.0.0.1:{teacher_port}/v1")
    with serving(tmp_path_factory.mktemp("service").resolve(), *options) as service:
        yield service


@pytest.fixture(scope="session")
def finished(served: Served) -> str:
    """The job of a run that is completed."""
    job: str = served.submit("generate", SMALL)["id"]
    assert served.ended(job)["state"] == "completed"
    return job

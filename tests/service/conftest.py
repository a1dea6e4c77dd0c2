from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.served import SMALL, Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, cache_home: Path) -> Iterator[Served]:
    """A service that all tests may ask, and none may stop. It has made the run of `finished`."""
    with serving(tmp_path_factory.mktemp("service").resolve(), "--rate", "0", "--cpu-jobs", "1") as service:
        yield service


@pytest.fixture(scope="session")
def finished(served: Served) -> str:
    """The job of a run that is completed."""
    job: str = served.submit("generate", SMALL)["id"]
    assert served.ended(job)["state"] == "completed"
    return job

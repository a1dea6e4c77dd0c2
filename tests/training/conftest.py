from __future__ import annotations

import pytest

from clca.training.student import Student
from tests.training import jobs


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory: pytest.TempPathFactory) -> Student:
    """The tiny student, made once; from then on torch computes on one thread, for the sake of equal numbers."""
    jobs.one_thread()
    return jobs.tiny_student(tmp_path_factory.mktemp("cache"))

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from clca.content.lookup import CONFIG, Content
from clca.culture import CultureCatalogue
from clca.models.student import Student

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("clca", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clca")

Overlay = Callable[[dict[str, str]], Content]


@pytest.fixture(scope="session")
def content() -> Content:
    """The packaged content, with no workspace over it."""
    return Content()


@pytest.fixture(scope="session")
def catalogue(content: Content) -> CultureCatalogue:
    return CultureCatalogue(content)


@pytest.fixture
def overlay(tmp_path: Path) -> Overlay:
    """`overlay({path: text})` is the packaged content under a new workspace that holds these files."""

    def make(files: dict[str, str]) -> Content:
        (tmp_path / CONFIG).touch()
        for path, text in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return Content(tmp_path)

    return make


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory: pytest.TempPathFactory) -> Student:
    """The tiny student, made once; from then on torch computes on one thread, for the sake of equal numbers."""
    from tests.training import jobs

    jobs.one_thread()
    return jobs.tiny_student(tmp_path_factory.mktemp("cache"))

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from clca.content.lookup import Content
from clca.content.trust import CONFIG
from clca.culture import CultureCatalogue
from clca.models.student import Student
from tests.cli_process import CACHE, keep_freed_memory, stop_fork_servers
from tests.fork_server import leave_files_unsynced

# How long an example takes depends on what else the machine does, and says nothing about the code.
settings.register_profile("clca", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clca")

os.environ["OMP_NUM_THREADS"] = "1"  # of torch here and in the processes that tests start: workers share the machine
keep_freed_memory()
leave_files_unsynced()

# A shell ignores Ctrl-C in its background jobs, and so would every process that a test interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Roughly in the order of their cost, so that no worker of pytest-xdist begins with one of these when others are done.
DEAR = """
vllm cli/test_eval_wvs docs/test_blocks training/test_trainer training/test_resume cli/test_train test_faults
browser/test_service_pages cli/test_generate cli/test_bad_input inference/test_failover cli/test_early_refusals
cli/test_eval_offense test_resume service
"""
TESTS = Path(__file__).parent


def group(path: str) -> str:
    """What runs on one worker of pytest-xdist: the tests of a file, all that need a real vLLM, those of one service."""
    name = path.removesuffix(".py")
    return next((room for room in ("vllm", "service") if name.startswith(f"{room}/")), name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    dear = {name: number for number, name in enumerate(DEAR.split())}
    items.sort(key=lambda item: dear.get(group(item.path.relative_to(TESTS).as_posix()), len(dear)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.partition("::")[0].removeprefix("tests/"))

    return Groups(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a failed test left open is not laid at the next one's door."""
    if item.session.testsfailed:
        item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


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
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of pytest-xdist share, or that of this process."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def cache_home(session_folder: Path) -> Iterator[Path]:
    """The cache folder of every test and process that has no reason for one of its own."""
    folder = session_folder / "cache"
    folder.mkdir(exist_ok=True)
    os.environ[CACHE] = str(folder)
    yield folder
    stop_fork_servers()


@pytest.fixture(scope="session")
def tiny_student(cache_home: Path) -> Student:
    """The tiny student, made once; from then on torch computes on one thread, for the sake of equal numbers."""
    from tests.training import jobs

    jobs.one_thread()
    return jobs.tiny_student(cache_home)

"""Whether the hub answers is asked once, not for each file."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic

import pytest

from clca.models import hub
from clca.models.model_files import require_plain
from clca.models.student import Student


class Hub(BaseHTTPRequestHandler):
    """Counts how often it is asked."""

    asked = 0

    def do_HEAD(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(hub, "_reached", {})
    Hub.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_hub_that_answers_is_asked_once_a_minute(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [hub.is_reachable({"HF_ENDPOINT": endpoint}) for _ in range(3)] == [True] * 3
    assert Hub.asked == 1
    monkeypatch.setattr(hub, "REMEMBERED", -1.0)
    assert hub.is_reachable({"HF_ENDPOINT": f"{endpoint}/"})
    assert Hub.asked == 2


def test_a_hub_that_does_not_answer_or_may_not_be_asked_is_not_reachable(endpoint: str) -> None:
    assert not hub.is_reachable({"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert not hub.is_reachable({"HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "1"})
    assert Hub.asked == 0


def test_a_student_is_looked_for_in_the_cache_alone_where_the_hub_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hub's library would try each of its files five times, for a minute."""
    monkeypatch.setattr(hub, "_reached", {hub.endpoint_of({}): (monotonic(), False)})
    for name in ("HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    looked: list[bool] = []

    def cached_file(*_: object, local_files_only: bool, **__: object) -> None:
        looked.append(local_files_only)

    monkeypatch.setattr("transformers.utils.hub.cached_file", cached_file)
    require_plain(Student("gone", "some/student", None, False, None))
    assert looked
    assert all(looked)
    looked.clear()
    require_plain(Student("here", ".", None, False, None))
    assert not any(looked), "a folder is read as it is"

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clca.errors import StoreError
from clca.schemas import Reply
from clca.storage.reply_cache import FinishedDialogue, Outcome, ReplyCache

HELLO = Reply('{"text": "Hello."}', "stop", 100, 10)


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def finished(
    name: str, outcome: Outcome = "kept", reason: str | None = None, planted: str | None = None
) -> FinishedDialogue:
    return FinishedDialogue(name, outcome, reason, requests=3, prompt_tokens=300, completion_tokens=30, planted=planted)


@pytest.fixture
def reply_cache(tmp_path: Path) -> Iterator[ReplyCache]:
    reply_cache = ReplyCache(tmp_path / "journal.sqlite")
    yield reply_cache
    reply_cache.close()


# ---------------------------------------------------------------- replies


def test_a_reply_comes_back_as_it_was(reply_cache: ReplyCache) -> None:
    odd = Reply('{"text": "\u2028 \\u0000 é \n"}', "length", 0, 2**40, planted="repeats")
    reply_cache.put("one", digest(1), odd)
    reply_cache.put("one", digest(2), HELLO)
    reply_cache.put("two", digest(3), HELLO)
    assert reply_cache.replies("one") == {digest(1): odd, digest(2): HELLO}
    assert reply_cache.replies("three") == {}


def test_a_reply_is_committed_when_put_returns(reply_cache: ReplyCache) -> None:
    reply_cache.put("one", digest(1), HELLO)
    other = sqlite3.connect(reply_cache.path)
    rows = other.execute("SELECT owner, digest, text FROM reply").fetchall()
    other.close()
    assert rows == [("one", digest(1), HELLO.text)]


def test_what_was_put_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    program = """
import sys
from pathlib import Path
from clca.storage.reply_cache import ReplyCache
from clca.schemas import Reply
reply_cache = ReplyCache(Path(sys.argv[1]))
for number in range(10**9):
    reply_cache.put("one", number.to_bytes(32, "big"), Reply(f"reply {number}", "stop", number, 1))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(200):
            said = int(child.stdout.readline())
        child.kill()
    reply_cache = ReplyCache(path)
    replies = reply_cache.replies("one")
    reply_cache.close()
    assert len(replies) > said
    assert replies == {digest(n): Reply(f"reply {n}", "stop", n, 1) for n in range(len(replies))}


# ---------------------------------------------------------------- index


def test_a_finished_dialogue_is_indexed_and_its_replies_go(reply_cache: ReplyCache) -> None:
    reply_cache.put("one", digest(1), HELLO)
    reply_cache.put("two", digest(2), HELLO)
    reply_cache.finish([finished("one")], {"kept": 80, "discarded": 0, "failed": 0})
    assert reply_cache.finished() == {"one"}
    assert reply_cache.extents() == {"kept": 80, "discarded": 0, "failed": 0}
    assert reply_cache.replies("one") == {}
    assert reply_cache.replies("two") == {digest(2): HELLO}


def test_dialogues_are_counted_by_outcome_and_reason(reply_cache: ReplyCache) -> None:
    reply_cache.finish(
        [
            finished("one"),
            finished("two", "discarded", "quality bad (very confident)", planted="repeats"),
            finished("three", "discarded", "quality bad (very confident)"),
            finished("four", "failed", "not JSON"),
        ],
        {},
    )
    outcomes, reasons = reply_cache.counts()
    assert outcomes == Counter(kept=1, discarded=2, failed=1)
    assert reasons == {"discarded: quality bad (very confident)": 2, "failed: not JSON": 1}
    assert set(reply_cache.outcomes_by_flaw()) == {
        (None, "kept", 1),
        ("repeats", "discarded", 1),
        (None, "discarded", 1),
        (None, "failed", 1),
    }


def test_usage_is_that_of_finished_dialogues_and_of_open_replies(reply_cache: ReplyCache) -> None:
    assert reply_cache.usage() == (0, 0, 0)
    reply_cache.put("one", digest(1), HELLO)
    reply_cache.put("two", digest(2), HELLO)
    reply_cache.put("two", digest(3), HELLO)
    assert reply_cache.usage() == (3, 300, 30)
    reply_cache.finish([finished("one")], {})  # says itself that it took 3, 300, 30
    assert reply_cache.usage() == (3 + 2, 300 + 200, 30 + 20)


def test_replies_of_a_failed_dialogue_stay_for_a_retry(reply_cache: ReplyCache) -> None:
    reply_cache.put("one", digest(1), HELLO)
    reply_cache.finish([finished("one", "failed", "time-out")], {})
    assert set(reply_cache.replies("one")) == {digest(1)}
    assert reply_cache.usage() == (1, 100, 10), "counted once: by its replies"
    reply_cache.rebuild([finished("one", "failed", "time-out")], {})
    assert set(reply_cache.replies("one")) == {digest(1)}


def test_a_dialogue_is_entered_with_the_others_or_not_at_all(reply_cache: ReplyCache) -> None:
    reply_cache.put("one", digest(1), HELLO)
    broken = FinishedDialogue("two", None, None, 1, 1, 1)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"journal\.sqlite"):
        reply_cache.finish([finished("one"), broken], {"kept": 80})
    assert reply_cache.finished() == set()
    assert reply_cache.extents() == {}
    assert reply_cache.replies("one") == {digest(1): HELLO}
    reply_cache.finish([finished("one")], {"kept": 40})
    assert reply_cache.finished() == {"one"}


def test_a_rebuilt_index_holds_what_the_files_hold(reply_cache: ReplyCache) -> None:
    reply_cache.finish([finished("one"), finished("two")], {"kept": 160})
    reply_cache.put("three", digest(3), HELLO)
    reply_cache.put("four", digest(4), HELLO)
    reply_cache.rebuild([finished("two"), finished("three")], {"kept": 120})
    assert reply_cache.finished() == {"two", "three"}
    assert reply_cache.extents() == {"kept": 120}
    assert reply_cache.replies("three") == {}
    assert reply_cache.replies("four") == {digest(4): HELLO}


def test_a_retry_makes_pending_again_and_is_counted(reply_cache: ReplyCache) -> None:
    reply_cache.finish([finished("one", "failed", "not JSON"), finished("two")], {"kept": 40, "failed": 50})
    reply_cache.retry(["one"], ["one"], 0)
    assert reply_cache.finished() == {"two"}
    assert reply_cache.extents() == {"kept": 40, "failed": 0}
    assert reply_cache.retries() == {"one": 1}
    reply_cache.retry([], ["one", "three"], 0)
    assert reply_cache.retries() == {"one": 2, "three": 1}


def test_everything_is_there_when_the_reply_cache_is_opened_again(tmp_path: Path) -> None:
    for number in range(3):
        reply_cache = ReplyCache(tmp_path / "journal.sqlite")
        assert reply_cache.finished() == {f"dialogue-{n}" for n in range(number)}
        reply_cache.finish([finished(f"dialogue-{number}")], {})
        reply_cache.close()


names = st.sampled_from(["one", "two", "three"])
steps = st.lists(st.tuples(st.sampled_from(["put", "finish"]), names, st.integers(0, 5)), max_size=20)


@settings(max_examples=25)
@given(steps)
def test_a_reply_cache_holds_replies_only_of_what_is_unfinished(steps: list[tuple[str, str, int]]) -> None:
    replies: dict[str, set[bytes]] = {}
    done: set[str] = set()
    with TemporaryDirectory() as folder:
        reply_cache = ReplyCache(Path(folder, "journal.sqlite"))
        for step, owner, number in steps:
            if step == "put":
                key = f"{owner} {number}".encode()
                reply_cache.put(owner, key, HELLO)
                replies.setdefault(owner, set()).add(key)
            else:
                reply_cache.finish([finished(owner)], {})
                replies.pop(owner, None)
                done.add(owner)
        assert {owner: set(reply_cache.replies(owner)) for owner in replies} == replies
        assert reply_cache.finished() == done
        assert reply_cache.usage()[0] == 3 * len(done) + sum(map(len, replies.values()))
        reply_cache.close()


@pytest.mark.parametrize(
    "bytes_", [b"this is no database, but a text of some length " * 10, b"SQLite format 3\0" + b"\xff" * 500]
)
def test_a_file_that_is_no_reply_cache_is_named(tmp_path: Path, bytes_: bytes) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(bytes_)
    with pytest.raises(StoreError, match=rf"cannot use {path}: "):
        ReplyCache(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        ReplyCache(tmp_path / "nowhere" / "journal.sqlite")


def test_a_limit_on_files_says_where_to_look(reply_cache: ReplyCache) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    try:
        with pytest.raises(
            StoreError, match=r"disk I/O error; look after the disk, its quota and `ulimit -f`, and rep"
        ):
            reply_cache.put("one", digest(1), Reply("Hello. " * 10_000, "stop", 1, 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

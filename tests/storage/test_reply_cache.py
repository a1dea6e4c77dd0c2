from __future__ import annotations

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
from clca.storage.reply_cache import Finished, Outcome, ReplyCache

HELLO = Reply('{"text": "Hello."}', "stop", 100, 10)


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def finished(name: str, outcome: Outcome = "kept", reason: str | None = None, planted: str | None = None) -> Finished:
    return Finished(name, outcome, reason, requests=3, prompt_tokens=300, completion_tokens=30, planted=planted)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[ReplyCache]:
    journal = ReplyCache(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


# ---------------------------------------------------------------- replies


def test_a_reply_comes_back_as_it_was(journal: ReplyCache) -> None:
    odd = Reply('{"text": "\u2028 \\u0000 é \n"}', "length", 0, 2**40, planted="repeats")
    journal.put("one", digest(1), odd)
    journal.put("one", digest(2), HELLO)
    journal.put("two", digest(3), HELLO)
    assert journal.replies("one") == {digest(1): odd, digest(2): HELLO}
    assert journal.replies("three") == {}


def test_a_reply_is_committed_when_put_returns(journal: ReplyCache) -> None:
    journal.put("one", digest(1), HELLO)
    other = sqlite3.connect(journal.path)
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
journal = ReplyCache(Path(sys.argv[1]))
for number in range(10**9):
    journal.put("one", number.to_bytes(32, "big"), Reply(f"reply {number}", "stop", number, 1))
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(200):
            said = int(child.stdout.readline())
        child.kill()
    journal = ReplyCache(path)
    replies = journal.replies("one")
    journal.close()
    assert len(replies) > said
    assert replies == {digest(n): Reply(f"reply {n}", "stop", n, 1) for n in range(len(replies))}


# ---------------------------------------------------------------- index


def test_a_finished_dialogue_is_indexed_and_its_replies_go(journal: ReplyCache) -> None:
    journal.put("one", digest(1), HELLO)
    journal.put("two", digest(2), HELLO)
    journal.finish([finished("one")], {"kept": 80, "discarded": 0, "failed": 0})
    assert journal.finished() == {"one"}
    assert journal.extents() == {"kept": 80, "discarded": 0, "failed": 0}
    assert journal.replies("one") == {}
    assert journal.replies("two") == {digest(2): HELLO}


def test_dialogues_are_counted_by_outcome_and_reason(journal: ReplyCache) -> None:
    journal.finish(
        [
            finished("one"),
            finished("two", "discarded", "quality bad (very confident)", planted="repeats"),
            finished("three", "discarded", "quality bad (very confident)"),
            finished("four", "failed", "not JSON"),
        ],
        {},
    )
    outcomes, reasons = journal.counts()
    assert outcomes == Counter(kept=1, discarded=2, failed=1)
    assert reasons == {"discarded: quality bad (very confident)": 2, "failed: not JSON": 1}
    assert set(journal.outcomes_by_flaw()) == {
        (None, "kept", 1),
        ("repeats", "discarded", 1),
        (None, "discarded", 1),
        (None, "failed", 1),
    }


def test_usage_is_that_of_finished_dialogues_and_of_open_replies(journal: ReplyCache) -> None:
    assert journal.usage() == (0, 0, 0)
    journal.put("one", digest(1), HELLO)
    journal.put("two", digest(2), HELLO)
    journal.put("two", digest(3), HELLO)
    assert journal.usage() == (3, 300, 30)
    journal.finish([finished("one")], {})  # says itself that it took 3, 300, 30
    assert journal.usage() == (3 + 2, 300 + 200, 30 + 20)


def test_replies_of_a_failed_dialogue_stay_for_a_retry(journal: ReplyCache) -> None:
    journal.put("one", digest(1), HELLO)
    journal.finish([finished("one", "failed", "time-out")], {})
    assert set(journal.replies("one")) == {digest(1)}
    assert journal.usage() == (1, 100, 10), "counted once: by its replies"
    journal.rebuild([finished("one", "failed", "time-out")], {})
    assert set(journal.replies("one")) == {digest(1)}


def test_a_dialogue_is_entered_with_the_others_or_not_at_all(journal: ReplyCache) -> None:
    journal.put("one", digest(1), HELLO)
    broken = Finished("two", None, None, 1, 1, 1)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match=r"journal\.sqlite"):
        journal.finish([finished("one"), broken], {"kept": 80})
    assert journal.finished() == set()
    assert journal.extents() == {}
    assert journal.replies("one") == {digest(1): HELLO}
    journal.finish([finished("one")], {"kept": 40})
    assert journal.finished() == {"one"}


def test_a_rebuilt_index_holds_what_the_files_hold(journal: ReplyCache) -> None:
    journal.finish([finished("one"), finished("two")], {"kept": 160})
    journal.put("three", digest(3), HELLO)
    journal.put("four", digest(4), HELLO)
    journal.rebuild([finished("two"), finished("three")], {"kept": 120})
    assert journal.finished() == {"two", "three"}
    assert journal.extents() == {"kept": 120}
    assert journal.replies("three") == {}
    assert journal.replies("four") == {digest(4): HELLO}


def test_a_retry_makes_pending_again_and_is_counted(journal: ReplyCache) -> None:
    journal.finish([finished("one", "failed", "not JSON"), finished("two")], {"kept": 40, "failed": 50})
    journal.retry(["one"], ["one"], 0)
    assert journal.finished() == {"two"}
    assert journal.extents() == {"kept": 40, "failed": 0}
    assert journal.retries() == {"one": 1}
    journal.retry([], ["one", "three"], 0)
    assert journal.retries() == {"one": 2, "three": 1}


def test_everything_is_there_when_the_journal_is_opened_again(tmp_path: Path) -> None:
    for number in range(3):
        journal = ReplyCache(tmp_path / "journal.sqlite")
        assert journal.finished() == {f"dialogue-{n}" for n in range(number)}
        journal.finish([finished(f"dialogue-{number}")], {})
        journal.close()


names = st.sampled_from(["one", "two", "three"])
steps = st.lists(st.tuples(st.sampled_from(["put", "finish"]), names, st.integers(0, 5)), max_size=20)


@settings(max_examples=25)
@given(steps)
def test_a_journal_holds_replies_only_of_what_is_unfinished(steps: list[tuple[str, str, int]]) -> None:
    replies: dict[str, set[bytes]] = {}
    done: set[str] = set()
    with TemporaryDirectory() as folder:
        journal = ReplyCache(Path(folder, "journal.sqlite"))
        for step, owner, number in steps:
            if step == "put":
                key = f"{owner} {number}".encode()
                journal.put(owner, key, HELLO)
                replies.setdefault(owner, set()).add(key)
            else:
                journal.finish([finished(owner)], {})
                replies.pop(owner, None)
                done.add(owner)
        assert {owner: set(journal.replies(owner)) for owner in replies} == replies
        assert journal.finished() == done
        assert journal.usage()[0] == 3 * len(done) + sum(map(len, replies.values()))
        journal.close()


@pytest.mark.parametrize(
    "bytes_", [b"this is no database, but a text of some length " * 10, b"SQLite format 3\0" + b"\xff" * 500]
)
def test_a_file_that_is_no_journal_is_named(tmp_path: Path, bytes_: bytes) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(bytes_)
    with pytest.raises(StoreError, match=rf"cannot use {path}: "):
        ReplyCache(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        ReplyCache(tmp_path / "nowhere" / "journal.sqlite")

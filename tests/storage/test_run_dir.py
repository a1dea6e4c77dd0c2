from __future__ import annotations

import asyncio
import codecs
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clca.errors import ClcaError, ContentError, NotFoundError, StoreError
from clca.schemas import Reply
from clca.storage.fingerprint import differences, fingerprint
from clca.storage.reply_cache import FinishedDialogue, Outcome
from clca.storage.run_dir import FILES, RunDir
from clca.storage.run_index import find_runs, list_runs, new_run_folder, read_run

OUTCOMES: tuple[Outcome, ...] = ("kept", "kept", "discarded", "failed")
REPLY = Reply("{}", "stop", 10, 1)

# What a child process runs: it finishes dialogues 0, 1, 2... and says so after each.
WORK = """
import asyncio, sys
from pathlib import Path
from tests.storage.test_run_dir import dialogue
from clca.storage.run_dir import RunDir

async def work(run):
    for number in range(10**9):
        await asyncio.gather(*(run.finish(*dialogue(3 * number + n)) for n in range(3)))
        print(3 * number + 2, flush=True)

with RunDir(Path(sys.argv[1])) as run:
    print("open", flush=True)
    asyncio.run(work(run))
"""


def dialogue(number: int, padding: int = 0) -> tuple[FinishedDialogue, bytes]:
    """The index row and the line of a dialogue; a quarter of them are discarded, a quarter failed."""
    outcome = OUTCOMES[number % 4]
    planted = "repeats" if number % 3 else None
    row = FinishedDialogue(f"d{number}", outcome, None if outcome == "kept" else "why", 2, 20, number, planted)
    usage = {"requests": 2, "prompt_tokens": 20, "completion_tokens": number}
    line = {"id": row.id, "text": "x" * (50 + number * 7 % 50 + padding), "usage": usage}
    line |= {"reason": row.reason or "", "planted": row.planted or ""}
    return row, json.dumps(line).encode() + b"\n"


def finish(run: RunDir, numbers: list[int]) -> None:
    async def work() -> None:
        await asyncio.gather(*(run.finish(*dialogue(number)) for number in numbers))

    asyncio.run(work())


def lines(folder: Path) -> dict[Outcome, list[bytes]]:
    return {outcome: (folder / name).read_bytes().splitlines(keepends=True) for outcome, name in FILES.items()}


def stored(folder: Path) -> set[str]:
    """The ids in the files; fails at a duplicate or a line that is not whole."""
    every = [line for some in lines(folder).values() for line in some]
    ids = [json.loads(line)["id"] for line in every]
    assert all(line.endswith(b"\n") for line in every)
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    return set(ids)


def consistent(folder: Path) -> set[str]:
    """Open the run: its index must say what its files hold. Returns the ids of what is finished."""
    with RunDir(folder) as run:
        ids = stored(folder)
        assert run.reply_cache.finished() == ids
        lengths = {outcome: len(b"".join(some)) for outcome, some in lines(folder).items()}
        assert dict.fromkeys(FILES, 0) | run.reply_cache.extents() == lengths
        assert run.reply_cache.counts()[0] == {outcome: len(some) for outcome, some in lines(folder).items() if some}
        failed = {json.loads(line)["id"] for line in run.failures()}
        assert not [name for name in ids - failed if run.reply_cache.replies(name)]
    return ids


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of twelve finished dialogues."""
    with RunDir(tmp_path / "run") as run:
        finish(run, list(range(12)))
    return tmp_path / "run"


# ---------------------------------------------------------------- finishing


def test_a_finished_dialogue_is_one_line_in_the_file_of_its_outcome(folder: Path) -> None:
    kept, discarded, failed = (lines(folder)[outcome] for outcome in ("kept", "discarded", "failed"))
    assert kept == [dialogue(number)[1] for number in (0, 1, 4, 5, 8, 9)]
    assert discarded == [dialogue(number)[1] for number in (2, 6, 10)]
    assert failed == [dialogue(number)[1] for number in (3, 7, 11)]
    assert consistent(folder) == {f"d{number}" for number in range(12)}


def test_its_replies_go_when_it_is_finished(tmp_path: Path) -> None:
    with RunDir(tmp_path) as run:
        run.reply_cache.put("d0", b"0" * 32, REPLY)
        run.reply_cache.put("d1", b"1" * 32, REPLY)
        finish(run, [0])
        assert run.reply_cache.replies("d0") == {}
        assert run.reply_cache.replies("d1") == {b"1" * 32: REPLY}


def test_a_dialogue_that_stands_twice_is_named_with_its_line(folder: Path) -> None:
    file = folder / "dialogues.jsonl"
    file.write_bytes(file.read_bytes() + dialogue(4)[1])
    with pytest.raises(StoreError, match=r"dialogues\.jsonl:7: duplicate dialogue d4; remove this line"):
        RunDir(folder)


def test_a_dialogue_stands_in_one_file_only(folder: Path) -> None:
    with (folder / "discarded.jsonl").open("ab") as other:
        other.write(dialogue(4)[1])
    with pytest.raises(StoreError, match=r"discarded\.jsonl:4: duplicate dialogue d4"):
        RunDir(folder)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .*/file/run: Not a directory; choose another folder"):
        RunDir(tmp_path / "file" / "run")


# ---------------------------------------------------------------- lock


def test_two_processes_never_work_on_one_run(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match="is in use by another process"):
            RunDir(tmp_path)
        child.kill()
    consistent(tmp_path)  # a killed process leaves no lock behind


def test_a_run_that_cannot_be_opened_is_not_left_locked(folder: Path) -> None:
    broken = folder / "dialogues.jsonl"
    whole = broken.read_bytes()
    broken.write_bytes(whole + b"no record\n")
    for _ in range(2):
        with pytest.raises(ContentError, match=r"dialogues\.jsonl:\d+: not a record of a run"):
            RunDir(folder)
    broken.write_bytes(whole)
    assert len(consistent(folder)) == 12


# ---------------------------------------------------------------- whatever happened before


def test_a_line_that_was_synced_but_not_indexed_is_not_lost(folder: Path) -> None:
    with RunDir(folder) as run:
        run.reply_cache.put("d12", b"0" * 32, REPLY)
    with (folder / "dialogues.jsonl").open("ab") as file:
        file.write(dialogue(12)[1] + dialogue(13)[1] + dialogue(16)[1][:-5])
    assert consistent(folder) == {f"d{number}" for number in range(14)}


def without(folder: Path, outcome: Outcome, *ids: str) -> None:
    """Remove the lines of these dialogues, as a person does."""
    left = [line for line in lines(folder)[outcome] if json.loads(line)["id"] not in ids]
    (folder / FILES[outcome]).write_bytes(b"".join(left))


def test_a_kept_dialogue_that_a_person_removed_is_rejected_and_stays_so(folder: Path) -> None:
    cost = {"requests": 2, "prompt_tokens": 20, "completion_tokens": 4}
    with RunDir(folder) as run:
        usage = run.reply_cache.usage()
    without(folder, "kept", "d4")
    with RunDir(folder) as run:
        assert run.rejected == ("d4",)
        assert run.reply_cache.usage() == usage
    assert [json.loads(line) for line in lines(folder)["rejected"]] == [
        {"id": "d4", "reason": "removed from dialogues.jsonl", "usage": cost}
    ]
    (folder / "journal.sqlite").unlink()
    with RunDir(folder) as run:
        assert run.rejected == ()
        assert run.reply_cache.counts()[0]["rejected"] == 1
    assert consistent(folder) == {f"d{number}" for number in range(12)}


def test_a_rejection_is_taken_back_by_removing_its_line_and_made_by_writing_an_id(folder: Path) -> None:
    without(folder, "kept", "d4", "d9")
    consistent(folder)
    without(folder, "rejected", "d9")
    assert consistent(folder) == {f"d{number}" for number in range(12)} - {"d9"}
    with (folder / "rejected.jsonl").open("a") as file:
        file.write('{"id": "d9"}\n')
    assert consistent(folder) == {f"d{number}" for number in range(12)}


@pytest.mark.parametrize("outcome", ["discarded", "failed"])
def test_other_lines_deleted_by_hand_are_pending_again(folder: Path, outcome: Outcome) -> None:
    gone = json.loads(lines(folder)[outcome][1])["id"]
    without(folder, outcome, gone)
    assert consistent(folder) == {f"d{number}" for number in range(12)} - {gone}


def test_an_editor_that_leaves_out_the_last_line_break_loses_nothing(folder: Path) -> None:
    without(folder, "kept", "d4")
    file = folder / "dialogues.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    with RunDir(folder) as run:
        assert run.rejected == ("d4",)
    assert consistent(folder) == {f"d{number}" for number in range(12)}


def test_a_line_that_was_made_longer_hides_no_removal(folder: Path) -> None:
    kept = lines(folder)["kept"]
    longer = kept[0].replace(b'"text": "', b'"text": "' + 500 * b"y")
    (folder / "dialogues.jsonl").write_bytes(longer + b"".join(kept[2:]))
    with RunDir(folder) as run:
        assert run.rejected == ("d1",)
    assert consistent(folder) == {f"d{number}" for number in range(12)}


@pytest.mark.parametrize("name", ["dialogues.jsonl", "rejected.jsonl"])
def test_a_dialogue_of_another_run_is_refused_and_nothing_is_recorded(folder: Path, name: str) -> None:
    known = {f"d{number}" for number in range(12)}
    without(folder, "kept", "d4")
    with (folder / name).open("a") as file:
        file.write('{"id": "d44"}\n' if name == "rejected.jsonl" else dialogue(44)[1].decode())
    with pytest.raises(StoreError, match=rf"{name}:\d: 'd44' is no dialogue of this run; did you mean d4\?; correct"):
        RunDir(folder, known)
    without(folder, "kept", "d44")
    without(folder, "rejected", "d44")
    with RunDir(folder, known) as run:
        assert run.rejected == ("d4",)


def test_a_dialogue_of_another_run_that_was_indexed_before_is_refused(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"failed\.jsonl:3: 'd11' is no dialogue of this run"):
        RunDir(folder, {f"d{number}" for number in range(11)})


def test_a_byte_order_mark_is_read_over(folder: Path) -> None:
    file = folder / "dialogues.jsonl"
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    with RunDir(folder) as run:
        assert (run.rejected, len(run.reply_cache.finished())) == ((), 12)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        (lambda text: text.encode("utf-16"), "UTF-16, not UTF-8: save it as UTF-8"),
        (lambda text: text.replace("xxx", "\xe9", 1).encode("latin-1"), ":1: not UTF-8: save it as UTF-8"),
        (lambda text: text.replace("\n", "\r").encode(), "its lines end in carriage returns alone; save it with line"),
        (lambda text: text.replace("\n", "\n\n", 1).encode(), ":2: an empty line; remove it"),
        (lambda text: text.replace('"d0"', "0").encode(), r":1: not a record of a run \(the id is no text\); correct"),
    ],
)
def test_a_file_that_an_editor_saved_otherwise_is_refused_and_nothing_is_cut(
    folder: Path, written: Callable[[str], bytes], advice: str
) -> None:
    file = folder / "dialogues.jsonl"
    file.write_bytes(written(file.read_text()))
    before = file.read_bytes()
    with pytest.raises(ClcaError, match=advice):
        RunDir(folder)
    assert file.read_bytes() == before


def test_half_a_line_that_is_cut_off_is_told(folder: Path) -> None:
    with (folder / "dialogues.jsonl").open("ab") as file:
        file.write(dialogue(12)[1][:-9])
    with RunDir(folder) as run:
        assert run.cut == (folder / "dialogues.jsonl",)
    with RunDir(folder) as run:
        assert run.cut == ()


def test_a_whole_file_that_is_missing_is_refused_with_what_to_do(folder: Path) -> None:
    file = folder / "dialogues.jsonl"
    whole = file.read_bytes()
    file.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"dialogues\.jsonl is missing, and held the kept dialogues: restore it"):
            RunDir(folder)
    file.write_bytes(whole)
    assert len(consistent(folder)) == 12


def test_a_file_deleted_by_hand_is_pending_again(folder: Path) -> None:
    (folder / "failed.jsonl").unlink()
    assert consistent(folder) == {f"d{number}" for number in range(12) if number % 4 != 3}


def test_without_its_reply_cache_a_run_is_read_from_its_files(folder: Path) -> None:
    def index() -> tuple[Any, ...]:
        with RunDir(folder) as run:
            reply_cache = run.reply_cache
            return (
                reply_cache.finished(),
                reply_cache.counts(),
                sorted(reply_cache.outcomes_by_flaw(), key=str),
                reply_cache.usage(),
            )

    written = index()
    (folder / "journal.sqlite").unlink()
    assert index() == written
    assert len(consistent(folder)) == 12


def test_one_file_cut_and_another_ahead_of_the_index(folder: Path) -> None:
    with RunDir(folder) as run:
        run.reply_cache.put("d12", b"0" * 32, REPLY)
    with (folder / "dialogues.jsonl").open("ab") as file:
        file.write(dialogue(12)[1])
    (folder / "discarded.jsonl").write_bytes(dialogue(2)[1])
    assert consistent(folder) == {f"d{number}" for number in range(13)} - {"d6", "d10"}


@pytest.mark.parametrize("after", [1, 2, 4, 7])
def test_a_kill_loses_and_doubles_nothing(tmp_path: Path, after: int) -> None:
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            said = [child.stdout.readline() for _ in range(after)][-1].strip()
            child.kill()
        known = range(int(said) + 1) if said != "open" else range(0)
        ids = consistent(tmp_path)
        assert ids >= {f"d{number}" for number in known}
        shutil.rmtree(tmp_path)


@settings(max_examples=60)
@given(
    indexed=st.integers(0, 12),
    cuts=st.tuples(*[st.none() | st.integers(0, 100)] * 3),
)
def test_any_beginnings_of_the_files_are_a_consistent_run(
    indexed: int, cuts: tuple[int | None, int | None, int | None]
) -> None:
    """The index knows the first dialogues, the files hold all, then each file is cut to some percentage."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with RunDir(folder) as run:
            for number in range(12):
                run.reply_cache.put(f"d{number}", b"%032d" % number, REPLY)
            finish(run, list(range(indexed)))
        with_rest = {outcome: file.open("ab") for outcome, file in ((o, folder / n) for o, n in FILES.items())}
        for number in range(indexed, 12):
            row, line = dialogue(number)
            with_rest[row.outcome].write(line)
        for file in with_rest.values():
            file.close()
        expected, edited, torn = set(), False, set()
        for outcome, cut in zip(FILES, (*cuts, None), strict=True):
            path = folder / FILES[outcome]
            text = path.read_bytes()
            if cut is not None:
                text = text[: len(text) * cut // 100]
                path.write_bytes(text)
            whole = text[: text.rfind(b"\n") + 1]
            if text.endswith(b"}") and text.count(b"}") > whole.count(b"}") + 1:  # whole but for its line break
                whole = text + b"\n"
            elif whole != text:
                torn.add(outcome)
            with_index = b"".join(line for row, line in map(dialogue, range(indexed)) if row.outcome == outcome)
            edited = edited or len(max(text, whole, key=len)) < len(with_index)
            expected |= {json.loads(line)["id"] for line in whole.splitlines()}
        if edited and "kept" not in torn:  # whole lines are gone: somebody removed them
            expected |= {row.id for row, _ in map(dialogue, range(indexed)) if row.outcome == "kept"}

        assert consistent(folder) == expected
        with RunDir(folder) as run:
            finish(run, [number for number in range(12) if f"d{number}" not in run.reply_cache.finished()])
        assert consistent(folder) == {f"d{number}" for number in range(12)}


# ---------------------------------------------------------------- a full disk

FULL = """
import asyncio, resource, sys
from pathlib import Path
from clca.errors import StoreError
from clca.storage.run_dir import RunDir
from tests.storage.test_run_dir import dialogue

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def work(run):
    limit(200_000)
    done = await asyncio.gather(
        run.finish(*dialogue(4)), run.finish(*dialogue(6, padding=300_000)), return_exceptions=True
    )
    limit(resource.RLIM_INFINITY)
    done += await asyncio.gather(run.finish(*dialogue(8)), return_exceptions=True)
    for one in done:
        print("error:", one.message if isinstance(one, StoreError) else one)

with RunDir(Path(sys.argv[1])) as run:
    asyncio.run(run.finish(*dialogue(0)))
    asyncio.run(work(run))
"""


def test_on_a_full_disk_what_was_finished_stays_whole_and_nothing_more_is_written(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"error: cannot write {tmp_path / 'discarded.jsonl'}: File too large"] * 3
    # The line of d4 had reached its file before the line of d6 did not reach its own.
    assert lines(tmp_path)["kept"] == [dialogue(0)[1], dialogue(4)[1]]
    assert consistent(tmp_path) == {"d0", "d4"}


def test_run_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    program = """
import resource, sys
from pathlib import Path
from clca.errors import StoreError
from clca.storage.run_dir import RunDir
with RunDir(Path(sys.argv[1])) as run:
    run.write_info({"created": "first"})
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    try:
        run.write_info({"created": "second", "much": "x" * 100_000})
    except StoreError as error:
        print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {tmp_path / 'run.json'}: File too large\n"
    assert read_run(tmp_path).data == {"created": "first"}
    assert not list(tmp_path.glob(".*"))


# ---------------------------------------------------------------- retry


def test_a_retry_makes_all_failed_dialogues_pending(folder: Path) -> None:
    with RunDir(folder) as run:
        failed = [json.loads(line)["id"] for line in run.failures()]
        assert failed == ["d3", "d7", "d11"]
        run.retry(failed, {"d3", "scenario:x"})
        assert run.reply_cache.retries() == {"d3": 1, "scenario:x": 1}
    assert consistent(folder) == {f"d{number}" for number in range(12) if number % 4 != 3}


def test_a_retry_that_was_killed_halfway_loses_nothing(folder: Path) -> None:
    (folder / "failed.jsonl").write_bytes(b"")  # cut, but the index not told yet
    assert consistent(folder) == {f"d{number}" for number in range(12) if number % 4 != 3}


# ---------------------------------------------------------------- finding runs


def made(out: Path, name: str, created: str, **data: Any) -> Path:
    with RunDir(out / name) as run:
        run.write_info({"created": created, **data})
    return out / name


def test_runs_come_oldest_first_and_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "uk/b", "2026-01-02")
    made(tmp_path, "japan/c", "2026-01-01")
    made(tmp_path, "japan/a", "2026-01-02")
    broken = made(tmp_path, "uk/d", "2026-01-03")
    (broken / "run.json").write_text("{", encoding="utf-8")
    (tmp_path / "README.md").touch()
    assert [run.folder.name for run in list_runs(tmp_path)] == ["c", "a", "b"]
    assert [run.folder.name for run in list_runs(tmp_path, "japan")] == ["c", "a"]


def test_a_run_is_found_by_folder_path_name_or_culture(tmp_path: Path) -> None:
    old, new = made(tmp_path, "japan/one", "2026-01-01"), made(tmp_path, "japan/two", "2026-01-02")
    for name in (str(old), str(old / "dialogues.jsonl"), "japan/one", "one"):
        assert [run.folder for run in find_runs(name, tmp_path)] == [old]
    assert [run.folder for run in find_runs("japan", tmp_path)] == [old, new]


def test_a_run_that_is_not_there_brings_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there are no runs in"):
        find_runs("japan", tmp_path)
    made(tmp_path, "japan/rehearsal-s42-abcdef", "2026-01-01")
    with pytest.raises(NotFoundError, match="did you mean japan/rehearsal-s42-abcdef"):
        find_runs("rehearsal-s42-abcdee", tmp_path)
    with pytest.raises(NotFoundError, match="there are japan/rehearsal-s42-abcdef"):
        find_runs("x", tmp_path)


def test_a_broken_run_json_is_named(tmp_path: Path) -> None:
    for text in ("{", "[]"):
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
        with pytest.raises(StoreError, match=r"cannot read .*run\.json"):
            read_run(tmp_path)


def test_a_new_folder_is_one_that_no_run_has(tmp_path: Path) -> None:
    def folder() -> str:
        return str(new_run_folder(tmp_path, "japan", "org/Llama-3.1 70B", 42, "abcdef0123").relative_to(tmp_path))

    assert folder() == "japan/org-llama-3.1-70b-s42-abcdef"
    made(tmp_path, folder(), "2026-01-01")
    assert folder() == "japan/org-llama-3.1-70b-s42-abcdef-2"
    made(tmp_path, folder(), "2026-01-01")
    assert folder() == "japan/org-llama-3.1-70b-s42-abcdef-3"


# ---------------------------------------------------------------- inputs


def test_a_fingerprint_does_not_depend_on_the_order_of_the_inputs() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1, "b": [2]}) != fingerprint({"a": 1, "b": [3]})


def test_differences_are_said_one_a_line_in_order() -> None:
    old = {"samples": 2, "seed": 42, "content:prompts/turn.j2": "d1", "content:x.yaml": "d2", "judge": "a"}
    new = {"samples": 3, "seed": 42, "content:prompts/turn.j2": "d3", "content:y.yaml": "d4", "judge": "b" * 80}
    assert differences(old, new) == [
        "prompts/turn.j2 has changed",
        "x.yaml is no longer used",
        "y.yaml is new",
        f"judge: a -> {'b' * 80}",
        "samples: 2 -> 3",
    ]
    assert differences(new, new) == []


def test_ctrl_c_between_two_dialogues_leaves_both_whole(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(5):
            child.stdout.readline()
        child.send_signal(signal.SIGINT)
    assert child.returncode != 0
    assert len(consistent(tmp_path)) >= 12

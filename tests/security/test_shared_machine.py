"""Attacks by another user of the machine, who may read a folder and not write to it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import struct
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clca.errors import NotFoundError, StoreError
from clca.evaluation import prediction_dir
from clca.fetching import store
from clca.fetching.sources import Source
from clca.models.student import Student
from clca.records import Choice
from clca.safe_open import safe_open
from clca.service.served_file import Conditions, send_file
from clca.storage import atomic, output_files, reply_cache, run_dir
from clca.storage.atomic import atomic_folder
from clca.storage.jsonl import LineFile
from clca.storage.lock import folder_lock
from clca.storage.reply_cache import ReplyCache
from clca.storage.run_dir import RunDir
from clca.training import work_dir
from clca.training.job import TrainingStopped
from clca.training.trainer import train
from tests.training import jobs

OTHER = 4242  # a user who is not on this machine
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that everybody may read."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/") and folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    place = tmp_path / "run"
    place.mkdir(mode=0o755)
    place.chmod(0o755)
    return place


def as_another(work: Callable[[], None]) -> bool:
    """Whether another user could do the work."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(OTHER)
            os.setuid(OTHER)
            work()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@NEEDS_ROOT
def test_a_reader_cannot_take_the_lock(shared: Path) -> None:
    def take() -> None:
        fcntl.flock(os.open(shared / ".lock", os.O_RDONLY), fcntl.LOCK_SH)

    with folder_lock(shared):
        assert as_another(lambda: os.listdir(shared) and None)
        assert not as_another(take)


@NEEDS_ROOT
def test_a_reader_cannot_make_the_lock(shared: Path) -> None:
    assert not as_another(lambda: (shared / ".lock").touch())


@NEEDS_ROOT
def test_a_lock_that_an_earlier_version_left_open_to_readers_is_closed_to_them(shared: Path) -> None:
    (shared / ".lock").touch(mode=0o644)
    with folder_lock(shared):
        assert not as_another(lambda: os.close(os.open(shared / ".lock", os.O_RDONLY)))


def test_a_private_file_in_the_place_of_the_lock_stays_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / ".lock").write_text("private")
    (tmp_path / ".lock").chmod(0o600)
    with pytest.raises(StoreError, match="is no lock, since it is not empty"), folder_lock(tmp_path):
        pass
    assert stat.S_IMODE((tmp_path / ".lock").stat().st_mode) == 0o600
    assert (tmp_path / ".lock").read_text() == "private"


@pytest.mark.parametrize(("folder", "lock"), [(0o755, 0o600), (0o700, 0o600), (0o775, 0o660), (0o777, 0o666)])
def test_who_may_write_to_the_folder_may_lock_it(tmp_path: Path, folder: int, lock: int) -> None:
    tmp_path.chmod(folder)
    with folder_lock(tmp_path):
        assert stat.S_IMODE((tmp_path / ".lock").stat().st_mode) == lock


@NEEDS_ROOT
def test_an_unfinished_training_of_another_user_is_readable_and_no_more(shared: Path) -> None:
    (shared / "checkpoints").mkdir()
    work_dir.require_own(shared)
    assert not as_another(lambda: (shared / "checkpoints" / "checkpoint-1").mkdir())


@NEEDS_ROOT
def test_an_unfinished_training_in_a_folder_of_all_is_entered_by_its_owner_alone(shared: Path) -> None:
    shared.chmod(0o777)
    assert as_another(lambda: (shared / "before").touch())
    work_dir.close_to_others(shared)
    assert not as_another(lambda: (shared / "checkpoints").symlink_to("/etc"))


@NEEDS_ROOT
def test_an_unfinished_training_of_another_user_is_not_resumed(shared: Path) -> None:
    def close() -> None:
        try:
            work_dir.close_to_others(shared)
        except StoreError as error:
            raise OSError(error.message) from None

    assert not as_another(close)
    shared.chmod(0o700)
    os.chown(shared, OTHER, OTHER)
    assert as_another(close)


def test_an_unfinished_training_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "work").symlink_to(tmp_path)
    before = tmp_path.stat().st_mode
    with pytest.raises(StoreError, match="is a link, or no folder"):
        work_dir.close_to_others(tmp_path / "work")
    assert tmp_path.stat().st_mode == before


def test_a_training_writes_to_its_own_folder_whatever_takes_its_place(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    work, home = tmp_path / ".japan.unfinished", tmp_path / "home"
    for folder in (work, home / work_dir.ADAPTER):
        folder.mkdir(parents=True)
    with work_dir.held(work) as path:
        work.rename(tmp_path / "moved")
        work.symlink_to(home)
        (path / work_dir.ADAPTER).mkdir()
    assert (tmp_path / "moved" / work_dir.ADAPTER).is_dir()
    assert os.listdir(home / work_dir.ADAPTER) == []
    with pytest.raises(StoreError, match="cannot write"), work_dir.held(work):
        pass


def test_a_training_in_a_folder_of_all_is_stopped_and_resumed(tiny_student: Student, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    one = jobs.job(tiny_student, tmp_path, "training.steps=3", "training.log=[tensorboard]")
    with pytest.raises(TrainingStopped):
        train(one, jobs.signalled(1))
    assert list(one.place.glob("checkpoints/checkpoint-*/whole.json"))
    screen = jobs.Screen()
    train(one, screen)
    assert any("Resuming" in note for note in screen.notes)
    assert {"adapter_config.json", "adapter.json", "logs"} <= set(os.listdir(one.out))
    assert not one.place.exists()


# ---------------------------------------------------------------- drafts, in a folder that others may write to


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the user's that nobody else may read."""
    file = tmp_path / "id_ed25519"
    file.write_text("private")
    file.chmod(0o600)
    return file


@pytest.fixture
def group(shared: Path) -> Iterator[Path]:
    """A folder in which everybody makes folders, and new files belong to its group and are writable for it."""
    umask = os.umask(0o000)
    shared.chmod(0o2777)
    yield shared
    os.umask(umask)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of the user's with years of work, in which nobody else may change anything."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    for name in ("dialogues.jsonl", "predictions.jsonl", "x.jsonl"):
        (folder / name).write_text("years of work")
    return folder


def untouched(home: Path) -> bool:
    return all(
        (home / name).read_text() == "years of work" for name in ("dialogues.jsonl", "predictions.jsonl", "x.jsonl")
    )


@NEEDS_ROOT
def test_a_draft_is_entered_by_its_owner_alone_until_it_is_whole(group: Path, secret: Path) -> None:
    with atomic_folder(group / "adapter") as draft:
        place = Path(os.readlink(draft)) if draft.is_symlink() else draft
        assert not as_another(lambda: (place / "README.md").symlink_to(secret))
        assert not as_another(lambda: os.listdir(place) and None)
    assert stat.S_IMODE((group / "adapter").stat().st_mode) == 0o2777
    assert as_another(lambda: (group / "adapter" / "note").touch())


def test_a_link_in_a_draft_opens_no_other_file_to_others(tmp_path: Path, secret: Path) -> None:
    with atomic_folder(tmp_path / "adapter") as draft:
        (draft / "README.md").symlink_to(secret)
        (draft / "logs").symlink_to(tmp_path)
        os.mkfifo(draft / "pipe")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


@pytest.mark.parametrize("above", ["", "mine", "mine/too"], ids=["it", "the folder above", "the one above that"])
def test_a_folder_of_links_does_not_take_the_place_of_a_draft(group: Path, secret: Path, above: str) -> None:
    def replace() -> None:
        (draft,) = (group / above).iterdir()
        group.joinpath(*draft.relative_to(group).parts[:1]).rename(group / "moved")
        draft.mkdir(parents=True)
        (draft / "README.md").symlink_to(secret)

    os.umask(0o022)
    (group / above).mkdir(parents=True, exist_ok=True)
    fault = pytest.raises(StoreError, match="somebody else put another folder in the place of its draft")
    with fault, atomic_folder(group / above / "adapter") as draft:
        replace()
        (draft / "README.md").write_text("card")
    assert secret.read_text() == "private"
    assert not (group / above / "adapter").exists()


def of_years(folder: Path) -> Path:
    """A folder of the user's, of which others may change neither a file nor the name of one."""
    os.umask(0o022)
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "adapter.json").write_text("years of work")
    return folder / "adapter.json"


@NEEDS_ROOT
def test_a_folder_of_the_user_in_the_place_of_a_draft_is_not_removed(group: Path) -> None:
    """Who may write to the folder around it cannot remove what is in it, but may give it the name of a draft."""
    work = of_years(group / "earlier")

    def swap() -> None:
        (draft,) = group.glob(".adapter.*.part")
        draft.rename(group / "moved")
        (group / "earlier").rename(draft)

    assert not as_another(work.unlink)
    with pytest.raises(StoreError, match="in the place of its draft"), atomic_folder(group / "adapter"):
        assert as_another(swap)
    assert [file.read_text() for file in group.rglob("adapter.json")] == ["years of work"]


@NEEDS_ROOT
def test_nor_is_one_in_the_place_of_an_unfinished_training(group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, place = of_years(group / "earlier"), group / ".japan.unfinished"
    (place / work_dir.ROWS).mkdir(parents=True)
    look = work_dir.require_own

    def swapped(path: Path) -> None:
        look(path)
        assert as_another(lambda: place.rename(group / "moved") and work.parent.rename(place) and None)

    monkeypatch.setattr(work_dir, "require_own", swapped)
    work_dir.remove(place)
    assert (place / "adapter.json").read_text() == "years of work"


@pytest.mark.parametrize("part", ["", "japan"])
def test_a_link_in_the_place_of_a_replaced_folder_leads_to_no_file_that_is_removed(
    group: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Somebody else may put it there as soon as the old folder has its hidden name."""
    home, target = group / "home", group / "culturellm"
    for folder in (home, target / part):
        folder.mkdir(parents=True)
        (folder / "set.jsonl").write_text("years of work")
    remove = atomic.remove_listed

    def swapped(folder: int, own: Collection[str]) -> None:
        place = next(group.glob(".*.old")) / part
        place.rename(group / "moved")
        place.symlink_to(home)
        remove(folder, own)

    monkeypatch.setattr(atomic, "remove_listed", swapped)
    with suppress(StoreError), atomic_folder(target, replaces=[str(Path(part, "set.jsonl"))]) as draft:
        (draft / "set.jsonl").write_text("new")
    assert (home / "set.jsonl").read_text() == "years of work"
    assert (target / "set.jsonl").read_text() == "new"


def test_a_run_writes_to_its_own_folder_whatever_takes_its_place(group: Path) -> None:
    run, home = group / "run", group / "home"
    run.mkdir()
    home.mkdir()
    (home / "run.json").write_text("of another run")
    with RunDir(run) as opened:
        run.rename(group / "moved")
        run.symlink_to(home)
        opened.write_info({})
    assert (home / "run.json").read_text() == "of another run"
    assert (group / "moved" / "run.json").read_text() == "{}\n"


@pytest.mark.parametrize("taken", ["report", "report/japan"])
def test_a_report_is_written_to_its_own_folder_whatever_takes_its_place(
    group: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    """Somebody else may put a link there once the folder has been looked at."""
    home = group / "home"
    home.mkdir()
    (home / "ranks.png").write_text("mine")
    write = output_files.atomic_write

    def swapped(path: Path, content: bytes | str) -> None:
        if not (group / "moved").exists():
            (group / taken).rename(group / "moved")
            (group / taken).symlink_to(home)
        write(path, content)

    monkeypatch.setattr(output_files, "atomic_write", swapped)
    output_files.write_output(group / "report", {"japan/ranks.png": b"a picture"})
    assert (home / "ranks.png").read_text() == "mine"
    assert [file.name for file in home.iterdir()] == ["ranks.png"]
    assert next((group / "moved").rglob("ranks.png")).read_bytes() == b"a picture"


def test_a_report_replaces_no_file_of_a_folder_that_takes_the_place_of_its_own(
    group: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (group / "report").mkdir()
    make = output_files.made_folder

    def swapped(folder: Path, *arguments: Any) -> Any:
        if not (group / "moved").exists():
            folder.rename(group / "moved")
            folder.symlink_to(home)
        return make(folder, *arguments)

    monkeypatch.setattr(output_files, "made_folder", swapped)
    with pytest.raises(StoreError, match="would be replaced, and is not as clca wrote it"):
        output_files.write_output(group / "report", {"x.jsonl": b"a report"})
    assert untouched(home)


def test_a_report_is_not_written_through_a_link(tmp_path: Path) -> None:
    for place in ("home", "report"):
        (tmp_path / place).mkdir()
    (tmp_path / "report" / "japan").symlink_to(tmp_path / "home")
    with pytest.raises(StoreError, match=r"report/japan is a link, or no folder: move it away"):
        output_files.write_output(tmp_path / "report", {"japan/ranks.png": b"a picture"})
    assert not any((tmp_path / "home").iterdir())


# ---------------------------------------------------------------- the reply cache, in a folder that others may write to


MAGIC = bytes.fromhex("d9d505f920a163d7")


def journal_that_names(file: Path) -> bytes:
    """A journal of SQLite that names a file, which SQLite removes once it has played the journal back."""
    name = os.fsencode(file)
    header = MAGIC + struct.pack(">IIIII", 0, 0, 1, 512, 4096)
    end = struct.pack(">I", 0x40000000 // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + MAGIC
    return header.ljust(512, b"\0") + end


@NEEDS_ROOT
@pytest.mark.parametrize("mode", ["wal", "rollback"])
def test_a_journal_that_comes_while_a_run_is_opened_removes_no_file(group: Path, secret: Path, mode: str) -> None:
    file = group / "journal.sqlite"
    ReplyCache(file).close()
    file.chmod(0o666)  # as another user's own would be
    if mode == "rollback":
        file.write_bytes(file.read_bytes()[:18] + b"\1\1" + file.read_bytes()[20:])
    ready, tell = os.pipe()

    def attack() -> None:
        with file.open("r+b") as opened:
            fcntl.lockf(opened, fcntl.LOCK_EX, 1, 0x40000000)  # for which whoever reads waits
            os.write(tell, b"!")
            time.sleep(0.5)
            (group / "journal.sqlite-journal").write_bytes(journal_that_names(secret))

    if (child := os.fork()) == 0:
        as_another(attack)
        os._exit(0)
    os.read(ready, 1)
    ReplyCache(file).close()
    os.waitpid(child, 0)
    assert secret.read_text() == "private"


def test_a_file_that_comes_in_the_place_of_a_cache_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(path: Path, **options: Any) -> sqlite3.Connection:
        os.replace(tmp_path / "other.sqlite", path)
        return real(path, **options)

    for name in ("journal.sqlite", "other.sqlite"):
        ReplyCache(tmp_path / name).close()
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    with pytest.raises(StoreError, match="somebody else put another file in its place"):
        ReplyCache(tmp_path / "journal.sqlite")


# ---------------------------------------------------------------- files that are opened while somebody else puts a link


def test_a_link_that_comes_while_a_file_is_opened_is_not_followed(
    group: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, look = group / "run" / "part", os.path.realpath
    place.mkdir(parents=True)
    (place / secret.name).write_text("public")

    def swapped(path: Path) -> str:
        real = look(path)
        if Path(path).name == secret.name:
            place.rename(group / "moved")
            place.symlink_to(secret.parent)
        return real

    monkeypatch.setattr(os.path, "realpath", swapped)
    with pytest.raises(OSError, match=r"Not a directory|it is a link"):
        safe_open(place / secret.name, within=group / "run")


def test_a_file_of_a_result_is_opened_through_no_link_on_its_way(group: Path, secret: Path) -> None:
    (group / "run").symlink_to(secret.parent)
    with pytest.raises(NotFoundError, match="no file 'run/id_ed25519' among the results"):
        send_file(group, ("run",), f"run/{secret.name}", Conditions())


def test_a_folder_that_is_held_is_known_by_itself_and_not_by_what_has_its_name(group: Path, home: Path) -> None:
    (group / "run").mkdir()
    with atomic.opened_folder(group / "run") as handle:
        (group / "run").rename(group / "moved")
        (group / "run").symlink_to(home)
        (atomic.held_path(group / "run", handle) / "x.jsonl").write_text("new")
    assert untouched(home)


@pytest.mark.parametrize("of", ["a run", "an evaluation"])
def test_lines_are_cut_off_in_the_folder_itself(
    group: Path, home: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    """Somebody else may put a link there for as long as a file is opened, and have it read from another place."""
    folder, opened = group / "folder", LineFile
    folder.mkdir()

    def swapped(*arguments: Any) -> LineFile:
        folder.rename(group / "moved")
        folder.symlink_to(home)
        try:
            return opened(*arguments)
        finally:
            folder.unlink()
            (group / "moved").rename(folder)

    for module in (run_dir, prediction_dir):
        monkeypatch.setattr(module, "LineFile", swapped)
    if of == "a run":
        RunDir(folder).close()
    else:
        with prediction_dir.PredictionDir(folder, Choice, {}, lambda choice: choice.item, lambda choice: choice.item):
            pass
    assert untouched(home)
    assert (folder / ("dialogues.jsonl" if of == "a run" else "predictions.jsonl")).stat().st_size == 0


def test_the_cache_of_a_run_is_that_of_its_own_folder(group: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (group / "run", home):
        folder.mkdir(exist_ok=True)
        ReplyCache(folder / "journal.sqlite").close()
    look = reply_cache.require_own_files

    def swapped(path: Path) -> None:
        look(path)
        (group / "run").rename(group / "moved")
        (group / "run").symlink_to(home)

    monkeypatch.setattr(reply_cache, "require_own_files", swapped)
    with pytest.raises(StoreError, match="somebody else put another file in its place"):
        RunDir(group / "run")


def source_folder(folder: Path) -> store.SourceFolder:
    fields = {"kind": "github", "home": "http://127.0.0.1:9", "raw": "http://127.0.0.1:9", "files": ("*",)}
    words = dict.fromkeys(("title", "size", "licence", "citation", "folder", "next"), "x")
    source = Source.model_validate({**fields, **words, "repository": "a/b"})
    return store.SourceFolder(folder, "x", source, new=False)


def test_a_fetched_file_goes_to_its_own_folder_whatever_takes_its_place(
    group: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = store.atomic_write

    def swapped(path: Path, content: bytes | str) -> None:
        if not (group / "moved").exists():
            (group / "part").rename(group / "moved")
            (group / "part").symlink_to(home)
        write(path, content)

    monkeypatch.setattr(store, "atomic_write", swapped)
    source_folder(group).write("part/x.jsonl", b"fetched", store.FetchedFile(sha256="0", bytes=7, origin="x"))
    assert untouched(home)
    assert (group / "moved" / "x.jsonl").read_bytes() == b"fetched"


@pytest.mark.parametrize("kind", ["link", "hard link"])
def test_a_download_goes_on_in_no_other_file(group: Path, home: Path, kind: str) -> None:
    make = os.symlink if kind == "link" else os.link
    make(home / "x.jsonl", group / "x.jsonl.part")
    with pytest.raises(StoreError, match=r"it is a link|a hard link: remove it"):
        source_folder(group).download("x.jsonl", "http://x", 99, lambda _: iter([b"", b"fetched"]), lambda _: "")
    assert untouched(home)

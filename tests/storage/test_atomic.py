"""Files and folders that appear whole, or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import pytest

from clca.errors import StoreError
from clca.storage import atomic
from clca.storage.atomic import atomic_file, atomic_folder, atomic_write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_a_file_is_on_the_disk_before_it_is_seen_and_then_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run.json"
    target.write_text("earlier")
    synced: list[tuple[str, str]] = []
    usual = os.fsync

    def fsync(handle: int) -> None:
        usual(handle)
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        synced.append((kind, target.read_text()))

    monkeypatch.setattr(os, "fsync", fsync)
    atomic_write(target, "later")
    assert synced == [("file", "earlier"), ("folder", "later")]
    assert names(tmp_path) == ["run.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_file_whose_writer_fails_stays_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "table.csv"
    target.write_text("earlier")

    def write() -> None:
        with atomic_file(target) as file:
            file.write(b"la")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "earlier"
    assert names(tmp_path) == ["table.csv"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^cannot write .*none/run\.json: No such file or directory$"):
        atomic_write(tmp_path / "none" / "run.json", "text")


def test_all_of_a_folder_is_on_the_disk_before_it_is_seen_and_then_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    synced: dict[Path, bool] = {}
    monkeypatch.setattr(os, "fsync", lambda file: synced.update({Path(f"/proc/self/fd/{file}").readlink(): seen()}))

    def seen() -> bool:
        return target.exists()

    with atomic_folder(target) as draft:
        (draft / "logs").mkdir()
        (draft / "logs" / "events").write_text("events")
    before = [path for path, seen in synced.items() if not seen]
    assert sorted(before) == [draft, draft / "logs", draft / "logs" / "events"]
    assert before[-1] == draft
    assert [path for path, seen in synced.items() if seen] == [tmp_path]
    assert os.listdir(tmp_path) == ["target"]


def test_a_folder_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "target") as draft:
        (draft / "weights").touch(mode=0o600)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "file").touch()
    assert (tmp_path / "target").stat().st_mode == (tmp_path / "new").stat().st_mode
    assert (tmp_path / "target" / "weights").stat().st_mode == (tmp_path / "new" / "file").stat().st_mode


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine").touch()
    with pytest.raises(StoreError, match=r"^cannot write .*target: Directory not empty$"), atomic_folder(target):
        pass
    assert names(tmp_path) == ["mine", "target"]


def test_a_folder_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for name, earlier in (("first", ""), ("second", "first")):
        with atomic_folder(target, replaces=[earlier] if earlier else []) as draft:
            (draft / name).touch()

    def interrupted() -> None:
        with atomic_folder(target, replaces=["second"]) as draft:
            (draft / "third").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert names(tmp_path) == ["second", "target"]


def test_what_came_into_a_folder_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "deep").mkdir(parents=True)
    (target / "deep" / "mine").touch()
    fault = pytest.raises(StoreError, match="target holds deep/note, which clca did not write: move it away")
    with fault, atomic_folder(target, replaces=["deep/mine"]) as draft:
        (draft / "new").touch()
        (target / "deep" / "note").touch()
    assert names(tmp_path) == ["deep", "mine", "note", "target"]


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_reader_finds_the_old_folder_or_the_new_one_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "earlier").touch()
    if not exchanges:
        monkeypatch.setattr(atomic, "exchange", lambda first, second: False)
    usual, seen = os.rename, []

    def rename(source: Path, destination: Path) -> None:
        usual(source, destination)
        seen.append(os.listdir(target) if target.exists() else None)

    monkeypatch.setattr(os, "rename", rename)
    with atomic_folder(target, replaces=["earlier"]) as draft:
        (draft / "later").touch()
    assert seen == ([["later"]] if exchanges else [None, ["later"]])
    assert names(tmp_path) == ["later", "target"]


def test_a_new_file_takes_no_name_that_something_has(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(StoreError, match="link: File exists"):
        atomic_write(tmp_path / "link", "text", new=True)
    atomic_write(tmp_path / "file", "text", new=True)
    assert names(tmp_path) == ["file", "link"]


def test_drafts_have_names_that_nobody_can_guess_and_are_never_those_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * 2 * size)
    (tmp_path / f".run.json.{'0' * 16}.part").write_text("another's")
    with pytest.raises(StoreError, match=r"run\.json: File exists"):
        atomic_write(tmp_path / "run.json", "text")
    assert names(tmp_path) == [f".run.json.{'0' * 16}.part"]


def test_a_folder_that_cannot_take_its_name_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "exchange", lambda first, second: False)
    target = tmp_path / "target"
    target.mkdir()
    (target / "earlier").touch()
    usual = os.rename

    def rename(source: Path, destination: Path) -> None:
        if source.suffix == ".part":
            raise OSError(28, "No space left on device")
        usual(source, destination)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(StoreError, match="No space left on device"), atomic_folder(target, replaces=["earlier"]):
        pass
    assert names(tmp_path) == ["earlier", "target"]


def test_parents_that_were_made_for_a_folder_go_with_it(tmp_path: Path) -> None:
    def failing() -> None:
        with atomic_folder(tmp_path / "a" / "b" / "c") as draft:
            assert draft.is_dir()
            raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        failing()
    assert names(tmp_path) == []

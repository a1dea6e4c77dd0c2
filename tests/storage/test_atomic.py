"""Folders that appear whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clca.storage import atomic
from clca.storage.atomic import put


def test_all_of_a_folder_is_on_the_disk_before_it_is_seen_and_then_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, target = tmp_path / "draft", tmp_path / "target"
    (draft / "logs").mkdir(parents=True)
    (draft / "logs" / "events").write_text("events")
    synced: dict[Path, bool] = {}
    monkeypatch.setattr(atomic, "sync", lambda path: synced.update({path: target.exists()}))
    put(draft, target)
    before = [path for path, seen in synced.items() if not seen]
    assert sorted(before) == [draft, draft / "logs", draft / "logs" / "events"]
    assert before[-1] == draft
    assert [path for path, seen in synced.items() if seen] == [tmp_path]
    assert os.listdir(tmp_path) == ["target"]


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    draft, target = tmp_path / "draft", tmp_path / "target"
    for folder in (draft, target):
        folder.mkdir()
        (folder / "of").write_text(folder.name)
    with pytest.raises(OSError, match="not empty"):
        put(draft, target)
    assert (target / "of").read_text() == "target"

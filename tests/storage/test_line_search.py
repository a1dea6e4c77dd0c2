"""Lines that hold a text, of files of any size."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import StoreError
from clca.storage import line_search
from clca.storage.line_search import lines_with


def searched(path: Path, *texts: str) -> list[tuple[int, bytes]]:
    return list(lines_with(path, texts))


@given(
    lines=st.lists(st.text(alphabet="ab", max_size=6), max_size=12),
    texts=st.lists(st.text(alphabet="ab", min_size=1, max_size=2), min_size=1, max_size=2),
    block=st.integers(1, 9),
)
def test_it_finds_what_a_look_at_every_line_finds(
    tmp_path_factory: pytest.TempPathFactory, lines: Sequence[str], texts: Sequence[str], block: int
) -> None:
    file = tmp_path_factory.mktemp("lines") / "lines.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_search, "_BLOCK", block)
        found = searched(file, *texts)
    expected = [
        (number, f"{line}\n".encode()) for number, line in enumerate(lines, 1) if any(text in line for text in texts)
    ]
    assert found == expected


def test_a_text_is_found_however_json_writes_it(tmp_path: Path) -> None:
    file, text = tmp_path / "lines.jsonl", 'ümit "1"'
    file.write_text("".join(json.dumps({"id": text}, ensure_ascii=ascii) + "\n" for ascii in (True, False)))
    assert [number for number, _ in searched(file, text)] == [1, 2]


def test_half_a_line_at_the_end_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text("one\nthe other one")
    assert searched(tmp_path / "lines.jsonl", "one") == [(1, b"one\n")]


def test_a_line_without_an_end_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    with (tmp_path / "lines.jsonl").open("wb") as file:
        file.truncate(2**28)
    tracemalloc.start()
    with pytest.raises(StoreError, match="a line of more than 16 MiB"):
        searched(tmp_path / "lines.jsonl", "x")
    assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    tracemalloc.stop()


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "lines.jsonl").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError, match="link that leads out"):
        searched(tmp_path / "folder" / "lines.jsonl", "one")

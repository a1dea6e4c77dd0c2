"""Attacks by the SQLite file of a run: pages that lead to each other, so that a small file has rows without end."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from clca.errors import StoreError
from clca.schemas import Reply
from clca.storage.reply_cache import ReplyCache

PAGE = 4096  # bytes
LEVELS, CHILDREN = 8, 50  # 4 x 10^13 times the rows of one page


def cache(path: Path) -> None:
    """A reply cache with replies and dialogues of some pages."""
    opened = ReplyCache(path)
    reply = Reply(text="x" * 20_000, finish_reason="stop", prompt_tokens=1, completion_tokens=1, planted=None)
    for number in range(4):
        opened.put(f"japan-{number}", bytes([number] * 32), reply)
    opened.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        names = ((f"japan-{number:05}",) for number in range(8_000))
        db.executemany("INSERT INTO finished VALUES (?, 'kept', NULL, 1, 1, 1, NULL)", names)
        db.commit()


def number_of_pages(data: bytearray) -> int:
    return len(data) // PAGE


def root_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])


def circles(path: Path, data: bytearray) -> bytearray:
    """All children of the dialogues' first page are one page, all of whose children are one page, and so on."""
    root = root_of(path, "finished")
    page = bytes(data[(root - 1) * PAGE : root * PAGE])
    cells = struct.unpack(f">{(count := struct.unpack('>H', page[3:5])[0])}H", page[12 : 12 + 2 * count])
    assert (page[0], count >= CHILDREN) == (2, True), "the first page of a tree of pages"
    last = page[cells[0] : cells[0] + 4]

    def leading_to(child: bytes) -> bytearray:
        changed = bytearray(page)
        for place in (8, *cells):
            changed[place : place + 4] = child
        return changed

    first = number_of_pages(data) + 1
    for level in range(LEVELS):
        data += leading_to(last if level == LEVELS - 1 else struct.pack(">I", first + level + 1))
    data[(root - 1) * PAGE : root * PAGE] = leading_to(struct.pack(">I", first))
    return data


def varint(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))


def row(values: Sequence[bytes | int]) -> bytes:
    """A row of the table of tables, which has texts and small numbers."""
    kinds = b"".join(varint(1 if isinstance(value, int) else 13 + 2 * len(value)) for value in values)
    body = b"".join(bytes([value]) if isinstance(value, int) else value for value in values)
    return varint(len(kinds) + 1) + kinds + body


def tree_page(kind: int, cells: Sequence[bytes], right: int = 0, start: int = 0) -> bytearray:
    """A page of a table: 13 holds rows, 5 leads to other pages, the last of them `right`."""
    page, places, end = bytearray(PAGE), [], PAGE
    for cell in cells:
        end -= len(cell)
        page[end : end + len(cell)] = cell
        places.append(end)
    head = struct.pack(">BHHHB", kind, 0, len(cells), end, 0) + (struct.pack(">I", right) if kind == 5 else b"")
    head += struct.pack(f">{len(places)}H", *places)
    page[start : start + len(head)] = head
    return page


def endless_schema(path: Path, data: bytearray) -> bytearray:
    """The table of tables says without end that there is the index that is there: SQLite reads it before all else."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master").fetchall()
    own = [row([value if isinstance(value, int) else value.encode() for value in table]) for table in tables]
    again = row([b"index", b"reply_owner", b"reply", root_of(path, "reply_owner"), b""])

    def leaf(rows: Sequence[bytes]) -> bytearray:
        return tree_page(13, [varint(len(each)) + varint(place) + each for place, each in enumerate(rows, start=1)])

    first = number_of_pages(data) + 1
    data += leaf(own) + leaf([again] * 60)
    for level in range(LEVELS):
        child = first + 1 + level
        leads = [struct.pack(">I", child) + varint(place) for place in range(1, CHILDREN)]
        data += tree_page(5, leads, right=child)
    root = tree_page(5, [struct.pack(">I", first) + varint(len(own))], right=number_of_pages(data), start=100)
    data[:PAGE] = data[:100] + root[100:]
    return data


def long_text(path: Path, data: bytearray) -> bytearray:
    """A page of a text leads to itself."""
    starts = range(0, len(data), PAGE)
    pages = (start for start in starts if data[start + 4 : start + PAGE] == b"x" * (PAGE - 4))
    start = next(start for start in pages if any(data[start : start + 4]))
    data[start : start + 4] = struct.pack(">I", start // PAGE + 1)
    return data


ATTACKS: dict[str, Callable[[Path, bytearray], bytearray]] = {
    "dialogues without end": circles,
    "tables without end": endless_schema,
    "a text in a circle": long_text,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_cache_whose_pages_lead_to_each_other_is_refused_at_once(tmp_path: Path, attack: str) -> None:
    """Nothing could interrupt SQLite at it, not even Ctrl-C."""
    path = tmp_path / "journal.sqlite"
    cache(path)
    ReplyCache(path).close()
    changed = ATTACKS[attack](path, bytearray(path.read_bytes()))
    changed[28:32] = struct.pack(">I", number_of_pages(changed))
    path.write_bytes(changed)
    with pytest.raises(StoreError, match=r"cannot use .*journal\.sqlite: .*remove it"):
        ReplyCache(path)

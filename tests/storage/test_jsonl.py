from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import ContentError, StoreError
from clca.storage.jsonl import LineFile, read_lines
from clca.storage.reply_cache import FinishedDialogue
from clca.storage.run_dir import index_entry


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LineFile]:
    file = LineFile(tmp_path / "lines.jsonl")
    yield file
    file.close()


def test_lines_are_appended_and_counted_in_bytes(file: LineFile) -> None:
    file.append([b"one\n", "zwölf\n".encode()])
    file.append([])
    file.append([b"three\n"])
    file.sync()
    assert file.path.read_bytes() == "one\nzwölf\nthree\n".encode()
    assert file.length == 4 + 7 + 6


def test_a_file_opened_again_goes_on_at_its_end(tmp_path: Path) -> None:
    for number in range(3):
        file = LineFile(tmp_path / "lines.jsonl")
        assert file.length == 2 * number
        file.append([b"%d\n" % number])
        file.close()
    assert (tmp_path / "lines.jsonl").read_bytes() == b"0\n1\n2\n"


def test_what_is_cut_off_is_gone_and_the_next_line_follows(file: LineFile) -> None:
    file.append([b"one\n", b"two\n", b"thr"])
    file.cut(8)
    file.append([b"four\n"])
    assert file.path.read_bytes() == b"one\ntwo\nfour\n"
    assert file.length == 13


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        LineFile(tmp_path)
    assert caught.value.message == f"cannot write {tmp_path}: Is a directory"


# ---------------------------------------------------------------- a full disk

FILL = """
import sys
from pathlib import Path
from clca.errors import StoreError
from clca.storage.jsonl import LineFile
file = LineFile(Path(sys.argv[1]))
line = b"x" * 99 + b"\\n"
try:
    for _ in range(10**6):
        file.append([line, line, line])
except StoreError as error:
    print(error.message)
print(file.length)
"""


def fill(path: Path, limit: int | None) -> tuple[str, int]:
    """Append lines of 100 bytes, three at once, in another process, until it fails."""
    before = (
        "" if limit is None else f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    )
    done = subprocess.run([sys.executable, "-c", before + FILL, str(path)], capture_output=True, text=True, check=True)
    message, length = done.stdout.splitlines()
    return message, int(length)


def test_a_batch_that_outgrows_the_file_size_limit_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    # 250 bytes of the fourth batch fit; none of them stay.
    assert fill(path, 1150) == (f"cannot write {path}: File too large", 900)
    assert path.read_bytes() == (b"x" * 99 + b"\n") * 9


def test_a_batch_that_outgrows_the_disk_is_taken_back(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        message, length = fill(disk / "lines.jsonl", None)
        written = (disk / "lines.jsonl").read_bytes()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert message == f"cannot write {disk / 'lines.jsonl'}: No space left on device"
    assert length == 65_400  # 218 batches of 300 bytes; 65,536 bytes hold no more
    assert written == (b"x" * 99 + b"\n") * 654


# ---------------------------------------------------------------- reading


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=6), st.data())
def test_of_any_beginning_of_a_file_the_whole_lines_are_read(lines: list[bytes], data: st.DataObject) -> None:
    text = b"".join(lines)
    end = data.draw(st.integers(0, len(text)), label="bytes written")
    start = len(b"".join(lines[: data.draw(st.integers(0, len(lines)), label="lines known")]))
    with TemporaryDirectory() as folder:
        path = Path(folder, "lines.jsonl")
        path.write_bytes(text[:end])
        found = list(read_lines(path, start))
    assert b"".join(line for _, line in found) == text[start : text.rfind(b"\n", 0, end) + 1]
    assert all(text[:stop].endswith(line) for stop, line in found)


def test_an_empty_reason_or_flaw_is_none() -> None:
    line = (
        b'{"id": "a", "reason": "", "planted": "",'
        b' "usage": {"requests": 1, "prompt_tokens": 0, "completion_tokens": 0}}\n'
    )
    assert index_entry(Path("d.jsonl"), "kept", line, 0) == FinishedDialogue("a", "kept", None, 1, 0, 0, None)


def test_an_index_entry_is_what_the_line_says() -> None:
    line = (
        b'{"id": "uk-x-1", "reason": "not JSON", "planted": "repeats",'
        b' "usage": {"requests": 3, "prompt_tokens": 200, "completion_tokens": 10}}\n'
    )
    entry = FinishedDialogue("uk-x-1", "discarded", "not JSON", 3, 200, 10, "repeats")
    assert index_entry(Path("d.jsonl"), "discarded", line, 0) == entry


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"\n", "an empty line; remove it"),
        (b"\xff\n", "not UTF-8: save it as UTF-8"),
        *(
            (line, "not a record of a run (")
            for line in (b"{}\n", b"[]\n", b'{"id": "x"\n', b'{"id": 1, "reason": null, "usage": 3}\n')
        ),
    ],
)
def test_a_line_that_is_no_record_is_shown_with_its_place(tmp_path: Path, line: bytes, fault: str) -> None:
    file = tmp_path / "d.jsonl"
    file.write_bytes(b"{}\n{}\n" + line)
    with pytest.raises(ContentError) as caught:
        index_entry(file, "kept", line, 6)
    assert caught.value.message.startswith(f"{file}:3: {fault}")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"", b""),
        (b"half", b""),
        (b"whole\n", b"whole\n"),
        (b"whole\nhalf", b"whole\n"),
        (b"whole\n" + b"x" * (2**20 + 5), b"whole\n"),  # the line break is in the block before the last
        (b"x" * (2**20 + 5), b""),
        (b"\n" + b"x" * (2**20 - 1), b"\n"),
    ],
)
def test_half_a_line_is_cut_off_and_no_whole_one(text: bytes, left: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(text)
    file = LineFile(path)
    file.cut_half_line()
    file.append([b"next\n"])
    file.close()
    assert path.read_bytes() == left + b"next\n"

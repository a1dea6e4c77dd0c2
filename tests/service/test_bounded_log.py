from __future__ import annotations

from pathlib import Path

from clca.service.jobs.bounded_log import BoundedLog, tail


def line(number: int) -> bytes:
    return f"line {number:04}\n".encode()


def test_a_log_is_rotated_within_its_size_and_the_newest_lines_are_kept_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    files = [path.with_name(f"log.txt{end}") for end in (".2", ".1", "")]
    for number in range(105):
        BoundedLog(path, size=100, kept=2).write(line(number))  # another object each time, as after a restart
        assert sorted(tmp_path.iterdir()) == sorted(file for file in files if file.exists())
        assert all(file.stat().st_size <= 100 for file in files if file.exists())
    # Ten lines fill a file: two full ones are kept, and the five of the new one.
    assert [len(file.read_bytes()) for file in files] == [100, 100, 50]
    assert b"".join(file.read_bytes() for file in files) == b"".join(map(line, range(80, 105)))
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_of_what_is_larger_than_a_file_the_end_is_kept(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "log.txt", size=100, kept=1)
    log.write(b"before\n")
    log.write(b"x" * 1000 + b"end")
    assert (tmp_path / "log.txt").read_bytes() == b"x" * 97 + b"end"
    assert (tmp_path / "log.txt.1").read_bytes() == b"before\n"
    assert log.lost == 0


def test_what_the_disk_does_not_take_is_counted_and_stops_nobody(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "link.txt").symlink_to(elsewhere)
    for path in (tmp_path / "link.txt", tmp_path / "gone" / "log.txt", tmp_path):
        log = BoundedLog(path)
        log.write(b"a\n")
        log.write(b"b\n")
        assert log.lost == 2, path
    assert elsewhere.read_text() == "mine"


def test_the_end_of_a_log_begins_with_a_whole_line(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "log.txt")
    for number in range(10):
        log.write(line(number))
    assert tail(tmp_path / "log.txt", 34) == line(7) + line(8) + line(9)
    assert tail(tmp_path / "log.txt", 1000) == b"".join(map(line, range(10)))
    assert tail(tmp_path / "none.txt", 10) == b""

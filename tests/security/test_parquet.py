"""Attacks by Parquet files and data sets: pages that claim the memory, cells of other kinds, pictures."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from clca.content.lookup import Content
from clca.errors import SettingsError, StoreError
from clca.evaluation import parquet_pages
from clca.evaluation.mmlu.hub_questions import read_hub
from clca.evaluation.parquet import bounded_batches, open_parquet
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.evaluation.wvs.microdata.respondents import open_respondents
from tests.evaluation.wvs.survey_files import official, people

ROWS = 1000
MIB = 2**20


def varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*digits, number])


def whole(number: int) -> bytes:
    """A number as Thrift's compact protocol has it, in the field that follows."""
    return b"\x15" + varint(2 * number)


def page(kind: int, unpacked: int, body: bytes, about: bytes) -> bytes:
    return whole(kind) + whole(unpacked) + whole(len(body)) + about + b"\x00" + body


def dictionary(entries: int, body: bytes, unpacked: int | None = None) -> bytes:
    about = b"\x4c" + whole(entries) + whole(0) + b"\x00"
    return page(2, len(body) if unpacked is None else unpacked, body, about)


def values(number: int) -> bytes:
    """A page of this many values, all of them the dictionary's first."""
    levels = varint(2 * number) + b"\x01"
    body = struct.pack("<I", len(levels)) + levels + b"\x01" + varint(2 * number) + b"\x00"
    return page(0, len(body), body, b"\x2c" + whole(number) + whole(8) + whole(3) + whole(3) + b"\x00")


ONE = struct.pack("<I", 1) + b"a"
BEYOND = whole(1) + whole(0) + whole(MIB) + b"\0"  # a page that ends after the column
BOMBS: dict[str, tuple[str, bytes, str]] = {
    "honest": ("none", dictionary(1, ONE) + values(ROWS), ""),
    "a dictionary of 2^31 texts": ("none", dictionary(2**31 - 1, ONE) + values(ROWS), "a page of 2,147,483,647 values"),
    "a page of 2^31 values": ("none", dictionary(1, ONE) + values(2**31 - 1), "a page of 2,147,483,647 values"),
    "a page of 2 GiB": ("zstd", dictionary(1, ONE, 2**31 - 1), "1 pages of 2,048 MiB"),
    "pages of 4 GiB": ("none", dictionary(1, ONE, 60 * MIB) * 70, "pages of 2,1.* MiB"),
    "a header without end": ("none", b"\x15" + b"\x80" * 99, "a number without end"),
    "a nested header": ("none", b"\x1c" * 99, "nested too deeply"),
    "a header of no kind": ("none", b"\x1f" * 99, "of no kind"),
    "a list of bytes without end": ("none", b"\x19\xf3" + varint(2**57), "lists of 144,115,188,075,855,872 elements"),
    "a list of numbers that are not there": ("none", b"\x19\xf7" + varint(400_000), "is cut off, or too long"),
    "pages that are missing": ("none", dictionary(1, ONE) + values(9) + BEYOND, "a column that lacks 991 values"),
    "a page without a size": ("none", b"\x15\x04\x00", "a page without a size"),
    "a negative size": ("none", b"\x15\x04\x15\x01\x15\x01\x00", "a page without a size"),
    "pages without end": ("none", page(1, 0, b"", b"") * 5000, "101 pages of"),
}


def bombed(file: Path, compression: str, pages: bytes) -> None:
    """A file whose metadata tells of a column of `ROWS` texts in 64 KiB, and whose pages are these."""
    table = pa.table({"id": pa.array([f"{number:060d}" for number in range(ROWS)])})
    parquet.write_table(table, file, compression=compression, write_statistics=False)
    data, chunk = bytearray(file.read_bytes()), parquet.ParquetFile(file).metadata.row_group(0).column(0)
    first, size = chunk.dictionary_page_offset, chunk.total_compressed_size
    data[first : first + len(pages)] = pages
    if size > len(pages):
        data[first + len(pages) : first + size] = b"\0" * (size - len(pages))
    file.write_bytes(data)


@pytest.mark.parametrize("attack", BOMBS)
def test_pages_keep_to_the_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str) -> None:
    monkeypatch.setattr(parquet_pages, "MOST_PAGES", 100)
    compression, pages, said = BOMBS[attack]
    bombed(tmp_path / "x.parquet", compression, pages)
    before = pa.default_memory_pool().max_memory()

    def read() -> int:
        with open_parquet(tmp_path / "x.parquet", 10**6, 10**7) as file:
            return sum(batch.num_rows for batch in bounded_batches(file, 1000, MIB))

    if attack == "honest":
        assert read() == ROWS
    else:
        with pytest.raises((OSError, pa.ArrowException), match=said):
            read()
    assert pa.default_memory_pool().max_memory() <= max(before, 64 * MIB)


@pytest.mark.parametrize("pages", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("dictionaries", [True, False])
def test_files_of_many_pages_and_row_groups_are_read(
    tmp_path: Path, pages: str, compression: str, dictionaries: bool
) -> None:
    rows = [
        {"question": f"{n}?", "choices": [f"{n}", "b", None, "d"], "answer": n % 4, "more": n / 2} for n in range(2500)
    ]
    options: dict[str, Any] = {"compression": compression, "use_dictionary": dictionaries, "data_page_version": pages}
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "x", data_page_size=999, row_group_size=700, **options)
    with open_parquet(tmp_path / "x", 10**6, 10**7, lists=True) as file:
        assert [row for batch in bounded_batches(file, 1000, MIB) for row in batch.to_pylist()] == rows


def broken_text() -> pa.Array:
    return pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(struct.pack("<3i", 0, 2, 4)), pa.py_buffer(b"\xff\xfe\xff\xfe")]
    )


CELLS: dict[str, tuple[str, pa.Array]] = {
    "no UTF-8": ("id", broken_text()),
    "no UTF-8 countries": ("country", broken_text().dictionary_encode()),
    "a year of no calendar": ("weight", pa.array([2**62, 2**62], pa.timestamp("us"))),
    "a time of no zone": ("weight", pa.array([1, 2], pa.timestamp("us", tz="Nowhere/None"))),
}


@pytest.mark.parametrize("attack", [*CELLS, "a column twice"])
def test_respondents_of_other_cells_are_one_line(tmp_path: Path, attack: str) -> None:
    survey = tmp_path / "survey.csv"
    survey.write_bytes(official(people({"JPN": 2})))
    import_survey([survey], load_codebook(Content()), tmp_path)
    table = parquet.read_table(tmp_path / "respondents.parquet")
    if attack == "a column twice":
        table = table.append_column("country", table.column("country"))
    else:
        name, cells = CELLS[attack]
        table = table.set_column(table.column_names.index(name), name, cells)
    parquet.write_table(table, tmp_path / "respondents.parquet", store_schema=False)
    with pytest.raises(StoreError, match="or is damaged") as caught:
        list(open_respondents(tmp_path).respondents(["japan"]))
    assert "\n" not in caught.value.message


def saved(folder: Path, **columns: Any) -> str:
    """A folder of the library `datasets` with a question in each split, and these columns beside it."""
    datasets = pytest.importorskip("datasets")
    row = {"question": ["Why?"], "subject": ["anatomy"], "choices": [["a", "b", "c", "d"]], "answer": [0]}
    features = {name: feature for name, (feature, _) in columns.items()}
    split = datasets.Dataset.from_dict(row | {name: cells for name, (_, cells) in columns.items()})
    split = split.cast(datasets.Features({**split.features, **features}))
    datasets.DatasetDict({"dev": split, "test": split}).save_to_disk(str(folder))
    return str(folder)


def test_a_picture_beside_a_question_is_not_opened(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    (tmp_path / "secret").write_text("private")
    picture = (datasets.Image(), [{"path": str(tmp_path / "secret"), "bytes": None}])
    questions = read_hub(saved(tmp_path / "set", picture=picture), ("anatomy",), ("anatomy",), named=True)
    assert questions.test["anatomy"][0].question == "Why?"


def test_a_picture_in_the_place_of_a_question_is_one_line(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    (tmp_path / "secret").write_text("private")
    picture = (datasets.Image(), [{"path": str(tmp_path / "secret"), "bytes": None}])
    with pytest.raises(SettingsError, match=r"cannot be loaded: a column of struct") as caught:
        read_hub(saved(tmp_path / "set", question=picture), ("anatomy",), ("anatomy",), named=True)
    assert "\n" not in caught.value.message


def test_a_set_of_more_rows_than_questions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.evaluation.mmlu.hub_questions.MOST_ROWS", 0)
    with pytest.raises(SettingsError, match="cannot be loaded: 1 rows"):
        read_hub(saved(tmp_path / "set"), ("anatomy",), ("anatomy",), named=True)


DAMAGED = """
import sys
from pathlib import Path
from pyarrow import ArrowException
from clca.evaluation.parquet import bounded_batches, open_parquet

file = Path(sys.argv[1])
whole = file.read_bytes()
for at in range(len(whole) - 8 - int.from_bytes(whole[-8:-4], "little"), len(whole) - 8):
    for byte in {0, 0x7F, 0x80, whole[at] + 16 & 255} - {whole[at]}:
        file.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
        try:
            with open_parquet(file, 1000, 1000) as opened:
                for _ in bounded_batches(opened, 1000, 1000):
                    pass
        except (ArrowException, OSError):
            pass
"""


def test_no_byte_of_the_metadata_ends_the_process(tmp_path: Path) -> None:
    """Arrow catches nothing of what it throws where Python asks for a column's metadata, and aborts."""
    table = pa.table({"id": ["a", "b"], "Q1": [1, None]})
    parquet.write_table(table.replace_schema_metadata({}), tmp_path / "x.parquet", store_schema=False)
    done = subprocess.run([sys.executable, "-c", DAMAGED, tmp_path / "x.parquet"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]


FOOTERS = {
    "a schema of 60 million columns": b"\x15\x02\x19\xfc" + varint(6 * 10**7),
    "60 million row groups": b"\x15\x02\x19\x1c\x48\x01a\x00\x16\x00\x19\xfc" + varint(6 * 10**7),
    "a million columns, each of a byte": b"\x15\x02\x19\xfc" + varint(10**6) + b"\0" * 10**6,
}


@pytest.mark.parametrize("attack", FOOTERS)
def test_metadata_have_an_end(tmp_path: Path, attack: str) -> None:
    """Arrow would take eleven gigabytes for the first, of 80 bytes, before it sees that they are not there."""
    footer = FOOTERS[attack]
    (tmp_path / "x").write_bytes(b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1")
    with (
        pytest.raises(OSError, match=r"metadata with lists of [\d,]+ elements"),
        open_parquet(tmp_path / "x", 10**6, 10**7),
    ):
        pass

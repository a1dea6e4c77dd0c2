"""SOTOPIA's profiles in a binary dump of Redis. `redis7.rdb` is one of Redis 7.0.15, with a value of each type."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import ClcaError, ContentError
from clca.generation.importers.redis_dump import json_entries
from clca.generation.importers.sources import open_sources
from tests.generation.importers.data_sets import agent, environment, imported

REAL = Path(__file__).with_name("redis7.rdb")
DUMP = ":sotopia.database.persistent_profile"


def string(data: bytes) -> bytes:
    """A string as a dump has it, its length in five bytes."""
    return b"\x80" + len(data).to_bytes(4, "big") + data


def module(text: str, *, more: bytes = b"") -> bytes:
    """The value of RedisJSON: the module's name in nine bytes, a string, and the end; `more` opcodes before it."""
    return b"\x81" + bytes(range(8)) + b"\x05" + string(text.encode()) + more + b"\x00"


def dump(*entries: bytes) -> bytes:
    aux = b"\xfa" + string(b"redis-ver") + string(b"7.2.4")
    index = b"\xf7\x81" + bytes(8) + b"\x02\x05\x04" + bytes(8) + b"\x03" + bytes(4) + b"\x05" + string(b"x") + b"\x00"
    return b"REDIS0011" + aux + index + b"\xfe\x00\xfb\x03\x00" + b"".join(entries) + b"\xff" + bytes(8)


def entry(kind: int, key: str, value: bytes) -> bytes:
    return bytes([kind]) + string(key.encode()) + value


def test_the_profiles_of_a_real_dump_are_read_between_values_of_every_other_type() -> None:
    (source,) = open_sources([REAL], lambda count: None)
    values = {key.rpartition(":")[2]: text for _, key, text in json_entries(source)}
    assert sorted(values) == ["A00", "A01", "E00", "expiring", "long", "other"]
    assert json.loads(values["E00"]) == environment("E00")
    assert json.loads(values["A01"]) == agent("A01", public_info="Mika likes chess. " * 10)  # compressed there
    assert values["long"] == "{" + "ab" * 400


def test_a_real_dump_is_imported(tmp_path: Path) -> None:
    done = imported("scenarios", REAL, out=tmp_path / "out")
    assert (done.audit.taken, done.audit.supporting) == (1, {"agent profiles": 2})
    assert sorted((found["row"], found["reason"]) for found in done.findings) == [
        ("expiring", "no environment or agent profile"),
        ("long", "not JSON"),
        ("other", "no environment or agent profile"),
    ]


def test_the_values_of_redis_json_are_those_of_a_module(tmp_path: Path) -> None:
    agents = [agent("1"), agent("2")]
    entries = [entry(7, f"{DUMP}.AgentProfile:{one['pk']}", module(json.dumps(one))) for one in agents]
    entries.append(b"\xfc" + bytes(8) + entry(7, f"{DUMP}.E:X", module(json.dumps(environment("")), more=b"\x02\x00")))
    (tmp_path / "dump.rdb").write_bytes(dump(*entries))
    done = imported("scenarios", tmp_path / "dump.rdb")
    assert [seed.id for seed in done.scenarios] == ["sotopia-x"]
    assert done.audit.rejected == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (dump(entry(0, "key", string(b"{}")))[:-12], "entry 1: the file ends in the middle of it"),
        (dump(entry(15, "key", b"")), "entry 1: a value of the type 15, which is not read: dump the profiles alone"),
        (dump(entry(0, "key", b"\x80\xff\xff\xff\xff")), "entry 1: a string of more than 16 MiB"),
        (dump(entry(0, "key", b"\xc3\x05\x80\xff\xff\xff\xff")), "entry 1: a string of more than 16 MiB"),
        (dump(entry(0, "key", b"\xc3\x02\x05\xe0\x00")), "entry 1: compressed data that are cut off"),
        (dump(entry(0, "key", b"\xc3\x03\x05\x20\x05\x00")), "entry 1: compressed data that are damaged"),
        (dump(entry(0, "key", b"\xc9")), "entry 1: a string of the unknown encoding 9"),
        (dump(entry(7, "key", b"\x81" + bytes(8) + b"\x09")), "entry 1: a value of a module with the unknown opcode 9"),
        (dump(entry(1, "key", b"\xc0")), "entry 1: no length where one should be"),
    ],
)
def test_a_damaged_dump_is_refused_with_the_entry(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "dump.rdb").write_bytes(data)
    with pytest.raises(ContentError) as caught:
        imported("scenarios", tmp_path / "dump.rdb")
    assert caught.value.message == f"{tmp_path}/dump.rdb: {message}"


@given(at=st.integers(9, REAL.stat().st_size - 1), byte=st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    data = bytearray(REAL.read_bytes())
    data[at] = byte
    path = tmp_path_factory.mktemp("dump") / "dump.rdb"
    path.write_bytes(data)
    (source,) = open_sources([path], lambda count: None)
    with suppress(ClcaError):
        assert len(list(json_entries(source))) <= 30

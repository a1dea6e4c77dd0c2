from __future__ import annotations

import json
from pathlib import Path

import pytest

from clca.errors import ClcaError
from clca.training.sources.math import gsm8k
from tests.training.material import material

ROWS = [{"question": f"q{number}", "answer": f"a{number}"} for number in range(3)]


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    """A data set as a folder, which the hub's library reads as it reads one of the hub."""
    folder = tmp_path / "maths"
    (folder / "main").mkdir(parents=True)
    (folder / "main" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (folder / "main" / "test.jsonl").write_text(json.dumps({"question": "t", "answer": ""}) + "\n")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: main\n  data_files:\n  - {split: train, path: main/train.jsonl}\n"
        "  - {split: test, path: main/test.jsonl}\n---\n"
    )
    return folder


def test_compressed_and_empty_files_are_refused(tmp_path: Path) -> None:
    packed, empty = tmp_path / "chats.jsonl.gz", tmp_path / "empty.jsonl"
    packed.write_bytes(b"\x1f\x8b")
    empty.touch()
    for file, message in ((packed, "compressed files are not read: unpack it first"), (empty, "is empty")):
        with pytest.raises(ClcaError) as caught:
            groups(str(file))
        assert caught.value.message == f"data.files.gsm8k: {file}: {message}"


def groups(name: str) -> list[str]:
    return [one.group for one in gsm8k(material(files={"gsm8k": name}))]


def test_a_data_set_of_the_hub_is_read_like_a_file(data_set: Path) -> None:
    assert groups(f"hub:{data_set}") == ["q0", "q1", "q2"]
    assert groups(f"hub:{data_set}:main:train") == ["q0", "q1", "q2"]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (":main:test", ":main:test:1: answer: "),
        (":other", ":other: cannot be loaded: "),
        (":main:valid", ":main:valid: cannot be loaded: "),
        (":a:b:c", ":a:b:c: expected hub:NAME[:CONFIG[:SPLIT]], as in hub:openai/gsm8k:main:train"),
    ],
)
def test_what_is_wrong_with_it_is_one_line(data_set: Path, rest: str, message: str) -> None:
    with pytest.raises(ClcaError) as caught:
        groups(f"hub:{data_set}{rest}")
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_there_is_named_with_its_key() -> None:
    with pytest.raises(ClcaError, match=r"^data\.files\.gsm8k: absent\.jsonl: no such file or folder$"):
        groups("absent.jsonl")
    with pytest.raises(ClcaError, match=r"^mix 'clca' needs data\.files\.gsm8k: give --set data\.files\.gsm8k=FILE \("):
        list(gsm8k(material()))

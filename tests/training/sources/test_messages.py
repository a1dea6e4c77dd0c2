from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import ClcaError
from clca.models.messages import Chat, Message
from clca.training.sources.messages import chats
from tests.training.material import material

GOOD = '{"messages": [{"role": "user", "content": " Tea? "}, {"role": "assistant", "content": "So.", "x": 1}], "y": 2}'


def test_a_line_is_a_chat_and_other_columns_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(f"\ufeff{GOOD}\n\n{GOOD}", encoding="utf-8")
    first, second = chats(material(files={"chat": str(tmp_path / "own.jsonl")}))
    assert first.body == second.body == Chat((Message("user", "Tea?"), Message("assistant", "So.")))
    assert (first.id, second.id) == (f"{tmp_path}/own.jsonl:1", f"{tmp_path}/own.jsonl:3")
    assert first.group == second.group == "Tea?"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON: "),
        ('{"message": []}', "messages: missing key"),
        ('{"messages": []}', "messages: Tuple should have at least 2 items"),
        (GOOD.replace('"user"', '"human"'), "messages.0.role: Input should be 'system', 'user' or 'assistant'"),
        (GOOD.replace("So.", " "), "an empty message of the assistant"),
        (GOOD.replace('"user"', '"assistant"'), "roles must be [system,] user, assistant, user, assistant..."),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(ClcaError) as caught:
        list(chats(material(files={"chat": str(file)})))
    assert caught.value.message.startswith(f"{file}:2: {message}")
    assert "\n" not in caught.value.message

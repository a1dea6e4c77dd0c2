from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from clca.content.lookup import Content
from clca.errors import StoreError
from clca.models.chat_template import ChatTemplate
from clca.models.load import load_tokenizer
from clca.models.messages import Chat
from clca.models.student import Student
from clca.models.tiny import MARK, cache_folder, make_tiny
from tests.conftest import Overlay
from tests.models.test_chat_template import TALK


def test_it_is_the_same_wherever_it_is_made(tiny_student: Student, content: Content, tmp_path: Path) -> None:
    first, second = Path(tiny_student.source), make_tiny(tmp_path, content)
    assert first.name == second.name
    for file in ("config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"):
        assert (first / file).read_bytes() == (second / file).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [second.name]


def test_it_is_made_once(tiny_student: Student, content: Content) -> None:
    folder = Path(tiny_student.source)
    made = (folder / "model.safetensors").stat().st_mtime_ns
    assert make_tiny(folder.parent, content) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made


def test_another_seed_makes_another_and_leaves_the_random_numbers_of_others_alone(
    tiny_student: Student, content: Content, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    other = make_tiny(tmp_path, content, seed=43)
    assert torch.equal(torch.rand(3), expected)
    assert other.name != Path(tiny_student.source).name


def test_an_edited_prompt_makes_no_other_student(tiny_student: Student, overlay: Overlay, content: Content) -> None:
    edited = overlay({"prompts/turn.j2": content.text("prompts/turn.j2") + "More."})
    assert make_tiny(Path(tiny_student.source).parent, edited) == Path(tiny_student.source)


def test_its_tokens_are_not_of_the_languages_that_came_later(tiny_student: Student) -> None:
    tokenizer = load_tokenizer(tiny_student)
    for text, learnt in (("あなたにとって家族はどのくらい重要ですか", True), ("আপনার জীবনে পরিবার কতটা গুরুত্বপূর্ণ", False)):
        assert (len(tokenizer.tokenize(text)) < len(text)) == learnt, text


def test_it_says_what_it_is(tiny_student: Student) -> None:
    folder = Path(tiny_student.source)
    assert "rehearsal" in json.loads((folder / "config.json").read_text())[MARK]
    assert "REHEARSAL" in (folder / "README.md").read_text()


def test_its_tokenizer_gives_every_text_back(tiny_student: Student) -> None:
    tokenizer = load_tokenizer(tiny_student)
    for text in ("Good morning, neighbour.", "お茶をどうぞ — ¿té? 😀", "\ttabs\nand lines"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_its_template_has_a_system_role_and_trains_the_end_of_each_turn(tiny_student: Student) -> None:
    template = ChatTemplate(load_tokenizer(tiny_student))
    assert not template.folds_system
    rendered = template.render(Chat(TALK))
    assert rendered is not None
    assert all(text.endswith("<|eot_id|>") for text in rendered.trained())


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/caches", "HOME": "/home/me"}, "/caches/clca"),
        ({"HOME": "/home/me"}, "/home/me/.cache/clca"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/clca"),
        ({"HOME": ""}, "~/.cache/clca"),
        ({}, "~/.cache/clca"),
    ],
)
def test_it_is_kept_in_the_users_cache(environment: dict[str, str], folder: str) -> None:
    assert cache_folder(environment) == Path(folder).expanduser()


def test_a_cache_that_cannot_be_written_is_told_in_one_line(content: Content, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"^cannot write .*file/clca/tiny-\w+: Not a directory; set XDG_CACHE_HOME"):
        make_tiny(tmp_path / "file" / "clca", content)

"""What decides an adapter: the content of files, not where they lie."""

from __future__ import annotations

import json
from pathlib import Path

from clca.content.lookup import Content
from clca.models.student import Student
from clca.training.fingerprint_inputs import decisive
from clca.training.recipe import Recipe
from clca.training.recipe_files import load_recipe
from tests.storage.test_reviews import add, review
from tests.training.material import material, numbered, write

TINY = Student("tiny", "/cache/tiny-123456", None, True, None)


def chats(path: Path, word: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    said = [{"role": "user", "content": "?"}, {"role": "assistant", "content": word}]
    path.write_text(json.dumps({"messages": said}) + "\n")
    return path


def recipe(file: Path, *sets: str) -> Recipe:
    return load_recipe(Content(), "tiny", ["data.mix=chat", f"data.files.chat={file}", *sets])


def inputs(one: Recipe) -> object:
    return decisive(one, TINY, material(**one.data.model_dump()), ())


def test_a_file_counts_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    first = inputs(recipe(chats(tmp_path / "here" / "a.jsonl", "Hello.")))
    assert inputs(recipe(chats(tmp_path / "there" / "b.jsonl", "Hello."))) == first
    assert inputs(recipe(chats(tmp_path / "there" / "b.jsonl", "Good day."))) != first


def test_two_data_sets_of_the_hub_are_two(tmp_path: Path) -> None:
    assert inputs(recipe(Path("hub:one/set"))) != inputs(recipe(Path("hub:another/set")))


def test_loggers_and_wording_decide_nothing(tmp_path: Path) -> None:
    one = recipe(chats(tmp_path / "a.jsonl", "Hello."))
    again = recipe(tmp_path / "a.jsonl", "training.log=wandb").model_copy(update={"name": "b", "summary": "Other."})
    assert inputs(again) == inputs(one)
    assert inputs(recipe(tmp_path / "a.jsonl", "seed=7")) != inputs(one)


def test_reviews_decide_where_they_leave_something_out(tmp_path: Path) -> None:
    file = write(tmp_path / "dialogues.jsonl", numbered(2))
    plain, reviewed = (load_recipe(Content(), "tiny", sets) for sets in ([], ["data.reviewed=true"]))

    def decided(one: Recipe) -> object:
        return decisive(one, TINY, material(file, **one.data.model_dump()), ())

    before = decided(plain)
    assert "reviews" not in json.dumps(before)
    assert decided(reviewed) != before
    add(tmp_path, review(id="japan-scene-0-1"), review(id="japan-scene-1-1", verdict="", comment="why?"))
    assert decided(plain) == before
    accepted = decided(reviewed)
    add(tmp_path, review(id="japan-scene-1-1", verdict="rejected"))
    assert before != decided(plain) != accepted != decided(reviewed)

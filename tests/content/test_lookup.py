from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clca.content.lookup import FOLDERS, Content, find_workspace, package_content
from clca.content.trust import CONFIG
from clca.errors import ContentError, NotFoundError, StoreError
from tests.conftest import Overlay

TURN = "prompts/turn.j2"


def test_the_workspace_is_the_nearest_folder_with_a_config(tmp_path: Path) -> None:
    inner = tmp_path / "study" / "deep" / "deeper"
    inner.mkdir(parents=True)
    (tmp_path / CONFIG).touch()
    assert find_workspace(inner) == tmp_path.resolve()
    (tmp_path / "study" / CONFIG).touch()
    assert find_workspace(inner) == (tmp_path / "study").resolve()
    assert find_workspace(tmp_path) == tmp_path.resolve()


def test_without_a_config_there_is_no_workspace(tmp_path: Path) -> None:
    assert find_workspace(tmp_path) is None
    (tmp_path / CONFIG).mkdir()
    with pytest.raises(ContentError, match=r"clca\.toml: is not a file"):
        find_workspace(tmp_path)


def test_a_dangling_link_is_not_passed_over(overlay: Overlay, tmp_path: Path) -> None:
    content = overlay({})
    (tmp_path / "prompts").mkdir()
    (tmp_path / TURN).symlink_to("nowhere.j2")
    with pytest.raises(ContentError, match=r"turn\.j2: is not a file"):
        content.text(TURN)


def test_a_workspace_file_takes_the_place_of_the_packaged_one_whole(overlay: Overlay) -> None:
    content = overlay({TURN: "mine"})
    assert content.text(TURN) == "mine"
    assert content.origin(TURN) == "workspace"
    assert content.origin("prompts/judge.j2") == "package"
    assert content.text("prompts/judge.j2") == (package_content() / "prompts/judge.j2").read_text(encoding="utf-8")


def test_a_workspace_can_add_files(overlay: Overlay) -> None:
    content = overlay({"scenarios/seeds-mine.jsonl": ""})
    assert "scenarios/seeds-mine.jsonl" in content.files("scenarios/seeds*")
    assert "scenarios/seeds-1.jsonl" in content.files("scenarios/seeds*")


def test_files_are_listed_once_in_order_without_hidden_ones(overlay: Overlay) -> None:
    content = overlay({TURN: "mine", "prompts/.turn.j2.swp": "", "prompts/.git/x.j2": "", "notes/a.txt": ""})
    files = content.files()
    assert files == sorted(set(files))
    assert files.count(TURN) == 1
    assert not [path for path in files if "/." in path or not path.startswith(tuple(FOLDERS))]


def test_what_was_read_is_noted_with_origin_and_digest(overlay: Overlay) -> None:
    content = overlay({TURN: "mine é"})
    content.text(TURN)
    content.text("prompts/judge.j2")
    content.text("prompts/meta.j2", note=False)
    assert content.used.keys() == {TURN, "prompts/judge.j2"}
    assert content.used[TURN].origin == "workspace"
    assert content.used[TURN].digest == hashlib.sha256("mine é".encode()).hexdigest()
    assert content.used["prompts/judge.j2"].origin == "package"


def test_the_repository_is_its_own_package() -> None:
    assert Content(package_content()).workspace is None


def test_a_missing_file_brings_the_nearest_one(content: Content) -> None:
    with pytest.raises(NotFoundError, match=r"no content file 'prompts/trun\.j2'; did you mean prompts/turn\.j2"):
        content.text("prompts/trun.j2")


@pytest.mark.parametrize("path", ["clca/errors.py", "pyproject.toml", "prompts/../pyproject.toml", "prompts", "", "/"])
def test_only_content_can_be_read(content: Content, path: str) -> None:
    with pytest.raises(NotFoundError):
        content.text(path)


def test_a_file_that_is_not_utf8_is_named_with_the_line(overlay: Overlay, tmp_path: Path) -> None:
    content = overlay({TURN: ""})
    (tmp_path / TURN).write_bytes(b"one\ntwo\nth\xe9ree\n")
    with pytest.raises(ContentError) as caught:
        content.text(TURN)
    assert caught.value.message == f"{tmp_path / TURN}:3: not UTF-8: save it as UTF-8"


# ---------------------------------------------------------------- copy


def test_a_copy_is_the_packaged_file_byte_for_byte(overlay: Overlay, tmp_path: Path) -> None:
    content = overlay({})
    target = content.copy(TURN)
    assert target == tmp_path / TURN
    assert target.read_bytes() == (package_content() / TURN).read_bytes()
    assert content.origin(TURN) == "workspace"


def test_a_copy_replaces_nothing_unless_forced(overlay: Overlay, tmp_path: Path) -> None:
    content = overlay({TURN: "mine"})
    with pytest.raises(StoreError, match="--force"):
        content.copy(TURN)
    assert (tmp_path / TURN).read_text(encoding="utf-8") == "mine"
    content.copy(TURN, force=True)
    assert (tmp_path / TURN).read_bytes() == (package_content() / TURN).read_bytes()


def test_a_copy_needs_a_workspace(content: Content) -> None:
    with pytest.raises(StoreError, match="clca init"):
        content.copy(TURN)


def test_only_packaged_content_is_copied(overlay: Overlay) -> None:
    content = overlay({"prompts/mine.j2": "mine"})
    with pytest.raises(NotFoundError, match="no packaged file to copy"):
        content.copy("prompts/mine.j2", force=True)
    with pytest.raises(NotFoundError):
        content.copy("pyproject.toml")
    with pytest.raises(NotFoundError):
        content.copy("prompts/../../out.j2")

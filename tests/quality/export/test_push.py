"""The upload, against a hub that keeps what it is sent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest

pytest.importorskip("huggingface_hub")

import huggingface_hub as hub
import huggingface_hub.constants
import huggingface_hub.errors

from clca.errors import SettingsError, StoreError
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan
from clca.quality.export.run import run
from tests.quality.runs import talk, write_run

TOKEN = "hf_" + "Secret" * 5


class Hub:
    """A hub of datasets in a folder; without `fault` it takes what comes with the right token."""

    def __init__(self, folder: Path, fault: str = "") -> None:
        self.folder, self.fault, self.private = folder, fault, dict[str, bool]()

    def __call__(self) -> Hub:
        return self

    def create_repo(self, repo_id: str, *, repo_type: str, private: bool, exist_ok: bool) -> str:
        if self.fault or hub.get_token() != TOKEN:
            raise hub.errors.HfHubHTTPError(self.fault, response=Answer())
        assert repo_type == "dataset"
        assert exist_ok
        self.private.setdefault(repo_id, private)
        return f"https://hub.test/datasets/{repo_id}"

    def upload_folder(self, *, repo_id: str, repo_type: str, folder_path: str, commit_message: str) -> None:
        assert repo_type == "dataset"
        shutil.copytree(folder_path, self.folder / repo_id, dirs_exist_ok=True)


class Answer:
    """The answer that an error of the hub's library wants."""

    headers: ClassVar[dict[str, str]] = {}
    request = None
    status_code = 403


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return write_run(tmp_path / "japan" / "one", [talk(1)])


def export(source: Path, **fields: Any) -> Any:
    out = source.parents[1] / "out"
    return run(plan(ExportConfig(run=(str(source),), format="chat", out=out, push="my-lab/talks", **fields)))


def test_the_folder_is_uploaded_whole_and_private_and_holds_no_token(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here = Hub(tmp_path / "hub")
    monkeypatch.setattr(hub, "HfApi", here)
    made = export(source)
    assert made.url == "https://hub.test/datasets/my-lab/talks"
    assert here.private == {"my-lab/talks": True}
    there = tmp_path / "hub" / "my-lab" / "talks"
    assert sorted(os.listdir(there)) == sorted([*made.files, "export.json"])
    for file in there.iterdir():
        assert TOKEN.encode() not in file.read_bytes()
        assert str(tmp_path).encode() not in file.read_bytes()
    assert TOKEN not in made.model_dump_json() + "".join(capfd.readouterr())
    here.private.clear()
    export(source, public=True)
    assert here.private == {"my-lab/talks": False}


def test_a_refusal_is_one_line_without_the_token_and_leaves_the_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HfApi", Hub(tmp_path / "hub", f"403 Forbidden:\n{TOKEN} may not write here"))
    with pytest.raises(
        StoreError, match=r"^the hub did not take my-lab/talks \(.*may not write here\); .*out is"
    ) as caught:
        export(source)
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert (tmp_path / "out" / "chat.jsonl").is_file()


def test_no_token_and_no_network_are_found_before_anything_is_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(hub, "get_token", lambda: None)
    with pytest.raises(SettingsError, match="needs your token of the Hugging Face hub: set HF_TOKEN"):
        export(source)
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(SettingsError, match="HF_HUB_OFFLINE keeps everything off it: unset it"):
        export(source)
    assert not (tmp_path / "out").exists()

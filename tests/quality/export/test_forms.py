"""What an export holds: nothing lost, rows that trainers take, and a folder that is the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("datasets")

from datasets import load_dataset
from pyarrow import parquet

from clca.cli import app
from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.quality.export import outputs
from clca.quality.export.config import ExportConfig
from clca.quality.export.plan import plan
from clca.quality.export.result import ExportResult
from clca.quality.export.rows import dialogue_of
from clca.quality.export.run import run
from clca.records import Alignment, CountedFacts, Dialogue, Judgement, Meta, Quality, Turn, TurnFault
from clca.storage.reviews import Review
from tests.quality.runs import ANA, BEN, talk, write_run

JUDGEMENT = Judgement(
    quality=Quality(label="good", confidence="confident", rationale="It flows."),
    alignment=Alignment(label="yes", confidence="not sure", rationale="It fits."),
    meta=Meta(label="good", confidence="confident", critique="Agreed."),
    counted=CountedFacts(faults=(TurnFault(turn=2, fault="short"),), scene_words=3, foreign=("siesta",)),
)
PLAIN = tuple(Turn(speaker=name, action="speak", text="Well?") for name in (ANA, BEN))
DIALOGUES = [
    talk(1, ["Good morning.", "Good morning, Ana.", "About the fence."]),  # the second speaker answers last, once
    talk(2, ["=1+1\n\u202e\x1b[31m", "2"], planted="a flaw", localiser="local"),
    talk(3, turns=PLAIN, run=""),  # as earlier versions wrote them, without intents
    talk(4, judgement=JUDGEMENT),
    talk(5, judgement=None, ended="degenerate"),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_run(tmp_path / "japan" / "one", DIALOGUES)


def export(source: Path, form: Any, **fields: Any) -> ExportResult:
    return run(plan(ExportConfig(run=(str(source),), format=form, out=source.parents[1] / "out", **fields)))


def table(made: ExportResult, name: str, tmp_path: Path) -> list[dict[str, Any]]:
    """The rows of a table as `datasets` reads them from the folder alone."""
    cache = tmp_path / "cache" / made.files["README.md"].sha256
    return list(load_dataset(str(made.folder), name, split="train", cache_dir=str(cache)))


def json_rows(path: Path) -> Iterator[Any]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("form", ["chat", "parquet", "datasets"])
def test_records_that_are_read_back_are_equal(form: str, source: Path, tmp_path: Path) -> None:
    made = export(source, form)
    assert [dialogue_of(row) for row in table(made, "dialogues", tmp_path)] == DIALOGUES
    assert (made.read, made.dialogues, made.lost) == (5, 5, "")


def test_jsonl_and_parquet_hold_the_records_for_any_reader(source: Path) -> None:
    chat = export(source, "chat").folder
    assert chat is not None
    lines = (chat / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    assert [Dialogue.model_validate_json(line) for line in lines] == DIALOGUES
    whole = export(source, "parquet").folder
    assert whole is not None
    assert [dialogue_of(row) for row in parquet.read_table(whole / "dialogues.parquet").to_pylist()] == DIALOGUES


def test_datasets_come_in_parts(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "PART", 2)
    made = export(source, "datasets")
    parts = {name: file.rows for name, file in made.files.items() if "dialogues" in name}
    assert parts == {f"data/dialogues-0000{n}.parquet": rows for n, rows in enumerate((2, 2, 1))}
    assert [dialogue_of(row) for row in table(made, "dialogues", tmp_path)] == DIALOGUES


def test_chats_are_those_of_training(source: Path, tmp_path: Path) -> None:
    made = export(source, "chat")
    rows = table(made, "chat", tmp_path)
    assert [row["id"] for row in rows[:3]] == ["talk-1:0", "talk-1:1", "talk-1:intent"]
    roles = [message["role"] for message in rows[1]["messages"]]
    assert roles == ["system", "user", "assistant"]  # what Ana says last is not answered
    assert rows[1]["messages"][-1]["content"] == "Good morning, Ana."
    assert made.left_out == {"dialogue without intents": 1}
    assert (rows[6]["dialogue"], rows[6]["run"]) == ("talk-3", "japan/one")
    tasks = {row["task"] for row in table(export(source, "chat", task="intent"), "chat", tmp_path)}
    assert tasks == {"intent"}


# The schemas of two trainers, from their documentation.

LLAMA_FACTORY_FORMATS = {
    "alpaca": {"prompt", "query", "response", "system", "history"},
    "sharegpt": {"messages", "system", "tools"},
}


def check_llama_factory(folder: Path) -> int:
    """Read `dataset_info.json` and its files as LLaMA-Factory's documents say; returns the number of rows.

    ShareGPT: the roles of `user_tag` stand at odd places, those of `assistant_tag` at even ones, an answer at the end;
    `system` is a column of its own. Alpaca: `prompt` and `response` are texts, `query` may be.
    """
    count = 0
    for info in json.loads((folder / "dataset_info.json").read_text()).values():
        assert set(info) <= {"file_name", "formatting", "columns", "tags"}
        columns = info["columns"]
        assert set(columns) <= LLAMA_FACTORY_FORMATS[info["formatting"]]
        for row in json_rows(folder / info["file_name"]):
            count += 1
            if info["formatting"] == "alpaca":
                assert all(isinstance(row[columns[name]], str) for name in ("prompt", "query", "response"))
                assert row[columns["prompt"]]
                assert row[columns["response"]]
                continue
            tags, messages = info["tags"], row[columns["messages"]]
            assert isinstance(row[columns["system"]], str)
            assert messages
            assert len(messages) % 2 == 0
            for place, message in enumerate(messages):
                assert message[tags["role_tag"]] == tags["assistant_tag" if place % 2 else "user_tag"]
                assert message[tags["content_tag"]]
    return count


AXOLOTL_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}


def check_axolotl(folder: Path) -> int:
    """Read what the card tells axolotl: `alpaca` needs its three keys; `chat_template` known roles and an answer."""
    import yaml

    card = (folder / "README.md").read_text(encoding="utf-8")
    block = card.split("```yaml\n")[1].split("```")[0]
    (entry,) = yaml.safe_load(block)["datasets"]
    count = 0
    for row in json_rows(folder / entry["path"].removeprefix("DIR/")):
        count += 1
        if entry["type"] == "alpaca":
            assert {"instruction", "input", "output"} <= set(row)
            continue
        assert entry["type"] == "chat_template"
        keys = entry.get("message_property_mappings", {"role": "role", "content": "content"})
        messages = row[entry["field_messages"]]
        assert AXOLOTL_ROLES[messages[-1][keys["role"]]] == "assistant"
        assert all(AXOLOTL_ROLES[message[keys["role"]]] and message[keys["content"]] for message in messages)
        assert "system" in {AXOLOTL_ROLES[messages[0][keys["role"]]], entry.get("field_system")}
    return count


@pytest.mark.parametrize("form", ["sharegpt", "alpaca"])
def test_two_trainers_read_the_forms(form: str, source: Path, tmp_path: Path) -> None:
    made = export(source, form)
    assert made.folder is not None
    rows = len(table(made, form, tmp_path))
    assert check_llama_factory(made.folder) == check_axolotl(made.folder) == rows
    assert rows == made.files[f"{form}.jsonl"].rows
    assert "Goals, secrets, thoughts" in made.lost
    assert made.lost in (made.folder / "README.md").read_text()


def test_axolotl_reads_chats(source: Path) -> None:
    made = export(source, "chat")
    assert made.folder is not None
    assert check_axolotl(made.folder) == made.files["chat.jsonl"].rows


def test_an_alpaca_row_is_an_answer_after_all_that_was_said(source: Path, tmp_path: Path) -> None:
    rows = table(export(source, "alpaca", task="dialogue"), "alpaca", tmp_path)
    first, last = rows[0], rows[1]
    assert (first["id"], last["id"]) == ("talk-1:0:0", "talk-1:0:1")
    assert first["output"] == "Good morning."
    assert last["input"].endswith("\nYou: Good morning.\nPartner: Good morning, Ana.")
    assert last["output"] == "About the fence."
    assert {row["dialogue"] for row in rows} == {dialogue.id for dialogue in DIALOGUES}


def test_what_two_runs_share_is_exported_once_and_counted(source: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "japan" / "two", [*DIALOGUES[:2], talk(9, verdict="discarded")])
    made = run(plan(ExportConfig(run=(str(source), str(other)), format="chat", out=tmp_path / "out")))
    assert (made.read, made.dialogues) == (8, 5)
    assert made.left_out["dialogue that stands in another of the runs too, word for word"] == 2
    assert made.left_out["dialogue that was not kept"] == 1


def test_what_reviewers_say_counts(source: Path) -> None:
    texts = {"talk-1": "accepted", "talk-2": "rejected"}
    reviews = [Review(id=name, reviewer="ana", time="now", verdict=said) for name, said in texts.items()]  # type: ignore[arg-type]
    (source / "reviews.jsonl").write_text("".join(review.model_dump_json() + "\n" for review in reviews))
    made = export(source, "parquet")
    assert (made.read, made.dialogues, made.left_out) == (5, 4, {"dialogue that a reviewer rejected": 1})
    made = export(source, "parquet", reviewed=True)
    assert (made.read, made.dialogues, made.left_out["dialogue that no reviewer accepted"]) == (5, 1, 3)


def test_a_folder_of_the_users_is_left_alone(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(source, "datasets")
    export(source, "sharegpt")  # replaces an earlier export
    assert not (out / "data").exists()
    (out / "README.md").write_text("my own words")
    with pytest.raises(StoreError, match=r"README\.md was changed since it was exported"):
        export(source, "chat")
    (out / "export.json").unlink()
    with pytest.raises(StoreError, match="holds files that no export wrote"):
        export(source, "chat")
    with pytest.raises(StoreError, match="holds files that no export wrote"):
        plan(ExportConfig(run=(str(source),), out=source))
    with pytest.raises(NotFoundError, match="no run 'nowhere'"):
        plan(ExportConfig(run=("nowhere",), out=out, generated=tmp_path))


@pytest.mark.parametrize("form", ["chat", "parquet"])
@pytest.mark.parametrize("field", ["seed", "sample"])
def test_a_number_that_no_column_holds_is_no_dialogue(source: Path, field: str, form: str) -> None:
    file = source / "dialogues.jsonl"
    record = json.loads(file.read_text().splitlines()[0])
    file.write_text(json.dumps({**record, field: 2**53}) + "\n")
    with pytest.raises(ContentError, match=rf"dialogues\.jsonl:1: {field}: "):
        export(source, form)


def test_a_link_to_an_earlier_export_stays_one(source: Path, tmp_path: Path) -> None:
    (tmp_path / "large-disk").mkdir()
    (tmp_path / "out").symlink_to("large-disk")
    config = ExportConfig(run=(str(source),), out=tmp_path / "out", format="chat")
    for _ in range(2):  # the second one replaces the first
        run(plan(config))
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "large-disk" / "chat.jsonl").is_file()


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    for fields, fault in (
        ({"push": "no-owner"}, "is no OWNER/NAME of the hub"),
        ({"public": True}, "give --push OWNER/NAME too"),
        ({"license": "CC BY"}, "is no licence as the hub writes them"),
    ):
        with pytest.raises(ValueError, match=fault):
            ExportConfig(run=("japan",), out=tmp_path, **fields)


@pytest.mark.parametrize("setting", ['push = "thief/loot"', 'push = ["thief/loot"]', "public = true", 'public = "yes"'])
def test_a_folders_settings_may_not_publish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path, setting: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clca.toml").write_text(f"[export]\n{setting}\n")
    with pytest.raises(SettingsError, match="may not publish data"):
        app(["export", str(source), "--out", "out"], standalone_mode=False)
    assert not (tmp_path / "out").exists()


def test_the_screen_counts_and_json_is_the_result(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(source.parents[1] / "out")
    app(["export", str(source), "--out", out], standalone_mode=False)
    shown = capsys.readouterr()
    assert "5 of 5 kept dialogues of japan/one" in shown.out
    assert "left out: 1 x dialogue without intents" in shown.out
    assert "flaw that the rehearsal planted" in shown.err
    app(["export", str(source), "--out", out, "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    assert printed["files"]["chat.jsonl"]["rows"] == 14
    written = json.loads((Path(out) / "export.json").read_text())
    assert set(printed) - set(written) == {"folder", "url", "selection"}
    assert str(source.parents[1]) not in json.dumps(written)

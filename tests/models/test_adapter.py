from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from clca.cli.views import adapters as adapter_views
from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.evaluated_model import Adapter, EvaluatedModel
from clca.evaluation.model_loading import load
from clca.inference.hardware import Machine
from clca.models.adapter import TrainedAdapter, find_adapters, list_adapters, read_adapter
from clca.models.adapter_selection import select_adapter
from clca.models.load import load_model, load_tokenizer
from clca.models.merged import MERGED
from clca.models.student import Student
from clca.storage.selection import Selection
from clca.training import merge as merging
from clca.training.examples import ExampleCounts
from clca.training.job import Job
from clca.training.merge import merge
from clca.training.recipe import Recipe
from clca.training.sources import assemble
from clca.training.tokenization import Encoder
from clca.training.trainer import train
from tests.training.jobs import LINEAGE, Screen, job

SETS = ("training.steps=12", "lora.r=4")
TAKEN = Selection(
    target="japan",
    taken=("generated/japan/run",),
    reason="which covers the most",
    others={"generated/japan/small": "samples: 2 -> 1"},
)


@pytest.fixture(scope="module")
def trained(tiny_student: Student, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, TrainedAdapter]:
    one = replace(job(tiny_student, tmp_path_factory.mktemp("job"), *SETS), selection=(TAKEN,))
    train(one, Screen())
    return one, read_adapter(one.out)


def loaded(one: Job, bits: int = 4) -> Any:
    base = one.recipe.base.model_copy(update={"bits": bits})
    return PeftModel.from_pretrained(load_model(one.student, base, "cpu"), str(one.out)).eval()


def held_out(one: Job) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Tokens and labels of the held-out rows."""
    encoder = Encoder(load_tokenizer(one.student), one.recipe.data.max_length)
    rows = encoder.rows(assemble(one.sources, "held-out", encoder.lengths, ExampleCounts()), ExampleCounts())
    return [
        (ids := torch.tensor([row["input_ids"]]), ids.where(torch.tensor([row["assistant_masks"]]) == 1, -100))
        for row in rows
    ]


def test_the_folder_holds_what_peft_and_a_reader_need(trained: tuple[Job, TrainedAdapter]) -> None:
    folder = trained[0].out
    files = {path.name for path in folder.iterdir()}
    assert files == {"adapter_model.safetensors", "adapter_config.json", "adapter.json", "README.md", "examples.jsonl"}
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == trained[0].student.source
    assert config["target_modules"] == sorted(trained[0].recipe.lora.targets)


def test_everyone_may_read_it_who_may_read_new_files(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    usual = (tmp_path / "new").stat().st_mode
    assert {path.stat().st_mode for path in trained[0].out.iterdir()} == {usual}


def test_it_says_how_it_came_to_be(trained: tuple[Job, TrainedAdapter]) -> None:
    one, found = trained
    data = found.data
    assert Recipe.model_validate(data.recipe) == one.recipe
    assert data.lineage == (LINEAGE,)
    assert data.selection == (TAKEN,)
    assert data.cultures == ("japan",)
    assert data.date == "2024-07-26"
    assert (data.student.name, data.student.tiny) == ("tiny", True)
    assert data.train.rows == {"dialogue": 16, "intent": 8}
    assert data.examples == 24
    assert all(0 < data.train.trained[task] < data.train.tokens[task] for task in ("dialogue", "intent"))
    assert data.train.sha256 != data.held_out.sha256
    assert "prompts/train-intent.j2" in data.content
    assert data.steps == 12
    assert data.losses[-1].eval_loss == data.eval_loss
    assert [point.step for point in data.losses if point.eval_loss is not None] == [3, 6, 9, 12]
    assert data.seconds > 0
    assert data.tokens_per_second > 0
    assert {"torch", "peft", "trl", "clca"} <= set(data.versions)


def test_a_rehearsal_says_so_in_both_places(trained: tuple[Job, TrainedAdapter]) -> None:
    assert trained[1].data.rehearsal
    assert trained[1].data.because == ("the student is tiny", "it learned from the rehearsal teacher's dialogues")
    assert "**REHEARSAL: the student is tiny; it learned from" in (trained[0].out / "README.md").read_text()


def test_peft_computes_with_it_what_was_computed_in_training(trained: tuple[Job, TrainedAdapter]) -> None:
    one, found = trained
    model, rows = loaded(one), held_out(one)
    batches = [rows[start : start + 2] for start in range(0, len(rows), 2)]
    total = 0.0
    for batch in batches:  # as the trainer does: the mean over a batch's tokens, weighted by its rows
        with torch.no_grad():
            losses = [model(ids, labels=labels).loss.item() for ids, labels in batch]
        counts = [int((labels[:, 1:] != -100).sum()) for _, labels in batch]
        total += len(batch) * sum(loss * count for loss, count in zip(losses, counts, strict=True)) / sum(counts)
    assert total / len(rows) == pytest.approx(found.data.eval_loss, abs=1e-4)


def test_it_changes_what_the_student_says(trained: tuple[Job, TrainedAdapter]) -> None:
    model, (ids, _) = loaded(trained[0]), held_out(trained[0])[0]
    with torch.no_grad():
        with_it = model(ids).logits
        with model.disable_adapter():
            without = model(ids).logits
    assert (with_it - without).abs().max() > 1


def test_merged_it_computes_the_same_without_peft(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    one, found = trained
    target = merge(found, tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    whole = AutoModelForCausalLM.from_pretrained(target).eval()
    ids, _ = held_out(one)[0]
    with torch.no_grad():
        difference = (whole(ids).logits - loaded(one)(ids).logits).abs().max()
    assert difference < 1e-3
    assert AutoTokenizer.from_pretrained(target).chat_template == load_tokenizer(one.student).chat_template
    assert json.loads((target / MERGED).read_text())["rehearsal"] is True
    assert not any("lora" in name for name in load_file(target / "model.safetensors"))
    with pytest.raises(StoreError, match="exists already: give another folder"):
        merge(found, target)


def test_an_adapter_of_another_student_is_not_merged(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    folder = shutil.copytree(trained[0].out, tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "r": 2}))
    with pytest.raises(SettingsError, match=f"^{folder} does not fit "):
        merge(read_adapter(folder), tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_weights_damaged_within_are_not_merged(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    folder = shutil.copytree(trained[0].out, tmp_path / "adapter")
    found = read_adapter(folder)
    (folder / "adapter_model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ContentError, match=r"adapter_model\.safetensors: is damaged: "):
        merge(found, tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_where_the_student_lay_is_told_to_peft_alone(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    source = trained[0].student.source
    assert trained[1].data.student.source == Path(source).name
    assert trained[1].source == source
    whole = merge(trained[1], tmp_path / "whole")
    holding = [file.name for folder in (trained[0].out, whole) for file in folder.iterdir() if holds(file, source)]
    assert holding == ["adapter_config.json"]


def holds(file: Path, text: str) -> bool:
    return text.encode() in file.read_bytes()


@pytest.fixture
def shelf(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> Path:
    """Adapters of two cultures, made one after the other; one is damaged, one is not finished."""
    for culture, name, year in (("uk", "old", 2020), ("japan", "first", 2021), ("japan", "second", 2022)):
        folder = shutil.copytree(trained[0].out, tmp_path / culture / name)
        data = json.loads((folder / "adapter.json").read_text())
        (folder / "adapter.json").write_text(json.dumps({**data, "created": f"{year}-01-01T00:00:00+00:00"}))
    shutil.copytree(trained[0].out, tmp_path / "uk" / "broken")
    (tmp_path / "uk" / "broken" / "adapter.json").write_text('{"format": 1}')
    shutil.copytree(trained[0].out, tmp_path / "uk" / ".new.unfinished")
    return tmp_path


def test_finished_adapters_are_listed_oldest_first(shelf: Path) -> None:
    assert [one.folder.name for one in list_adapters(shelf)] == ["old", "first", "second"]


def test_damaged_adapters_are_passed_over_and_told_of(shelf: Path) -> None:
    (shelf / "uk" / "old" / "adapter_model.safetensors").unlink()
    file = shelf / "japan" / "first" / "adapter_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    told: list[str] = []
    assert [one.folder.name for one in list_adapters(shelf, lambda error: told.append(error.message))] == ["second"]
    assert told[0] == f"{file}: is damaged or missing: remove the folder and train again"
    assert [line.partition(":")[0] for line in told[1:]] == [
        str(shelf / "uk" / "broken" / "adapter.json"),
        str(shelf / "uk" / "old" / "adapter_model.safetensors"),
    ]
    with pytest.raises(ContentError, match="is damaged"):
        read_adapter(file.parent)


def test_the_list_names_damaged_ones_beside_it(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    adapter_views.show_adapters(shelf, as_json=True)
    said = capsys.readouterr()
    assert [json.loads(line)["adapter"] for line in said.out.splitlines()] == [
        str(shelf / name) for name in ("uk/old", "japan/first", "japan/second")
    ]
    assert said.err.startswith("skipped: ")
    assert "broken" in said.err


@pytest.mark.parametrize(
    ("name", "folders"),
    [("japan", ["first", "second"]), ("first", ["first"]), ("japan/first", ["first"]), ("uk", ["old"])],
)
def test_adapters_are_found_by_name_or_culture(shelf: Path, name: str, folders: list[str]) -> None:
    assert [adapter.folder.name for adapter in find_adapters(name, shelf)] == folders


def changed(folder: Path, **fields: Any) -> TrainedAdapter:
    """The adapter with other values in its `adapter.json`; keys of the recipe are dotted."""
    data = json.loads((folder / "adapter.json").read_text())
    for name, value in fields.items():
        *groups, last = name.split("__")
        inner = data
        for group in groups:
            inner = inner[group]
        inner[last] = value
    (folder / "adapter.json").write_text(json.dumps(data))
    return read_adapter(folder)


def test_of_equal_adapters_the_newest_is_taken_and_the_others_are_named(shelf: Path) -> None:
    adapter, selection = select_adapter("japan", find_adapters("japan", shelf))
    assert adapter.folder.name == "second"
    assert selection.reason == "the newest of 2 adapters of the same recipe and data"
    assert selection.others == {str(shelf / "japan" / "first"): "the same recipe and data"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipe__data__mix": "intent-only"}, "recipe tiny, mix intent-only; data.mix: clca -> intent-only"),
        ({"recipe__lora__r": 8}, "lora.r: 4 -> 8"),
        ({"cultures": ["japan", "uk"]}, "cultures: japan -> japan, uk"),
        ({"lineage": [{**LINEAGE.model_dump(), "sha256": "1", "run": "other"}]}, "run: generated/japan/run -> other"),
        ({"train__sha256": "1"}, "other training rows"),
    ],
)
def test_adapters_that_differ_are_asked_for_by_name(shelf: Path, change: dict[str, Any], said: str) -> None:
    changed(shelf / "japan" / "first", **change)
    with pytest.raises(SettingsError, match=r"^japan has adapters that differ") as caught:
        select_adapter("japan", find_adapters("japan", shelf))
    assert said in caught.value.message
    assert caught.value.message.endswith("say which with --adapter")
    assert "\n" not in caught.value.message


def test_an_adapter_of_a_smaller_run_does_not_take_the_place_of_one_of_a_larger_run(shelf: Path) -> None:
    for name, samples in (("first", 2), ("second", 1)):
        inputs = {"teacher": "t", "samples": samples, "norms": 0, "scenarios": None}
        changed(shelf / "japan" / name, lineage=[{**LINEAGE.model_dump(), "sha256": name, "inputs": inputs}])
    adapter, selection = select_adapter("japan", find_adapters("japan", shelf))
    assert adapter.folder.name == "first"
    assert selection.others == {str(shelf / "japan" / "second"): "of a run that covers less"}


def test_adapters_of_runs_of_which_none_covers_all_are_asked_for_by_name(shelf: Path) -> None:
    for name, scenarios, samples in (("first", 10, 1), ("second", 5, 3)):
        inputs = {"teacher": "t", "samples": samples, "norms": 0, "scenarios": scenarios}
        changed(shelf / "japan" / name, lineage=[{**LINEAGE.model_dump(), "sha256": name, "inputs": inputs}])
    with pytest.raises(SettingsError, match=r"^japan has adapters of runs of which none covers all .*; say which with"):
        select_adapter("japan", find_adapters("japan", shelf))


KEY = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


def rekeyed(folder: Path, rename: Callable[[str], str | None]) -> Path:
    """The adapter with other keys in its weights; None leaves one out."""
    file = folder / "adapter_model.safetensors"
    tensors = {name: tensor for key, tensor in load_file(file).items() if (name := rename(key)) is not None}
    save_file(tensors, file)
    return folder


MISFITS: list[tuple[Callable[[str], str | None], str]] = [
    (lambda key: key.replace("base_model.", "_orig_mod."), "none of its 28 keys applies to a layer of"),
    (lambda key: key.replace("model.layers", "layers"), "none of its 28 keys applies to a layer of"),
    (lambda key: key.replace(".layers.1.", ".layers.7."), "14 of its 28 keys apply to no layer of"),
    (lambda key: None if ".layers.1." in key else key, "14 keys are missing"),
    (lambda key: None if key == KEY else key, f"1 keys are missing ({KEY})"),
    (lambda key: None, "is damaged or missing"),
]


@pytest.mark.parametrize(("rename", "said"), MISFITS)
def test_an_adapter_that_applies_to_nothing_or_in_part_is_refused_everywhere(
    shelf: Path,
    tmp_path: Path,
    rename: Callable[[str], str | None],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = rekeyed(shelf / "japan" / "second", rename)
    with pytest.raises(ContentError) as caught:
        read_adapter(folder)
    assert said in caught.value.message
    assert "\n" not in caught.value.message
    with pytest.raises(ContentError):
        adapter_views.show_adapter(str(folder), shelf, as_json=False)
    with pytest.raises(ContentError):
        adapter_views.merge_adapter(str(folder), tmp_path / "whole", shelf, as_json=True)
    adapter_views.show_adapters(shelf, as_json=True)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("rename", "said"), [pair for pair in MISFITS[:5] if pair])
def test_what_peft_did_not_take_is_refused_where_it_is_loaded(
    trained: tuple[Job, TrainedAdapter], tmp_path: Path, rename: Callable[[str], str | None], said: str
) -> None:
    """Also where the student's files are not those that are loaded, and the keys alone say nothing."""
    one, _ = trained
    folder = rekeyed(shutil.copytree(one.out, tmp_path / "japan" / "one"), rename)
    student = replace(one.student)
    subject = EvaluatedModel("tiny", student, 16, {"japan": Adapter(str(folder), None)})
    with pytest.raises(SettingsError, match=r"adapter_model\.safetensors: .*keys"):
        load(subject, "cpu")
    with pytest.raises(SettingsError, match=r"adapter_model\.safetensors: .*keys"):
        merge(TrainedAdapter(folder, trained[1].data), tmp_path / "whole")


def test_lora_on_embeddings_is_no_misfit(trained: tuple[Job, TrainedAdapter], tmp_path: Path) -> None:
    """PEFT names its keys otherwise, and saves the embeddings themselves beside them."""
    from peft import LoraConfig, get_peft_model

    one, _ = trained
    folder = shutil.copytree(one.out, tmp_path / "japan" / "one")
    config = LoraConfig(r=4, target_modules=["q_proj", "embed_tokens", "lm_head"], task_type="CAUSAL_LM")
    model = get_peft_model(load_model(one.student, one.recipe.base.model_copy(update={"bits": 16}), "cpu"), config)
    model.save_pretrained(folder, save_embedding_layers=True)
    source = {"base_model_name_or_path": one.student.source}
    peft_config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**peft_config, **source}))
    found = read_adapter(folder)
    load(EvaluatedModel("tiny", one.student, 16, {"japan": Adapter(str(folder), found)}), "cpu")


def test_show_says_that_there_are_others_and_merge_chooses_nothing(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(shelf / "japan" / "first", recipe__data__mix="wvs")
    adapter_views.show_adapter("japan", shelf, as_json=False)
    assert f"not taken: {shelf / 'japan' / 'first'} (recipe tiny, mix wvs)" in capsys.readouterr().err
    with pytest.raises(SettingsError, match=r"a folder of one of them$"):
        adapter_views.merge_adapter("japan", tmp_path / "whole", shelf, as_json=True)


def test_an_adapter_is_found_by_its_folder(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (adapter,) = find_adapters(str(shelf / "uk" / "old"), elsewhere)
    assert adapter.folder == shelf / "uk" / "old"


def test_what_is_not_there_is_told_with_what_is(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"^no adapter 'japan/frist' in .*; did you mean japan/first"):
        find_adapters("japan/frist", shelf)
    with pytest.raises(NotFoundError, match=r"there are none in .*\(`clca train` makes one\)$"):
        find_adapters("japan", tmp_path / "empty")


def test_a_name_of_damaged_ones_alone_says_what_is_wrong(shelf: Path) -> None:
    for folder in (shelf / "japan" / "first", shelf / "japan" / "second"):
        (folder / "adapter_model.safetensors").unlink()
    for name in ("japan", "first"):
        with pytest.raises(ContentError, match=r"japan/first/adapter_model\.safetensors: is damaged or missing"):
            find_adapters(name, shelf)
    shutil.rmtree(shelf / "uk" / "old")
    shutil.rmtree(shelf / "uk" / "broken")
    with pytest.raises(NotFoundError, match="no adapter 'uk'"):
        find_adapters("uk", shelf)


def test_a_damaged_or_foreign_folder_is_told_in_one_line(shelf: Path) -> None:
    with pytest.raises(ContentError, match=r"adapter\.json: "):
        read_adapter(shelf / "uk" / "broken")
    with pytest.raises(NotFoundError, match=r"is not an adapter of `clca train`: it has no adapter\.json$"):
        read_adapter(shelf)


def test_a_student_that_the_ram_does_not_hold_is_not_merged_into(
    trained: tuple[Job, TrainedAdapter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = trained[1]
    weights = load_file(Path(found.source) / "model.safetensors")
    needs = 4 * sum(tensor.numel() for tensor in weights.values())
    arguments = (str(found.folder), tmp_path / "whole", tmp_path)
    monkeypatch.setattr(merging, "machine", lambda _: Machine((), needs // 2))
    with pytest.raises(SettingsError, match=r"GiB of RAM, but 0\.0 GiB are free: use a"):
        adapter_views.merge_adapter(*arguments, as_json=True)
    assert list(tmp_path.iterdir()) == []
    enough = 2 * needs  # its file counts, headers and all
    monkeypatch.setattr(merging, "machine", lambda _: Machine((), enough))
    adapter_views.merge_adapter(*arguments, as_json=True)
    assert (tmp_path / "whole").is_dir()
